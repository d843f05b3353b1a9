package j48_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners"
	"tickle/learners/j48"
	"tickle/learners/learnertest"
	"tickle/learners/peers"
)

func learner(t testing.TB, spec string) learners.Learner {
	list, err := learners.NewRegistry(j48.Entry()).Parse(spec)
	require.NoError(t, err)
	return list[0].Learner
}

func TestContract(t *testing.T) {
	for _, spec := range []string{"j48", "j48:binary=true,laplace=true,confidence=0.1", "j48:unpruned=true,leaf=1"} {
		t.Run(spec, func(t *testing.T) { learnertest.Contract(t, learner(t, spec)) })
	}
}

func TestNumbers(t *testing.T) {
	for _, spec := range []string{"j48", "j48:binary=true"} {
		peers.CheckNumbers(t, learner(t, spec))
	}
}

func TestPartitionsAreColumns(t *testing.T) {
	for _, spec := range []string{"j48", "j48:binary=true,unpruned=true"} {
		peers.CheckPartitions(t, learner(t, spec), func(m learners.Model) string { return m.(*j48.Model).Text() })
	}
}

func TestBadOptions(t *testing.T) {
	for spec, want := range map[string]string{
		"j48:confidence=0":   "learner j48: option confidence=0: want more than 0, and 0.5 at most",
		"j48:confidence=0.6": "learner j48: option confidence=0.6: want more than 0, and 0.5 at most",
		"j48:leaf=0":         "learner j48: option leaf=0: want at least 1",
	} {
		_, err := learners.NewRegistry(j48.Entry()).Parse(spec)
		require.EqualError(t, err, want)
	}
}

// TestByHand grows the tree of Quinlan's fourteen days ("Induction of decision
// trees", 1986), which his paper shows: outlook; under sun humidity, under
// rain wind. Values are numbered by first appearance.
func TestByHand(t *testing.T) {
	d := learnertest.Table([][]string{
		{"sun", "sun", "cloud", "rain", "rain", "rain", "cloud", "sun", "sun", "rain", "sun", "cloud", "cloud", "rain"},
		{"hot", "hot", "hot", "mild", "cool", "cool", "cool", "mild", "cool", "mild", "mild", "mild", "hot", "mild"},
		{"high", "high", "high", "high", "normal", "normal", "normal", "high", "normal", "normal", "normal", "high", "normal", "high"},
		{"no", "yes", "no", "no", "no", "yes", "yes", "no", "no", "no", "yes", "yes", "no", "yes"},
	}, []string{"N", "N", "P", "P", "P", "N", "P", "N", "P", "P", "P", "P", "P", "N"})
	m := learnertest.Fit(t, learner(t, "j48"), d.Train(nil)).(*j48.Model)
	require.Equal(t, `p0.answer.kind = 1
|   p0.ip.ihl = 1: N (3.0)
|   p0.ip.ihl = 2: P (2.0)
p0.answer.kind = 2: P (4.0)
p0.answer.kind = 3
|   p0.ip.tos = 1: P (3.0)
|   p0.ip.tos = 2: N (2.0)
`, m.Text())
	require.Equal(t, `digraph j48 {
	n0 [label="p0.answer.kind"]
	n1 [label="p0.ip.ihl"]
	n2 [shape=box label="N (3.0)"]
	n1 -> n2 [label="= 1"]
	n3 [shape=box label="P (2.0)"]
	n1 -> n3 [label="= 2"]
	n0 -> n1 [label="= 1"]
	n4 [shape=box label="P (4.0)"]
	n0 -> n4 [label="= 2"]
	n5 [label="p0.ip.tos"]
	n6 [shape=box label="P (3.0)"]
	n5 -> n6 [label="= 1"]
	n7 [shape=box label="N (2.0)"]
	n5 -> n7 [label="= 2"]
	n0 -> n5 [label="= 3"]
}
`, m.Dot())
}

func TestStore(t *testing.T) {
	for _, spec := range []string{"j48", "j48:binary=true,laplace=true", "j48:unpruned=true,leaf=1"} {
		t.Run(spec, func(t *testing.T) {
			learnertest.StoreContract(t, learnertest.Storing{Entry: j48.Entry(), Spec: spec, Undeclared: spec == "j48"})
		})
	}
}
