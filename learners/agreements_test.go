package learners_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/learnertest"
)

// shapes are selections with what makes counting hard: multiplicities with
// several binary digits, more than 256 codes, missing cells, columns that are
// constant or all missing.
func shapes() map[string]*datasets.Selection {
	unique, mixed := make([]string, 300), make([]string, 300)
	for r := range unique {
		unique[r] = strconv.Itoa(r)
		mixed[r] = strconv.Itoa(r % 7)
	}
	hard := [][]string{unique}
	for c := range 100 {
		column := make([]string, 300)
		for r := range column {
			switch {
			case c == 0:
				column[r] = "?"
			case c == 1:
				column[r] = []string{"x", "?"}[r%2]
			case c < 10:
				column[r] = "always"
			case c < 47:
				column[r] = mixed[r]
			default:
				column[r] = []string{"?", strconv.Itoa(r * c % (c - 40))}[min(1, (r+c)%9)]
			}
		}
		hard = append(hard, column)
	}
	all := learnertest.Table(hard, unique).Selection
	return map[string]*datasets.Selection{
		"hard":          all,
		"a part of it":  all.Select(func(c int) bool { return c%3 != 0 }),
		"nothing":       all.Select(func(c int) bool { return false }),
		"paper":         learnertest.Synthetic(learnertest.Paper(500)).Selection,
		"one row":       learnertest.Table([][]string{{"x"}, {"?"}}, []string{"a"}).Selection,
		"never missing": learnertest.Table([][]string{mixed, mixed, unique}, unique).Selection,
	}
}

// counts are what Agreements tells of two rows.
type counts struct{ same, two, both int32 }

// agreements counts them partition by partition.
func agreements(s *datasets.Selection, fill []datasets.Code, i, j int32) (n counts) {
	for k, id := range s.IDs {
		a, b := s.Codes(id)[i], s.Codes(id)[j]
		if fill != nil && s.Parts[id].Distinct > 0 {
			if a == datasets.Missing {
				a = fill[k]
			}
			if b == datasets.Missing {
				b = fill[k]
			}
		}
		if a == datasets.Missing || b == datasets.Missing {
			continue
		}
		n.both += s.Mult[k]
		if a == b {
			n.same += s.Mult[k]
			if s.Parts[id].Distinct == 2 {
				n.two += s.Mult[k]
			}
		}
	}
	return n
}

func TestAgreements(t *testing.T) {
	for name, s := range shapes() {
		for _, workers := range []int{1, 3} {
			a, err := learners.NewAgreements(context.Background(), s, workers)
			require.NoError(t, err)
			checkAgreements(t, name, s, a, nil)
			fill := make([]datasets.Code, len(s.IDs))
			for k, id := range s.IDs {
				fill[k] = datasets.Code(k % max(1, s.Parts[id].Distinct))
			}
			a, err = learners.NewFilledAgreements(context.Background(), s, fill, workers)
			require.NoError(t, err)
			checkAgreements(t, name+", filled", s, a, fill)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := learners.NewAgreements(ctx, shapes()["hard"], 2)
	require.ErrorIs(t, err, context.Canceled)
}

func checkAgreements(t *testing.T, name string, s *datasets.Selection, a *learners.Agreements, fill []datasets.Code) {
	require.Equal(t, s.D, a.Columns())
	n := int32(s.Rows())
	for i := int32(0); i < n; i += 1 + n/40 {
		for j := range n {
			want := agreements(s, fill, i, j)
			if fill != nil {
				want.both = a.Both(i, j) // all columns, those without any value among them
			}
			if got := (counts{a.Same(i, j), a.SameOfTwo(i, j), a.Both(i, j)}); got != want {
				t.Fatalf("%s: rows %d, %d: got %+v, want %+v", name, i, j, got, want)
			}
		}
	}
}

func TestRowMajor(t *testing.T) {
	for name, s := range shapes() {
		m, err := learners.NewRowMajor(context.Background(), s, 2)
		require.NoError(t, err)
		lane := 0
		for i, id := range s.IDs {
			if s.Parts[id].Distinct < 2 {
				continue
			}
			require.Equal(t, int32(i), m.Index[lane], name)
			for r, code := range s.Codes(id) {
				word := m.Row(int32(r))[lane/learners.Lanes]
				if got := datasets.Code(word >> (16 * (lane % learners.Lanes))); got != code {
					t.Fatalf("%s: row %d lane %d: got %d, want %d", name, r, lane, got, code)
				}
			}
			lane++
		}
		require.Len(t, m.Index, lane)
	}
}

func BenchmarkAgreements(b *testing.B) {
	for _, missing := range []float64{0, 0.01} {
		shape := learnertest.Paper(77_000)
		shape.Missing = missing
		d := learnertest.Synthetic(shape)
		b.Run(fmt.Sprintf("partitions=%d/missing=%v", len(d.IDs), missing), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := learners.NewAgreements(context.Background(), d.Selection, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
