package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tickle/collector"
	"tickle/collector/breed"
	"tickle/collector/pool"
	"tickle/collector/supervise"
	"tickle/datasets"
	"tickle/experiments"
	"tickle/probegen"
	"tickle/reports"
)

// scale is a size of the whole study.
type scale struct {
	name, summary string
	pool          string
	probes        int
	dialogues     int    // 0: none
	bred          int64  // packets to a machine that a search for better dialogues may take; 0: none
	generation    int    // dialogues a generation of that search
	keep          int    // dialogues that it keeps for each pair of labels
	searchPool    string // whose machines the search has for itself; "": half of the images of the pool's labels
	learners      string // of --learners; "": each experiment's own
	vectors       bool   // also Nmap's IPv6 probes, and the studies of their vectors
	waits         bool   // machines have clocks of their own, for which a worker waits
}

var scales = []scale{
	{name: "demo", summary: "500 probes, 20 dialogues and those bred from them, six times each, to real stacks in the process and to modelled machines; under a minute",
		pool: "demo", probes: 500, dialogues: 20, bred: 1200, generation: 50, keep: breed.DefaultKeep},
	{name: "paper", summary: "50,000 probes, six times each, to 329 modelled machines, as many as the paper had",
		pool: "paper", probes: 50_000},
	{name: "lab", summary: "1,000 probes and 500 dialogues, and those bred on pool breeding, six times each, to kernels and stacks that boot (see make lab)",
		pool: "lab", probes: 1000, dialogues: 500, vectors: true, waits: true,
		bred: 18_000, generation: 100, keep: 6, searchPool: "breeding"}, // as many packets as the 500 dialogues are
}

// reproduction is the study under way.
type reproduction struct {
	*program
	scale   scale
	out     string
	seed    uint64
	workers int
	timing  timing
	// What the searches for dialogues found, and what they are called.
	bredNames []string
	bredSets  []*probegen.Set
}

func (p *program) reproduce() *cobra.Command {
	r := reproduction{program: p}
	var size, chosen string
	var names, help []string
	for _, s := range scales {
		names = append(names, s.name)
		help = append(help, fmt.Sprintf("  %-6s %s", s.name, s.summary))
	}
	c := &cobra.Command{
		Use:   "reproduce",
		Short: "Run the whole study, from probes to report",
		Long: `Makes the probes, sends them and Nmap's to a pool, builds the data set, runs the experiments
and writes OUT/index.html. What an earlier start has collected is not collected
again.

Scales:
` + strings.Join(help, "\n"),
		Example: "  tickle reproduce --scale demo -o out/demo",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			for _, s := range scales {
				if s.name == size {
					r.scale = s
					if c.Flags().Changed("learners") {
						r.scale.learners = chosen
					}
					return r.run(c.Context())
				}
			}
			return fmt.Errorf("--scale %q: want one of %s", size, strings.Join(names, ", "))
		},
	}
	f := c.Flags()
	f.StringVar(&size, "scale", "demo", "the size of the study: "+strings.Join(names, ", "))
	f.StringVar(&chosen, "learners", defaultLearners, "learners with options, or all (see tickle learners); experiment vectors has its own unless they are given")
	f.Uint64Var(&r.seed, "seed", 1, "the seed of everything")
	f.Var((*workers)(&r.workers), "workers", "goroutines; 0: one a processor; changes no result")
	f.StringVarP(&r.out, "output", "o", "", "the `FOLDER` of everything")
	must(c.MarkFlagRequired("output"))
	return c
}

func (r *reproduction) run(ctx context.Context) error {
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	var set *probegen.Set
	var data, vectors *experiments.Data
	steps := []step{
		{"probes", func() (err error) { set, err = r.makeProbes(); return err }},
		{"collect", func() error { return r.collectAll(ctx, set) }},
		{"data", func() (err error) { data, err = r.buildData(ctx); return err }},
	}
	if r.scale.dialogues > 0 {
		steps = append(steps, step{"dialogues", func() error { return r.dialogues(ctx) }})
	}
	if r.scale.bred > 0 {
		steps = append(steps, step{"breeding", func() error { return r.breedDialogues(ctx) }},
			step{"bred dialogues", func() error { return r.bredDialogues(ctx) }})
	}
	if r.scale.vectors {
		steps = append(steps, step{"vector data", func() (err error) { vectors, err = r.buildVectorData(); return err }})
	}
	entries := experiments.All()
	for i := range entries {
		switch e := &entries[i]; {
		case !e.NeedsVectors:
			steps = append(steps, step{e.Name, func() error { return r.experiment(ctx, e, data) }})
		case r.scale.vectors:
			steps = append(steps, step{e.Name, func() error { return r.experiment(ctx, e, vectors) }})
		}
	}
	steps = append(steps, step{"report", func() error { return reports.WriteIndex(r.out) }})
	for _, s := range steps {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s: interrupted before %s; the same command again goes on", r.out, s.name)
		}
		if err := r.timing.measure(s.name, s.work); err != nil {
			return err
		}
	}
	if err := r.writeFile(r.path("timing.json"), func(w io.Writer) error { return writeJSON(w, &r.timing) }); err != nil {
		return err
	}
	r.say("%s: done in %s", r.path("index.html"), time.Duration(r.timing.Seconds*float64(time.Second)).Round(100*time.Millisecond))
	return nil
}

