package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tickle/collector"
	"tickle/collector/pool"
	"tickle/collector/supervise"
	"tickle/probegen"
)

func (p *program) collect() *cobra.Command {
	var poolName, sourcePort, observations string
	var only, probes []string
	var plan collector.Plan
	var raw bool
	cfg := collector.Config{}
	c := &cobra.Command{
		Use:   "collect",
		Short: "Send every probe to every machine of a pool, and write down the answers",
		Long: `Sends every probe of a set to every machine of a pool, each several times, and
writes the answers into a run folder. The same command again goes on with what
is missing. Probe only machines that you are allowed to probe.`,
		Example: "  tickle collect --pool demo --probes probes.jsonl -o run",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if cfg.Observations, err = collector.ParseObservations(observations); err != nil {
				return err
			}
			if cfg.SourcePort, err = collector.ParseSourcePort(sourcePort); err != nil {
				return err
			}
			if cfg.Plans, err = plansOf(probes, plan); err != nil {
				return err
			}
			if cfg.Pool, err = pool.Load(poolName); err != nil {
				return err
			}
			if cfg.Backends, err = supervise.Backends(cfg.Pool, backends()); err != nil {
				return err
			}
			if cfg.Pool, err = cfg.Pool.Select(only...); err != nil {
				return err
			}
			if raw {
				cfg.Keep = collector.KeepRaw
			}
			return p.runCollect(c.Context(), cfg)
		},
	}
	f := c.Flags()
	f.StringVar(&poolName, "pool", "demo", "the pool: a built-in name or a YAML `FILE`")
	f.StringArrayVar(&only, "only", nil, "only machines that match `PATTERN` (see tickle pool list --help)")
	f.StringArrayVar(&probes, "probes", nil, "the probe `FILE` (see tickle probes gen); given again for more plans of the run, one a family")
	f.IntVar(&plan.Repeats, "repeats", 0, "sendings of each probe; 0: the set's own number, else 6")
	f.IntVar(&plan.Boots, "boots", 0, "starts of each machine that the repeats are spread over; 0: two for dialogues, else one")
	f.Int64Var(&plan.Pace, "pace", 0, "`µs` between sendings in the machine's time; 0: the machine's rate, else 1000 where time is virtual")
	f.StringVar(&sourcePort, "source-port", "block", "block: every sending has an address and port of its own; fixed: all have one, as in the paper")
	f.StringVar(&observations, "observations", "default", "machines whose every exchange is kept: all, none or a `NUMBER`; default: all below 2 million exchanges")
	f.Func("keep", "raw: keep every packet too, in a pcapng a machine", func(s string) error {
		if s != "raw" {
			return fmt.Errorf("want raw")
		}
		raw = true
		return nil
	})
	f.Uint64Var(&cfg.Seed, "seed", 1, "the seed")
	f.Var((*workers)(&cfg.Workers), "workers", "machines probed at a time; 0: one a processor")
	f.StringVarP(&cfg.Dir, "output", "o", "", "the run `FOLDER`")
	must(c.MarkFlagRequired("probes"))
	must(c.MarkFlagRequired("output"))
	return c
}

// plansOf makes a plan of each probe file, named for the family of its probes.
func plansOf(files []string, like collector.Plan) ([]collector.Plan, error) {
	var plans []collector.Plan
	for _, file := range files {
		plan := like
		var err error
		if plan.Set, err = probegen.ReadFile(file); err != nil {
			return nil, err
		}
		plan.Name = plan.Set.Header.Family
		if slices.ContainsFunc(plans, func(p collector.Plan) bool { return p.Name == plan.Name }) {
			return nil, fmt.Errorf("--probes %s: family %s: another file of this run has the same; want one a family", file, plan.Name)
		}
		plans = append(plans, plan)
	}
	return plans, nil
}

// runCollect collects with progress, and says what became of it.
func (p *program) runCollect(ctx context.Context, cfg collector.Config) error {
	cfg.Version = version()
	if err := p.separate(&cfg); err != nil {
		return err
	}
	show := p.stage("collect")
	cfg.Progress = func(n collector.Progress) {
		show.set(n.Exchanges, n.Exchanges+n.ExchangesLeft, fmt.Sprintf("%d/%d machines, %.0f exchanges/s", n.Machines, n.MachinesTotal, n.Rate))
	}
	report, err := collector.Collect(ctx, cfg)
	show.end(err == nil)
	if report != nil {
		n := &report.Total
		p.say("%s: %d exchanges (%d answered) with %d (machine, plan) pairs in %s; %d duplicates, %d late, %d unmatched, %d malformed answers",
			cfg.Dir, n.Exchanges, n.Answered, len(report.Machines), (time.Duration(report.Seconds*1e3) * time.Millisecond).Round(10*time.Millisecond),
			n.Duplicates, n.Late, n.Unmatched, n.Malformed)
		if n.Reboots > 0 {
			p.say("%s: %d features varied only where a machine was started again, and %.0f would by chance, of all that vary: %s",
				cfg.Dir, n.Reboots, n.RebootsByChance, causes(n.RebootCauses))
		}
		if n.Slow > 0 {
			left := ""
			if n.SlowLeft > 0 {
				left = fmt.Sprintf("; for %d more there was no time", n.SlowLeft)
			}
			p.say("%s: %d features varied only with pace, of the %d dialogues that were had once more at a slow one%s", cfg.Dir, n.Paced, n.Slow, left)
		}
		for _, w := range report.Warnings {
			p.say("warning: %s", w)
		}
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: interrupted; the same command again goes on", cfg.Dir)
	}
	return err
}

// causes lists what was counted, the most frequent first.
func causes(of map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(of), func(a, b string) int {
		return cmp.Or(cmp.Compare(of[b], of[a]), strings.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", name, of[name])
	}
	return strings.Join(names, ", ")
}

// separate gives up this process's privileges. Where a machine of the run is a
// stack in a namespace of its own it sees to it before that such can be made.
func (p *program) separate(cfg *collector.Config) error {
	isolated := slices.IndexFunc(cfg.Pool.Machines, func(m pool.Machine) bool {
		b, ok := cfg.Backends[m.Backend].(interface{ Isolates(*pool.Machine) bool })
		return ok && b.Isolates(&m)
	})
	if isolated >= 0 {
		if err := keep(); err != nil {
			p.say("privileges are kept: machine %s runs in a namespace of its own: %v", cfg.Pool.Machines[isolated].Name, err)
			return nil
		}
	}
	return separate(cfg.Pool.Machines)
}

// must is for what only an error in this program can make fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
