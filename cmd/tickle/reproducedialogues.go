package main

import (
	"context"

	"tickle/collector"
	"tickle/collector/pool"
	"tickle/collector/supervise"
	"tickle/datasets"
	"tickle/probegen"
)

// dialogues makes dialogues, has them with the pool's machines, and builds a
// data set of their answers: OUT/dialogues.jsonl, OUT/run-dialogue and
// OUT/data-dialogue. They are a run of their own, so that what is random in
// the answers to single packets does not depend on them.
func (r *reproduction) dialogues(ctx context.Context) error {
	set, err := probegen.Generate("dialogue", probegen.Config{N: r.scale.dialogues, Seed: r.seed})
	if err != nil {
		return err
	}
	if err := set.WriteFile(r.path("dialogues.jsonl")); err != nil {
		return err
	}
	pl, err := pool.Load(r.scale.pool)
	if err != nil {
		return err
	}
	machines, err := supervise.Backends(pl, backends())
	if err != nil {
		return err
	}
	err = r.runCollectAndGoOn(ctx, collector.Config{
		Dir: r.path("run-dialogue"), Pool: pl, Backends: machines, Seed: r.seed, Workers: r.machinesAtATime(),
		Plans: []collector.Plan{{Name: "dialogue", Set: set}},
	})
	if err != nil {
		return err
	}
	_, err = r.build(ctx, r.path("run-dialogue"), r.path("data-dialogue"), datasets.BuildOptions{Workers: r.workers})
	return err
}
