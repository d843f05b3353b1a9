package experiments

import (
	"context"
	"maps"
	"math"
	"slices"

	"tickle/datasets"
)

// highValue finds the fields that tell a set of machines apart by recursive
// information gain (the paper's section 4.2): the column with the highest
// gain is recorded and divides the machines, and so on within each part,
// until a part has one class or no column divides it. A missing cell is a
// branch of its own. It is for one goroutine.
type highValue struct {
	data    *datasets.Selection
	varying []int32  // partitions that divide anything, indices into data.IDs, ascending
	of      []shares // of each of data.IDs
	xlogx   []int64
	counts  []int32 // by code, the last for missing; zero between calls
	totals  []int32
	codes   []int32
	seen    []int32
}

// shares is how much of a field, of a partition's columns or of a count of
// fields each source has.
type shares [datasets.NumSources]float64

// sourceShares gives each field to its sources: a vetted one to the operating
// system, any other evenly to the sources that make it prone.
func sourceShares(s *datasets.Sources) (of [datasets.NumAllFields]shares) {
	for f := range of {
		if s.Vetted(datasets.FieldID(f)) {
			of[f][datasets.SourceOS] = 1
			continue
		}
		n := 0
		for source, in := range s[f] {
			if datasets.Source(source) != datasets.SourceOS && in == datasets.Likely {
				of[f][source] = 1
				n++
			}
		}
		for source := range of[f] {
			of[f][source] /= float64(n)
		}
	}
	return of
}

// partitionShares gives the mean of the shares of each partition's columns,
// in the order of s.IDs. s has every column of its matrix.
func partitionShares(s *datasets.Selection, field *[datasets.NumAllFields]shares) []shares {
	at := make([]int32, len(s.Parts))
	for i, p := range s.IDs {
		at[p] = int32(i)
	}
	list := make([]shares, len(s.IDs))
	for c, p := range s.Part {
		of, sum := &field[s.Columns[c].Field], &list[at[p]]
		for source, v := range of {
			sum[source] += v
		}
	}
	for i := range list {
		for source := range list[i] {
			list[i][source] /= float64(s.Mult[i])
		}
	}
	return list
}

// kinds says whether columns are vetted or prone; some may be either.
type kinds struct{ vetted, prone bool }

func (k *kinds) add(s *shares) {
	k.vetted = k.vetted || s[datasets.SourceOS] > 0
	// Shares are sums of fractions: what misses a whole by rounding is whole.
	k.prone = k.prone || s[datasets.SourceOS] < 1-1e-9
}

// choice is a recorded column with its rivals.
type choice struct {
	index  int32 // into the selection's IDs; its First is the column
	rivals kinds // of every column that has the same gain there, itself too
}

// newHighValue makes a finder on s; of comes from partitionShares, and finders
// share it.
func newHighValue(s *datasets.Selection, of []shares) *highValue {
	h := &highValue{data: s, of: of, xlogx: make([]int64, s.Rows()+1)}
	most := 0
	for i, id := range s.IDs {
		p := &s.Parts[id]
		if p.Distinct > 1 || p.Missing && p.Distinct > 0 {
			h.varying = append(h.varying, int32(i))
			most = max(most, p.Distinct)
		}
	}
	for n := range h.xlogx {
		// In units of 2⁻³², so that sums do not depend on their order and
		// columns that divide alike tie exactly.
		if n > 0 {
			h.xlogx[n] = int64(math.Round(float64(n) * math.Log2(float64(n)) * (1 << 32)))
		}
	}
	h.counts, h.totals = make([]int32, most+1), make([]int32, most+1)
	return h
}

// find gives the columns recorded on rows, each once, in the order in which
// they were found: the root first, then part by part by ascending code. It
// fails only when ctx ends.
func (h *highValue) find(ctx context.Context, rows, labels []int32) ([]choice, error) {
	at := make(map[int32]int)
	var found []choice
	var descend func(rows, candidates []int32) error
	descend = func(rows, candidates []int32) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		slices.SortStableFunc(rows, func(a, b int32) int { return int(labels[a]) - int(labels[b]) })
		if labels[rows[0]] == labels[rows[len(rows)-1]] {
			return nil
		}
		best, remaining := h.best(rows, labels, candidates)
		if best.index < 0 {
			return nil
		}
		if i, ok := at[best.index]; ok {
			found[i].rivals.vetted = found[i].rivals.vetted || best.rivals.vetted
			found[i].rivals.prone = found[i].rivals.prone || best.rivals.prone
		} else {
			at[best.index] = len(found)
			found = append(found, best)
		}
		for _, part := range h.divide(rows, best.index) {
			if err := descend(part, remaining); err != nil {
				return err
			}
		}
		return nil
	}
	return found, descend(slices.Clone(rows), h.varying)
}

// best gives the first of the candidates with the highest gain on rows, which
// stand by class, among those that divide them; index -1 when none does.
// remaining are the candidates that may divide a part of rows. When the best
// leaves parts of one class only and has rivals of both kinds, the search
// ends: no other can do better or tell more.
func (h *highValue) best(rows, labels, candidates []int32) (best choice, remaining []int32) {
	best.index = -1
	most := int64(math.MinInt64)
	for k, i := range candidates {
		gain, divides := h.gain(rows, labels, h.data.Codes(h.data.IDs[i]))
		if !divides {
			continue
		}
		remaining = append(remaining, i)
		if gain < most {
			continue
		}
		if gain > most {
			most, best = gain, choice{index: i}
		}
		best.rivals.add(&h.of[i])
		if gain == 0 && best.rivals == (kinds{true, true}) {
			return best, append(remaining, candidates[k+1:]...)
		}
	}
	return best, remaining
}

// gain is minus the weight of rows times the entropy of the classes within
// the parts into which cells divide them, in units of 2⁻³² bits: it differs
// from the information gain by what is the same for every column. divides
// reports whether there are two parts at least. Rows stand by class.
func (h *highValue) gain(rows, labels []int32, cells []datasets.Code) (gain int64, divides bool) {
	codes, seen := h.codes[:0], h.seen[:0]
	for at := 0; at < len(rows); {
		class := labels[rows[at]]
		for ; at < len(rows) && labels[rows[at]] == class; at++ {
			c := h.code(cells[rows[at]])
			if h.counts[c] == 0 {
				codes = append(codes, c)
			}
			h.counts[c]++
		}
		for _, c := range codes {
			n := h.counts[c]
			gain += h.xlogx[n]
			if h.totals[c] == 0 {
				seen = append(seen, c)
			}
			h.totals[c] += n
			h.counts[c] = 0
		}
		codes = codes[:0]
	}
	for _, c := range seen {
		gain -= h.xlogx[h.totals[c]]
		h.totals[c] = 0
	}
	h.codes, h.seen = codes, seen
	return gain, len(seen) > 1
}

// code makes the missing mark the last code.
func (h *highValue) code(c datasets.Code) int32 { return min(int32(c), int32(len(h.counts)-1)) }

// divide gives the parts of rows by the codes of partition index, ascending.
func (h *highValue) divide(rows []int32, index int32) [][]int32 {
	cells := h.data.Codes(h.data.IDs[index])
	by := make(map[datasets.Code][]int32)
	for _, r := range rows {
		by[cells[r]] = append(by[cells[r]], r)
	}
	var parts [][]int32
	for _, c := range slices.Sorted(maps.Keys(by)) {
		parts = append(parts, by[c])
	}
	return parts
}
