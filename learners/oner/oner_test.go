package oner_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners"
	"tickle/learners/learnertest"
	"tickle/learners/oner"
)

func learner(t testing.TB, spec string) learners.Learner {
	list, err := learners.NewRegistry(oner.Entry()).Parse(spec)
	require.NoError(t, err)
	return list[0].Learner
}

func TestContract(t *testing.T) {
	learnertest.Contract(t, learner(t, "oner"))
}

func TestBadOption(t *testing.T) {
	_, err := learners.NewRegistry(oner.Entry()).Parse("oner:bucket=0")
	require.EqualError(t, err, "learner oner: option bucket=0: want at least 1")
}
