package jrip_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners"
	"tickle/learners/jrip"
	"tickle/learners/learnertest"
	"tickle/learners/peers"
)

func learner(t testing.TB, spec string) learners.Learner {
	list, err := learners.NewRegistry(jrip.Entry()).Parse(spec)
	require.NoError(t, err)
	return list[0].Learner
}

func TestContract(t *testing.T) {
	for _, spec := range []string{"jrip", "jrip:rng=weka,folds=2,optimise=1", "jrip:unpruned=true,weight=0"} {
		t.Run(spec, func(t *testing.T) { learnertest.Contract(t, learner(t, spec)) })
	}
}

func TestBadOptions(t *testing.T) {
	for spec, want := range map[string]string{
		"jrip:folds=1":     "learner jrip: option folds=1: want at least 2",
		"jrip:weight=-1":   "learner jrip: option weight=-1: want at least 0",
		"jrip:optimise=-2": "learner jrip: option optimise=-2: want at least 0",
	} {
		_, err := learners.NewRegistry(jrip.Entry()).Parse(spec)
		require.EqualError(t, err, want)
	}
}

func TestNumbers(t *testing.T) { peers.CheckNumbers(t, learner(t, "jrip")) }

func TestPartitionsAreColumns(t *testing.T) {
	for _, spec := range []string{"jrip", "jrip:rng=weka", "jrip:unpruned=true"} {
		peers.CheckPartitions(t, learner(t, spec), func(m learners.Model) string { return m.(*jrip.Model).Text() })
	}
}

func TestStore(t *testing.T) {
	for _, spec := range []string{"jrip", "jrip:rng=weka,unpruned=true"} {
		t.Run(spec, func(t *testing.T) { learnertest.StoreContract(t, learnertest.Storing{Entry: jrip.Entry(), Spec: spec}) })
	}
}
