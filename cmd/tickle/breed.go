package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tickle/collector/breed"
	"tickle/collector/pool"
	"tickle/collector/supervise"
	"tickle/datasets"
	"tickle/probegen"
)

func (p *program) probesBreed() *cobra.Command {
	var data, probes, poolName, label, out string
	var only []string
	cfg := breed.Config{}
	c := &cobra.Command{
		Use:   "breed",
		Short: "Search for probes that tell apart labels which are still alike",
		Long: `Keeps the probes of a set that tell labels apart by vetted fields, changes and
joins them, sends what comes of it to machines of the pool, and goes on with what
tells more. What seems to tell a pair is sent once more, at a slow pace too, before
it counts. Machines that boot run from the beginning of the search to its end.

With --data, what the probes drew from the pool, the search sees half of each
label's images. Without, all machines of the pool are its own, and it sends them the
probes first: take a small pool of one machine a label, as pool breeding is.

Judge what it finds on other machines (tickle experiment reach), beside what a search
with --control finds, random probes alone, at the same number of packets (tickle probes
join makes one set of both).

The runs of the search stay in the folder --work; the same command again goes on
where it was. Works on dialogues and on random packets.`,
		Example: `  tickle probes breed --probes dialogues.jsonl --pool breeding --budget 20000 --work search -o bred.jsonl
  tickle probes breed --data data --probes dialogues.jsonl --pool demo --budget 2000 --work search -o bred.jsonl`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if cfg.Hierarchy, cfg.Level, err = parseLabel(label); err != nil {
				return fmt.Errorf("--label: %w", err)
			}
			if cfg.Start, err = probegen.ReadFile(probes); err != nil {
				return err
			}
			if data != "" {
				if cfg.Data, err = datasets.Open(data); err != nil {
					return err
				}
			}
			if cfg.Collect.Pool, err = pool.Load(poolName); err != nil {
				return err
			}
			if cfg.Collect.Backends, err = supervise.Backends(cfg.Collect.Pool, backends()); err != nil {
				return err
			}
			if cfg.Collect.Pool, err = cfg.Collect.Pool.Select(only...); err != nil {
				return err
			}
			return p.breed(c.Context(), cfg, out)
		},
	}
	f := c.Flags()
	f.StringVar(&data, "data", "", "the data set's `FOLDER`: what the probes drew from the pool (see tickle dataset build); none: send them first")
	f.StringVar(&probes, "probes", "", "the probe `FILE` to begin with")
	f.StringVar(&poolName, "pool", "demo", "the pool: a built-in name or a YAML `FILE`")
	f.StringArrayVar(&only, "only", nil, "only machines that match `PATTERN` (see tickle pool list --help)")
	f.StringVar(&label, "label", "kernel/2", "the labels to tell apart: `HIERARCHY/LEVEL`")
	f.Int64Var(&cfg.Budget, "budget", 20_000, "packets to a machine; no generation begins that would pass it")
	f.IntVar(&cfg.Size, "size", breed.DefaultSize, "probes a generation")
	f.IntVar(&cfg.Repeats, "repeats", breed.DefaultRepeats, "sendings of each probe")
	f.IntVar(&cfg.Patience, "patience", breed.DefaultPatience, "generations without gain that end the search")
	f.IntVar(&cfg.Keep, "keep", breed.DefaultKeep, "probes to keep for each pair of labels, of different openings")
	f.BoolVar(&cfg.Control, "control", false, "send random probes alone, to compare with")
	f.Uint64Var(&cfg.Collect.Seed, "seed", 1, "the seed")
	f.Var((*workers)(&cfg.Collect.Workers), "workers", "machines probed at a time; 0: one a processor")
	f.StringVar(&cfg.Collect.Dir, "work", "", "the `FOLDER` of the search's runs")
	f.StringVarP(&out, "output", "o", "", "the probe `FILE` that is made")
	for _, name := range []string{"probes", "work", "output"} {
		must(c.MarkFlagRequired(name))
	}
	return c
}

// breed searches with a line a generation, and writes what was found.
func (p *program) breed(ctx context.Context, cfg breed.Config, out string) error {
	for name, v := range map[string]int{"size": cfg.Size, "repeats": cfg.Repeats, "patience": cfg.Patience, "keep": cfg.Keep} {
		if v < 1 {
			return fmt.Errorf("--%s %d: want a whole number from 1 on", name, v)
		}
	}
	cfg.Collect.Version = version()
	if err := p.separate(&cfg.Collect); err != nil {
		return err
	}
	cfg.Progress = p.sayGeneration
	r, err := breed.Run(ctx, cfg)
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: interrupted; the same command again goes on", cfg.Collect.Dir)
	}
	if err != nil {
		return err
	}
	if err := p.writeFile(out, r.Set.Write); err != nil {
		return err
	}
	p.say("%s: %d probes, found on %d machines", out, len(r.Set.Probes), len(r.Machines))
	return nil
}

// sayGeneration prints a line on how far a search has come.
func (p *program) sayGeneration(g breed.Generation) {
	failed := ""
	if len(g.Missing) > 0 {
		failed = "; without " + strings.Join(g.Missing, ", ") + ", which failed"
	}
	p.say("generation %d: %d of %d pairs of labels told apart (%+d), behind %.1f openings each, by %d probes; %d packets to a machine%s",
		g.Number, g.Told, g.Pairs, g.Gained, float64(g.Held)/float64(max(1, g.Told)), g.Probes, g.Packets, failed)
}

// parseLabel reads HIERARCHY/LEVEL.
func parseLabel(s string) (datasets.Hierarchy, int, error) {
	name, number, _ := strings.Cut(s, "/")
	h, err := datasets.ParseHierarchy(name)
	level, bad := strconv.Atoi(cmp.Or(number, "none"))
	if err != nil || bad != nil || level < 0 || level >= datasets.Levels {
		return 0, 0, fmt.Errorf("%q: want kernel or distribution, and a level from 0 to %d, as kernel/2", s, datasets.Levels-1)
	}
	return h, level, nil
}

func (p *program) probesJoin() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "join FILE...",
		Short: "Join what a search and its control found, for one run",
		Long: `Makes one set of those that tickle probes breed found, so that one run has them all
with the same machines and boots; a probe that several have is sent once. Experiment
reach takes them apart again.`,
		Example: "  tickle probes join bred.jsonl control.jsonl -o both.jsonl",
		Args:    cobra.MinimumNArgs(2),
		RunE: func(_ *cobra.Command, files []string) error {
			var names []string
			var sets []*probegen.Set
			for _, file := range files {
				set, err := probegen.ReadFile(file)
				if err != nil {
					return err
				}
				parts, err := set.Header.Parts()
				if err != nil {
					return fmt.Errorf("%s: %w", file, err)
				}
				if len(parts) != 1 {
					return fmt.Errorf("%s: is joined of %d sets: want one that tickle probes breed made", file, len(parts))
				}
				names, sets = append(names, parts[0].Name), append(sets, set)
			}
			set, err := probegen.Join(names, sets)
			if err != nil {
				return err
			}
			return p.writeFile(out, set.Write)
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "the probe `FILE` that is made")
	must(c.MarkFlagRequired("output"))
	return c
}
