package experiments

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
)

// TestAnyClassIsRight: an answer that names another of a row's classes is
// right, and a class seen in training makes the row possible.
func TestAnyClassIsRight(t *testing.T) {
	machines := []datasets.Machine{{Name: "a", Group: "a", Labels: datasets.GivenLabels("A")}, {Name: "b", Group: "b", Labels: datasets.GivenLabels("B")}}
	d := &Data{Matrix: datasets.NewGrouper(machines).Matrix(nil), Origin: Origin{Table: &datasets.TableMeta{Also: map[string][][]string{"a": {{"nobody's"}, {"B"}}}}}}
	also := alsoOf(d, &Cell{Hierarchy: datasets.Given}, []string{"A", "B"})
	require.Equal(t, [][]int32{{1}, nil}, also)
	for _, c := range []struct {
		class int32
		seen  []bool
		want  Answer
	}{
		{1, []bool{false, true}, Answer{Class: 1, Truth: 1, Seen: true}},
		{0, []bool{true, false}, Answer{Class: 0, Truth: 0, Seen: true}},
		{2, []bool{false, true}, Answer{Class: 2, Truth: 0, Seen: true}},
		{2, []bool{false, false}, Answer{Class: 2, Truth: 0}},
	} {
		a := Answer{Class: c.class, Truth: 0, Seen: c.seen[0]}
		a.orAny(also[0], c.seen)
		require.Equal(t, c.want, a)
	}
	require.Nil(t, alsoOf(&Data{Matrix: d.Matrix}, &Cell{Hierarchy: datasets.Given}, nil))
}
