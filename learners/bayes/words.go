package bayes

import (
	"context"
	"math/bits"

	"tickle/datasets"
	"tickle/learners"
)

// words holds the selection's nominal cells as bits, 64 columns of bits a
// word: one for each value of a column, set in the rows that have it, and for
// a column with missing cells one more, set in the rows where it has a value.
// Columns without a choice of values are left out.
type words struct {
	rows   int
	groups []group
	bits   []uint64 // groups × rows
}

type wordsKey struct{}

// group is a word a row.
type group struct {
	members []member
	// known is the number of values of the group's columns, whose bits say
	// that the cell has one; 0 where bits stand for values.
	known int
	shift int // each bit stands for 1<<shift columns
}

// member is a bit: a partition's code, or whether it has one.
type member struct {
	id   int32
	code datasets.Code
}

// newWords packs the cells of s. It fails only when ctx ends.
func newWords(ctx context.Context, s *datasets.Selection, workers int) (*words, error) {
	w := &words{rows: s.Rows()}
	type kind struct{ known, shift int }
	open := map[kind]int{} // index of the group that is not full
	add := func(k kind, m member) {
		i, ok := open[k]
		if !ok || len(w.groups[i].members) == 64 {
			i = len(w.groups)
			open[k] = i
			w.groups = append(w.groups, group{known: k.known, shift: k.shift})
		}
		w.groups[i].members = append(w.groups[i].members, m)
	}
	for i, id := range s.IDs {
		part := &s.Parts[id]
		if part.Distinct < 2 {
			continue
		}
		for m := uint32(s.Mult[i]); m != 0; m &= m - 1 {
			shift := bits.TrailingZeros32(m)
			for code := range part.Distinct {
				add(kind{0, shift}, member{id, datasets.Code(code)})
			}
			if part.Missing {
				add(kind{part.Distinct, shift}, member{id, datasets.Missing})
			}
		}
	}
	w.bits = make([]uint64, len(w.groups)*w.rows)
	err := learners.Parallel(ctx, len(w.groups), workers, func(_, i int) error {
		w.pack(s, &w.groups[i], w.bits[i*w.rows:(i+1)*w.rows])
		return nil
	})
	return w, err
}

// pack sets the bits of a group. Members of one partition stand together, so
// that each of its cells is looked at once.
func (w *words) pack(s *datasets.Selection, g *group, out []uint64) {
	for from := 0; from < len(g.members); {
		to := from + 1
		for to < len(g.members) && g.members[to].id == g.members[from].id {
			to++
		}
		codes, first := s.Codes(g.members[from].id), g.members[from].code
		if g.known > 0 {
			for r, c := range codes {
				if c != datasets.Missing {
					out[r] |= 1 << from
				}
			}
		} else {
			// Bits from, from+1, … are the codes first, first+1, …
			n := datasets.Code(to - from)
			for r, c := range codes {
				if c -= first; c < n {
					out[r] |= 1 << (from + int(c))
				}
			}
		}
		from = to
	}
}
