package bayes

import (
	"cmp"
	"context"
	"math/bits"
	"slices"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/bitslice"
)

// words holds the selection's nominal cells as bits, 64 columns of bits a
// word: one for each value of a column, set in the rows that have it, and for
// a column with missing cells one more, set in the rows where it has a value.
// Columns without a choice of values are left out.
type words struct {
	rows   int
	groups []group
	// vectors has the words of eight groups side by side, a vector a row: those
	// of group g are word g%8 of vectors[g/8*rows:].
	vectors []bitslice.Vector
	// columns counts those without missing cells by their number of values, of
	// which distincts has those that occur, ascending.
	columns   map[int]int
	distincts []int
}

// block gives the vectors of the groups from 8·b on, one a row.
func (w *words) block(b int) []bitslice.Vector { return w.vectors[b*w.rows : (b+1)*w.rows] }

// blocks is the number of blocks.
func (w *words) blocks() int { return (len(w.groups) + bitslice.Words - 1) / bitslice.Words }

type wordsKey struct{}

// group is a word a row.
type group struct {
	used uint64 // the bits that stand for a column
	// known is the number of values of the group's columns, whose bits say
	// that the cell has one; 0 where bits stand for values.
	known int
	shift int // each bit stands for 1<<shift columns
}

// bundle is up to 64 partitions of as many values and one weight: a group for
// each code, and one more for those that have any.
type bundle struct {
	kind
	ids []int32
	at  int // its first group
}

type kind struct {
	values  int
	missing bool
	shift   int
}

// compare orders kinds: those without missing cells first.
func (k kind) compare(o kind) int {
	if k.missing != o.missing {
		if k.missing {
			return 1
		}
		return -1
	}
	return cmp.Or(k.values-o.values, k.shift-o.shift)
}

// newWords packs the cells of s. It fails only when ctx ends.
func newWords(ctx context.Context, s *datasets.Selection, workers int) (*words, error) {
	w := &words{rows: s.Rows(), columns: map[int]int{}}
	bundles, err := newBundles(ctx, s, workers)
	if err != nil {
		return nil, err
	}
	for i := range bundles {
		b := &bundles[i]
		b.at = len(w.groups)
		g := group{used: ^uint64(0) >> (64 - len(b.ids)), shift: b.shift}
		for range b.values {
			w.groups = append(w.groups, g)
		}
		if b.missing {
			g.known = b.values
			w.groups = append(w.groups, g)
			continue
		}
		if w.columns[b.values] == 0 {
			w.distincts = append(w.distincts, b.values)
		}
		w.columns[b.values] += len(b.ids) << b.shift
	}
	slices.Sort(w.distincts)
	w.vectors = make([]bitslice.Vector, w.blocks()*w.rows)
	const chunk = 32 // of bundles that lie side by side, for two may share a block
	err = learners.Parallel(ctx, (len(bundles)+chunk-1)/chunk, workers, func(_, k int) error {
		var planes [][]uint64
		for i := k * chunk; i < min((k+1)*chunk, len(bundles)); i++ {
			planes = w.pack(s, &bundles[i], planes)
		}
		return nil
	})
	return w, err
}

// bundleParts is how many partitions are sorted into bundles together.
const bundleParts = 1 << 15

// newBundles sorts the partitions that can tell classes apart into bundles.
func newBundles(ctx context.Context, s *datasets.Selection, workers int) ([]bundle, error) {
	parts := make([][]bundle, (len(s.IDs)+bundleParts-1)/bundleParts)
	err := learners.Parallel(ctx, len(parts), workers, func(_, k int) error {
		parts[k] = bundle64(s, k*bundleParts, min((k+1)*bundleParts, len(s.IDs)))
		return nil
	})
	return slices.Concat(parts...), err
}

// bundle64 puts partitions that group a few sample rows alike side by side:
// they are likely to be alike in other rows, and then their counts are, which
// makes for few different ones in a word. A partition of many columns is in
// the bundles of its number's binary digits. It takes those of s.IDs[from:to].
func bundle64(s *datasets.Selection, from, to int) []bundle {
	type entry struct {
		kind
		sample [2]uint64
		id     int32
	}
	const samples = 8
	n := s.Rows()
	entries := make([]entry, 0, to-from)
	for i := from; i < to; i++ {
		id := s.IDs[i]
		part := &s.Parts[id]
		if !tells(part) {
			continue
		}
		e := entry{kind: kind{part.Distinct, part.Missing, 0}, id: id}
		codes := s.Codes(id)
		for k := range samples {
			e.sample[k/4] = e.sample[k/4]<<16 | uint64(codes[k*n/samples])
		}
		for m := uint32(s.Mult[i]); m != 0; m &= m - 1 {
			e.shift = bits.TrailingZeros32(m)
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		switch {
		case a.kind != b.kind:
			return a.kind.compare(b.kind)
		case a.sample[0] != b.sample[0]:
			return cmp.Compare(a.sample[0], b.sample[0])
		case a.sample[1] != b.sample[1]:
			return cmp.Compare(a.sample[1], b.sample[1])
		}
		return int(a.id - b.id)
	})
	var bundles []bundle
	for _, e := range entries {
		last := len(bundles) - 1
		if last < 0 || bundles[last].kind != e.kind || len(bundles[last].ids) == 64 {
			bundles = append(bundles, bundle{kind: e.kind})
			last++
		}
		bundles[last].ids = append(bundles[last].ids, e.id)
	}
	return bundles
}

// pack sets the words of a bundle's groups. It gives its memory, for the next.
func (w *words) pack(s *datasets.Selection, b *bundle, memory [][]uint64) [][]uint64 {
	var space [64][]datasets.Code
	columns := space[:len(b.ids)]
	for i, id := range b.ids {
		columns[i] = s.Codes(id)
	}
	for len(memory) < bits.Len(uint(b.values)) {
		memory = append(memory, make([]uint64, bitslice.SlicedRows(w.rows)))
	}
	planes := memory[:bits.Len(uint(b.values))]
	for p := range planes {
		bitslice.Slice(planes[p], columns, p)
	}
	// Neither a missing cell, which is all ones, nor another value is like a
	// code below b.values in the planes.
	for code := range b.values {
		vectors, word := w.group(b.at + code)
		used := w.groups[b.at+code].used
		for r := range vectors {
			have := used
			for p, plane := range planes {
				if code>>p&1 == 1 {
					have &= plane[r]
				} else {
					have &^= plane[r]
				}
			}
			vectors[r][word] = have
		}
	}
	if b.missing {
		vectors, word := w.group(b.at + b.values)
		for r, known := range bitslice.SliceKnown(columns)[:w.rows] {
			vectors[r][word] = known
		}
	}
	return memory
}

// group gives the vectors that have a group's words, and which words those are.
func (w *words) group(g int) (vectors []bitslice.Vector, word int) {
	return w.block(g / bitslice.Words), g % bitslice.Words
}
