package forest_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"

	"tickle/learners"
	"tickle/learners/forest"
	"tickle/learners/learnertest"
	"tickle/learners/peers"
)

func learner(t testing.TB, spec string) learners.Learner {
	list, err := learners.NewRegistry(forest.Entry()).Parse(spec)
	require.NoError(t, err)
	return list[0].Learner
}

func TestContract(t *testing.T) {
	for _, spec := range []string{"forest:trees=20", "forest:trees=5,depth=2,candidates=1000", "forest:trees=8,like=sklearn", "forest:trees=4,rng=weka"} {
		t.Run(spec, func(t *testing.T) { learnertest.Contract(t, learner(t, spec)) })
	}
}

func TestBadOptions(t *testing.T) {
	for spec, want := range map[string]string{
		"forest:trees=0":               "learner forest: option trees=0: want at least 1",
		"forest:depth=-1":              "learner forest: option depth=-1: want at least 1, or 0 for no limit",
		"forest:candidates=-3":         "learner forest: option candidates=-3: want at least 1, or 0 for the program's own number",
		"forest:like=sklearn,rng=weka": "learner forest: option rng=weka: want like=weka, too",
	} {
		_, err := learners.NewRegistry(forest.Entry()).Parse(spec)
		require.EqualError(t, err, want)
	}
}

// TestAccuracy holds the forest to what the generator allows: nearly every
// class has behaviours of its own, and 2 % noise does not hide them.
func TestAccuracy(t *testing.T) {
	shape := learnertest.Paper(4000)
	shape.Classes = 12
	d := learnertest.Synthetic(shape)
	require.Greater(t, learnertest.CrossValidate(t, learner(t, "forest:trees=30"), d, learners.NewShared(d.Selection)), 0.97)
}

// TestOutOfBag compares the error estimated out of the bags with that of
// cross-validation, of which it is an estimate too.
func TestOutOfBag(t *testing.T) {
	shape := learnertest.Paper(1000)
	shape.Noise = 0.3
	d := learnertest.Synthetic(shape)
	l := learner(t, "forest:trees=60")
	m := learnertest.Fit(t, l, d.Train(nil)).(*forest.Model)
	wrong, rows := m.OutOfBag()
	misses := 0
	for i, scores := range m.OutOfBagScores() {
		require.InDelta(t, 1, floats.Sum(scores), 1e-9)
		if floats.MaxIdx(scores) != int(d.Train(nil).Labels[i]) {
			misses++
		}
	}
	require.Equal(t, wrong, misses)
	// A row is in every one of 60 bags with probability 0.632⁶⁰.
	require.Equal(t, d.Rows(), rows)
	accuracy := learnertest.CrossValidate(t, l, d, learners.NewShared(d.Selection))
	spread := math.Sqrt(accuracy * (1 - accuracy) / float64(rows))
	require.InDelta(t, accuracy, 1-float64(wrong)/float64(rows), 4*spread)
	// With one tree, the rows in its bag are left out.
	_, rows = learnertest.Fit(t, learner(t, "forest:trees=1"), d.Train(nil)).(*forest.Model).OutOfBag()
	require.InDelta(t, 0.368, float64(rows)/float64(d.Rows()), 0.08)
}

// TestSeeds: another seed is another forest, the same seed the same.
func TestSeeds(t *testing.T) {
	shape := learnertest.Paper(500)
	shape.Noise = 0.2
	d := learnertest.Synthetic(shape)
	l := learner(t, "forest:trees=10")
	train := d.Train(nil)
	first := learnertest.PredictAll(t, learnertest.Fit(t, l, train), d)
	require.Equal(t, first, learnertest.PredictAll(t, learnertest.Fit(t, l, train), d))
	train.Seed++
	require.NotEqual(t, first, learnertest.PredictAll(t, learnertest.Fit(t, l, train), d))
}

func TestNumbers(t *testing.T) {
	for _, spec := range []string{"forest:trees=20", "forest:trees=10,rng=weka"} {
		peers.CheckNumbers(t, learner(t, spec))
	}
}

// TestExactPartitionsAreColumns: with Weka's order of draws the trees are the
// same to the column, grouped or not.
func TestExactPartitionsAreColumns(t *testing.T) {
	peers.CheckPartitions(t, learner(t, "forest:trees=5,rng=weka"), nil)
}

func TestStore(t *testing.T) {
	for _, spec := range []string{"forest:trees=12", "forest:trees=5,rng=weka,depth=3", "forest:trees=8,like=sklearn"} {
		t.Run(spec, func(t *testing.T) {
			learnertest.StoreContract(t, learnertest.Storing{Entry: forest.Entry(), Spec: spec, Whole: spec == "forest:trees=8,like=sklearn"})
		})
	}
}
