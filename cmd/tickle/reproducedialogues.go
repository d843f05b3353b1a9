package main

import (
	"cmp"
	"context"
	"errors"
	"math"
	"path/filepath"
	"runtime"
	"strconv"

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
	cfg, err := r.onPool(r.scale.pool, "run-"+plan)
	if err != nil {
		return err
	}
	cfg.Plans = []collector.Plan{{Name: plan, Set: set}}
	return r.runCollectAndGoOn(ctx, cfg)
}

// onPool is a run with a pool's machines, but for its plans.
func (r *reproduction) onPool(name, dir string) (collector.Config, error) {
	pl, err := pool.Load(name)
	if err != nil {
		return collector.Config{}, err
	}
	machines, err := supervise.Backends(pl, backends())
	return collector.Config{Dir: r.path(dir), Pool: pl, Backends: machines, Seed: r.seed, Workers: r.machinesAtATime()}, err
}

// breedDialogues searches for dialogues, and then, with as many packets, among
// random ones alone: OUT/search/NAME and OUT/NAME.jsonl. The search has a pool
// of its own, or sees half of the images of each label of the study's. A study
// whose search finds nothing goes on without.
func (r *reproduction) breedDialogues(ctx context.Context) error {
	cfg := breed.Config{Hierarchy: datasets.Kernel, Level: datasets.Levels - 1, Budget: r.scale.bred,
		Size: r.scale.generation, Repeats: breed.DefaultRepeats, Patience: breed.DefaultPatience, Keep: r.scale.keep}
	var err error
	if cfg.Start, err = probegen.ReadFile(r.path("dialogues.jsonl")); err != nil {
		return err
	}
	if r.scale.searchPool == "" {
		if cfg.Data, err = datasets.Open(r.path("data-dialogue")); err != nil {
			return err
		}
	}
	for _, name := range []string{breed.BredPart, breed.ControlPart} {
		if cfg.Collect, err = r.onPool(cmp.Or(r.scale.searchPool, r.scale.pool), filepath.Join("search", name)); err != nil {
			return err
		}
		if r.workers == 0 && r.scale.waits {
			cfg.Collect.Workers = 2 * runtime.GOMAXPROCS(0) // machines that run already are waited for even more
		}
		cfg.Control = name == breed.ControlPart
		r.say("%s: %s", cfg.Collect.Dir, planWords[name])
		err := r.breed(ctx, cfg, r.path(name+".jsonl"))
		if errors.Is(err, breed.ErrNothing) {
			r.say("warning: %v; the study goes on without", err)
			return nil
		}
		if err != nil {
			return err
		}
		set, err := probegen.ReadFile(r.path(name + ".jsonl"))
		if err != nil {
			return err
		}
		r.bredNames, r.bredSets = append(r.bredNames, name), append(r.bredSets, set)
		cfg.Patience = math.MaxInt
		if cfg.Budget, err = strconv.ParseInt(set.Header.Options[probegen.SearchPacketsOption], 10, 64); err != nil {
			return err
		}
	}
	return nil
}

// planWords say what each search is.
var planWords = map[string]string{
	breed.BredPart:    "breeding dialogues",
	breed.ControlPart: "their control: random dialogues alone, as many packets",
}

// bredDialogues has the dialogues that the searches found with the machines of
// the study, in one run: OUT/run-bred. Experiment reach judges them on machines
// of images that the search never saw.
func (r *reproduction) bredDialogues(ctx context.Context) error {
	if r.bredSets == nil {
		return nil
	}
	set, err := probegen.Join(r.bredNames, r.bredSets)
	if err != nil {
		return err
	}
	return r.converse(ctx, probegen.BredFamily, set)
}
