package bayes

import (
	"context"
	"maps"
	"math"
	"slices"

	"tickle/learners"
	"tickle/learners/bitslice"
)

// blockRows is how many rows are scored in one pass over the words.
const blockRows = 64

// chunkBlocks is how many blocks are a unit of parallel work.
const chunkBlocks = 16

// tally counts, for a block of rows, the columns by class and by how many of
// the class's training rows have a bit that the row has too.
type tally struct {
	first  []int            // of each class, its first line
	counts map[int][]uint64 // by group.known: lines × width, line first[c]+k for k rows of class c
	width  int              // the rows and what fills up vectors
	x      []uint64         // of the block's rows: the word at hand
	own    bitslice.Counts  // of a class
	lists  [bitslice.Words][]bitslice.Overlap
	splitting
}

func (m *model) newTally(rows int) *tally {
	width := bitslice.PaddedRows(rows)
	t := &tally{first: make([]int, len(m.byClass)+1), counts: map[int][]uint64{}, width: width, x: make([]uint64, width)}
	for c, of := range m.byClass {
		t.first[c+1] = t.first[c] + len(of) + 1
	}
	return t
}

// lines gives the counts of a kind of group.
func (t *tally) lines(known int) []uint64 {
	lines := t.counts[known]
	if lines == nil {
		lines = make([]uint64, t.first[len(t.first)-1]*t.width)
		t.counts[known] = lines
	}
	return lines
}

// scoreNominal adds the nominal columns' logarithms to the scores of a block
// of rows.
func (m *model) scoreNominal(ctx context.Context, rows []int32, scores []float64) error {
	blocks := m.words.blocks()
	chunks := (blocks + chunkBlocks - 1) / chunkBlocks
	tallies := make([]*tally, chunks) // by worker, of which there are no more than chunks
	err := learners.Parallel(ctx, chunks, m.workers, func(worker, chunk int) error {
		if tallies[worker] == nil {
			tallies[worker] = m.newTally(len(rows))
		}
		for b := chunk * chunkBlocks; b < min((chunk+1)*chunkBlocks, blocks); b++ {
			m.count(tallies[worker], b, rows)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, known := range m.words.kinds() {
		m.addLogs(known, tallies, scores)
	}
	return nil
}

// kinds gives the kinds of groups, ascending.
func (w *words) kinds() []int {
	seen := map[int]bool{}
	for i := range w.groups {
		seen[w.groups[i].known] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// count adds a block of groups to a tally.
func (m *model) count(t *tally, block int, rows []int32) {
	vectors := m.words.block(block)
	groups := m.words.groups[block*bitslice.Words:]
	groups = groups[:min(len(groups), bitslice.Words)]
	for w := range groups {
		t.lists[w] = t.lists[w][:0]
	}
	for c, of := range m.byClass {
		t.own.Reset()
		t.own.Add(vectors, of)
		for w := range groups {
			s := &t.splitting
			s.list, s.first, s.width, s.none = t.lists[w], t.first[c], t.width, groups[w].known > 0
			s.split(t.own.Word(w, &s.planes), groups[w].used, 0)
			t.lists[w] = s.list
		}
	}
	for w := range groups {
		for k, r := range rows {
			t.x[k] = vectors[r][w]
		}
		bitslice.AddOverlaps(t.lines(groups[w].known), t.x, t.lists[w], groups[w].shift)
	}
}

// splitting sorts the columns of a group by their number in a class.
type splitting struct {
	list   []bitslice.Overlap
	planes [bitslice.Planes]uint64 // of the numbers
	first  int                     // line of the class
	width  int                     // of a line
	none   bool                    // a column that none of the class has counts too
}

// split goes down the lowest planes of a counter: the columns in mask agree in
// those above, which make the number k. A class's line of k = 0 adds nothing to
// values (its logarithm is of one) and is left out there.
func (s *splitting) split(planes int, mask uint64, k int) {
	for b := planes - 1; b >= 0; b-- {
		set := mask & s.planes[b]
		switch {
		case set == 0:
		case set == mask:
			k |= 1 << b
		default:
			s.split(b, set, k|1<<b)
			mask &^= set
		}
	}
	if k > 0 || s.none {
		s.list = append(s.list, bitslice.Overlap{Mask: mask, Line: (s.first + k) * s.width})
	}
}

// addLogs adds what the tallies of a kind of group say: ln(1+k) for each value
// that k training rows share, -ln(k+values) for each column that has a value
// in k.
func (m *model) addLogs(known int, tallies []*tally, scores []float64) {
	classes := len(m.byClass)
	for c, of := range m.byClass {
		for k := range len(of) + 1 {
			log := math.Log(float64(1 + k))
			if known > 0 {
				log = -math.Log(float64(k + known))
			}
			for i := range len(scores) / classes {
				columns := uint64(0)
				for _, t := range tallies {
					if t != nil && t.counts[known] != nil {
						columns += t.counts[known][(t.first[c]+k)*t.width+i]
					}
				}
				scores[i*classes+c] += float64(columns) * log
			}
		}
	}
}