// step is a part of the whole study.
type step struct {
	name string
	work func() error
}

func (r *reproduction) path(name string) string { return filepath.Join(r.out, name) }

func (r *reproduction) makeProbes() (*probegen.Set, error) {
	set, err := probegen.Generate("random", probegen.Config{N: r.scale.probes, Seed: r.seed})
	if err != nil {
		return nil, err
	}
	return set, set.WriteFile(r.path("probes.jsonl"))
}

func (r *reproduction) collectAll(ctx context.Context, set *probegen.Set) error {
	pl, err := pool.Load(r.scale.pool)
	if err != nil {
		return err
	}
	repeats, err := collector.RepeatsPlan(pl, r.seed)
	if err != nil {
		return err
	}
	nmap, err := probegen.Generate("nmap4", probegen.Config{Seed: r.seed})
	if err != nil {
		return err
	}
	machines, err := supervise.Backends(pl, backends())
	if err != nil {
		return err
	}
	plans := []collector.Plan{{Name: "random", Set: set}, repeats, {Name: "nmap4", Set: nmap}}
	if r.scale.vectors {
		six, err := probegen.Generate("nmap6", probegen.Config{Seed: r.seed})
		if err != nil {
			return err
		}
		plans = append(plans, collector.Plan{Name: "nmap6", Set: six, Repeats: 1})
	}
	return r.runCollectAndGoOn(ctx, collector.Config{
		Dir: r.path("run"), Pool: pl, Backends: machines, Seed: r.seed, Workers: r.machinesAtATime(), Plans: plans,
	})
}

// machinesAtATime is how many machines are probed at a time: where workers wait,
// half as many again as there are processors.
func (r *reproduction) machinesAtATime() int {
	if r.workers == 0 && r.scale.waits {
		return (3*runtime.GOMAXPROCS(0) + 1) / 2
	}
	return r.workers
}

// runCollectAndGoOn is runCollect for a study, which goes on without the
// machines that failed.
func (r *reproduction) runCollectAndGoOn(ctx context.Context, cfg collector.Config) error {
	err := r.runCollect(ctx, cfg)
	if errors.Is(err, collector.ErrMachines) {
		r.say("warning: %v; the study goes on without them", err)
		return nil
	}
	return err
}

// vectorDataName is the folder of the data set of IPv6 vectors.
const vectorDataName = "data-vectors"

// buildVectorData builds the data set of IPv6 vectors.
func (r *reproduction) buildVectorData() (*experiments.Data, error) {
	if err := r.buildVectors(r.path("run"), r.path(vectorDataName)); err != nil {
		return nil, err
	}
	d, err := datasets.Open(r.path(vectorDataName))
	if err != nil {
		return nil, err
	}
	return experiments.Of(r.path(vectorDataName), d), nil
}

// buildData builds the data set, and where a policy dropped something by
// looking at all machines, also what it is when only training rows decide.
func (r *reproduction) buildData(ctx context.Context) (*experiments.Data, error) {
	o := datasets.BuildOptions{Workers: r.workers}
	d, err := r.build(ctx, r.path("run"), r.path("data"), o)
	if err != nil {
		return nil, err
	}
	data := experiments.Of(r.path("data"), d)
	if len(d.Meta.LossyProbes) == 0 && d.Meta.NondetFeatures == 0 {
		return data, nil
	}
	o.Filter = datasets.FilterTrain
	train, err := datasets.Build(ctx, r.path("run"), o)
	if err != nil {
		return nil, err
	}
	return data, data.AlsoFiltered(train)
}

func (r *reproduction) experiment(ctx context.Context, e *experiments.Entry, data *experiments.Data) error {
	s := &study{data: r.path("data"), run: r.path("run"), learners: cmp.Or(r.scale.learners, learnersOf(e)), seed: r.seed, workers: r.workers, out: r.out}
	if e.NeedsVectors {
		s.data = r.path(vectorDataName)
	}
	_, err := r.runExperiment(ctx, e, s, data)
	return err
}
