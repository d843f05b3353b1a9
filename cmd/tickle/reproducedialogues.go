package main

import (
	"context"

	"tickle/collector"
	"tickle/collector/breed"
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
	if err := r.converse(ctx, "dialogue", set); err != nil {
		return err
	}
	_, err = r.build(ctx, r.path("run-dialogue"), r.path("data-dialogue"), datasets.BuildOptions{Workers: r.workers})
	return err
}

// converse has a set's dialogues with the pool's machines, in the folder
// OUT/run-PLAN.
func (r *reproduction) converse(ctx context.Context, plan string, set *probegen.Set) error {
	cfg, err := r.onPool("run-" + plan)
	if err != nil {
		return err
	}
	cfg.Plans = []collector.Plan{{Name: plan, Set: set}}
	return r.runCollectAndGoOn(ctx, cfg)
}

// onPool is a run with the pool's machines, but for its plans.
func (r *reproduction) onPool(dir string) (collector.Config, error) {
	pl, err := pool.Load(r.scale.pool)
	if err != nil {
		return collector.Config{}, err
	}
	machines, err := supervise.Backends(pl, backends())
	return collector.Config{Dir: r.path(dir), Pool: pl, Backends: machines, Seed: r.seed, Workers: r.machinesAtATime()}, err
}

// bredDialogues breeds dialogues on half of each label's images, from those
// that all machines had, and has them with all: OUT/search, OUT/bred.jsonl and
// OUT/run-bred. Experiment reach judges them on the other half.
func (r *reproduction) bredDialogues(ctx context.Context) error {
	const size = 50 // probes a generation
	cfg := breed.Config{Hierarchy: datasets.Kernel, Level: datasets.Levels - 1, Budget: r.scale.bred,
		Size: size, Repeats: breed.DefaultRepeats, Patience: breed.DefaultPatience, Keep: breed.DefaultKeep}
	var err error
	if cfg.Start, err = probegen.ReadFile(r.path("dialogues.jsonl")); err != nil {
		return err
	}
	if cfg.Data, err = datasets.Open(r.path("data-dialogue")); err != nil {
		return err
	}
	if cfg.Collect, err = r.onPool("search"); err != nil {
		return err
	}
	if err := r.breed(ctx, cfg, r.path("bred.jsonl")); err != nil {
		return err
	}
	set, err := probegen.ReadFile(r.path("bred.jsonl"))
	if err != nil {
		return err
	}
	return r.converse(ctx, probegen.BredFamily, set)
}
