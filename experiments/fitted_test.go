package experiments_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/experiments"
	"tickle/learners"
)

func TestCellsAreFittedOnce(t *testing.T) {
	fits := 0
	counting := configured("counting", fake{learners.Votes, func(t *learners.Train, row int32) learners.Prediction {
		fits++
		return certain(row%int32(len(t.Classes)), len(t.Classes))
	}})
	in := &experiments.Input{Data: experiments.Of("d", dataset(datasets.FilterAll)), Seed: 1, Workers: 1}
	cell := experiments.Cell{Hierarchy: datasets.Kernel, Learner: counting, Fields: datasets.Prone, Splitter: experiments.RandomFolds{K: 2}, Filter: datasets.FilterAll}
	run := func(want int, change func(*experiments.Cell)) []experiments.Outcome {
		c := cell
		change(&c)
		o, err := experiments.CrossValidate(context.Background(), in, []experiments.Cell{c})
		require.NoError(t, err)
		require.Equal(t, want, fits)
		return o
	}
	first := run(6, func(*experiments.Cell) {})
	require.Equal(t, first[0].Answers, run(6, func(*experiments.Cell) {})[0].Answers)
	run(12, func(c *experiments.Cell) { c.Fields = datasets.Vetted })
	run(18, func(c *experiments.Cell) { c.Level = 1 })
	run(24, func(c *experiments.Cell) { c.Splitter = experiments.RandomFolds{K: 3} })
	run(30, func(c *experiments.Cell) { c.Learner.Label = "counting:k=1" })
	// The same folds under another name are the same question.
	run(30, func(c *experiments.Cell) { c.Splitter = renamed{c.Splitter} })
	in.Seed = 2
	run(36, func(*experiments.Cell) {})
}

type renamed struct{ experiments.Splitter }

func (renamed) Name() string { return "renamed" }
