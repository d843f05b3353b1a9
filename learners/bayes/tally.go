package bayes

import (
	"context"
	"math"
	"math/bits"

	"tickle/learners"
)

// blockRows is how many rows are scored in one pass over the words.
const blockRows = 64

// chunkGroups is how many groups are a unit of parallel work.
const chunkGroups = 128

// tally counts, for a block of rows, the columns by class and by how many of
// the class's training rows have a bit that the row has too.
type tally struct {
	first  []int            // of each class, its first line
	counts map[int][]uint32 // by group.known: lines × block rows, line first[c]+k for k rows of class c
	x      []uint64         // of the block's rows: the word at hand
}

func (m *model) newTally(rows int) *tally {
	t := &tally{first: make([]int, len(m.byClass)+1), counts: map[int][]uint32{}, x: make([]uint64, rows)}
	for c, of := range m.byClass {
		t.first[c+1] = t.first[c] + len(of) + 1
	}
	return t
}

// lines gives the counts of a kind of group.
func (t *tally) lines(known int) []uint32 {
	lines := t.counts[known]
	if lines == nil {
		lines = make([]uint32, t.first[len(t.first)-1]*len(t.x))
		t.counts[known] = lines
	}
	return lines
}

// scoreNominal adds the nominal columns' logarithms to the scores of a block
// of rows.
func (m *model) scoreNominal(ctx context.Context, rows []int32, scores []float64) error {
	chunks := (len(m.words.groups) + chunkGroups - 1) / chunkGroups
	tallies := make([]*tally, chunks) // by worker, of which there are no more than chunks
	err := learners.Parallel(ctx, chunks, m.workers, func(worker, chunk int) error {
		if tallies[worker] == nil {
			tallies[worker] = m.newTally(len(rows))
		}
		for i := chunk * chunkGroups; i < min((chunk+1)*chunkGroups, len(m.words.groups)); i++ {
			m.count(tallies[worker], i, rows)
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

// kinds gives the kinds of groups in a fixed order.
func (w *words) kinds() []int {
	var kinds []int
	seen := map[int]bool{}
	for i := range w.groups {
		if k := w.groups[i].known; !seen[k] {
			seen[k] = true
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// count adds a group to a tally.
func (m *model) count(t *tally, i int, rows []int32) {
	g, bit := &m.words.groups[i], m.words.bits[i*m.words.rows:(i+1)*m.words.rows]
	for k, r := range rows {
		t.x[k] = bit[r]
	}
	lines, n := t.lines(g.known), len(t.x)
	for c, of := range m.byClass {
		var planes [32]uint64
		top := 0
		for _, r := range of {
			carry := bit[r]
			for b := 0; carry != 0; b++ {
				planes[b], carry = planes[b]^carry, planes[b]&carry
				top = max(top, b+1)
			}
		}
		own := lines[t.first[c]*n : t.first[c+1]*n]
		t.split(planes[:top], g.used, 0, own, g)
	}
}

// split goes down the planes of a counter: the columns in mask agree in the
// upper planes, which make the number k. A class's line of k = 0 adds nothing
// to values (its logarithm is of one) and is left out there.
func (t *tally) split(planes []uint64, mask uint64, k int, lines []uint32, g *group) {
	for b := len(planes) - 1; b >= 0; b-- {
		set := mask & planes[b]
		switch {
		case set == 0:
		case set == mask:
			k |= 1 << b
		default:
			t.split(planes[:b], set, k|1<<b, lines, g)
			mask &^= set
		}
	}
	if k == 0 && g.known == 0 {
		return
	}
	x := t.x
	line := lines[k*len(x) : (k+1)*len(x)][:len(x)]
	for i := range x {
		line[i] += uint32(bits.OnesCount64(mask&x[i])) << (g.shift & 31)
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
						columns += uint64(t.counts[known][(t.first[c]+k)*len(t.x)+i])
					}
				}
				scores[i*classes+c] += float64(columns) * log
			}
		}
	}
}
