package smo_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners"
	"tickle/learners/learnertest"
	"tickle/learners/peers"
	"tickle/learners/smo"
)

func learner(t testing.TB, spec string) learners.Learner {
	list, err := learners.NewRegistry(smo.Entry()).Parse(spec)
	require.NoError(t, err)
	return list[0].Learner
}

func TestContract(t *testing.T) {
	for _, spec := range []string{"smo", "smo:modification=1,kernel=poly", "smo:kernel=rbf,gamma=0.05,scores=platt"} {
		t.Run(spec, func(t *testing.T) { learnertest.Contract(t, learner(t, spec)) })
	}
}

func TestBadOptions(t *testing.T) {
	for spec, want := range map[string]string{
		"smo:c=0":                     "learner smo: option c=0: want a number above 0",
		"smo:kernel=poly,exponent=-1": "learner smo: option exponent=-1: want a number above 0",
		"smo:kernel=rbf,gamma=0":      "learner smo: option gamma=0: want a number above 0",
	} {
		_, err := learners.NewRegistry(smo.Entry()).Parse(spec)
		require.EqualError(t, err, want)
	}
}

// TestPartitions: one machine or many columns alike, the votes are the same.
func TestPartitions(t *testing.T) {
	for _, spec := range []string{"smo", "smo:kernel=poly", "smo:kernel=rbf,scores=platt"} {
		peers.CheckPartitions(t, learner(t, spec), nil)
		peers.CheckNumbers(t, learner(t, spec))
	}
}

func TestStore(t *testing.T) {
	for _, spec := range []string{"smo", "smo:kernel=poly", "smo:kernel=rbf,gamma=0.1,scores=platt"} {
		t.Run(spec, func(t *testing.T) { learnertest.StoreContract(t, learnertest.Storing{Entry: smo.Entry(), Spec: spec}) })
	}
}
