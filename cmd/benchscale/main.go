// Benchscale measures how collection and store grow with probes and machines.
//
// Its opinion is that growth is a slope and not a number: a run is made at 1/16,
// 1/4, 1 and 4 times the base's probes and at 1/4, 1 and 4 times its machines,
// and a line is laid through the logarithms of what each took. Every point is
// a process of its own, so that its peak of memory is its own; its time is the
// processor's, user and system, which other work on the host disturbs less
// than a clock on the wall. What a process costs before it does anything is
// counted too and makes small points dearer, slopes flatter.
//
// The machines are those of the built-in pool paper, picked evenly; where more
// are wanted than it has, the same again with seeds of their own. No single
// exchanges are kept, so that all points do the same work.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"time"

	"tickle/datasets"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchscale:", err)
		stop()
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	base   point
	rounds int
	kills  int
	out    string
}

// The paper's own size.
const (
	paperProbes   = 50_000
	paperMachines = 329
)

func run(ctx context.Context, args []string, stdout io.Writer) error {
	var s settings
	var paper bool
	var stage string
	f := flag.NewFlagSet("benchscale", flag.ContinueOnError)
	f.SetOutput(stdout)
	f.IntVar(&s.base.Probes, "probes", 8_000, "probes of the base, sent six times each")
	f.IntVar(&s.base.Machines, "machines", 82, "machines of the base")
	f.BoolVar(&paper, "paper", false, fmt.Sprintf("the paper's size is the base: %d probes and %d machines; takes the better part of an hour", paperProbes, paperMachines))
	f.IntVar(&s.rounds, "rounds", 2, "how often each point is measured")
	f.IntVar(&s.kills, "kills", 3, "how often a run of the base's size is killed before it may end; 0: never")
	f.StringVar(&s.out, "o", "", "the `FOLDER` of scale.json, scale.svg and scale.png; runs are made in it and removed")
	f.StringVar(&stage, "stage", "", "be one point's process: collect or store")
	if err := f.Parse(args); err != nil {
		return err
	}
	if paper {
		s.base = point{paperProbes, paperMachines}
	}
	switch {
	case f.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", f.Arg(0))
	case s.out == "":
		return fmt.Errorf("-o: want a folder")
	case s.base.Probes < 1 || s.base.Machines < 1 || s.rounds < 1 || s.kills < 0:
		return fmt.Errorf("-probes %d, -machines %d, -rounds %d, -kills %d: want at least 1, 1, 1 and 0", s.base.Probes, s.base.Machines, s.rounds, s.kills)
	}
	switch stage {
	case "":
		return bench(ctx, s, stdout)
	case collectStage:
		return collectInto(ctx, s.out, s.base)
	case storeStage:
		_, err := datasets.Build(ctx, s.out, datasets.BuildOptions{})
		return err
	}
	return fmt.Errorf("-stage %q: want %s or %s", stage, collectStage, storeStage)
}

// growth is what is written: all that was measured, and the slopes.
type growth struct {
	Base    point         `json:"base"`
	Rounds  int           `json:"rounds"`
	CPUs    int           `json:"cpus"`
	Points  []measurement `json:"points"`
	Slopes  []slope       `json:"slopes"`
	Kills   int           `json:"kills"` // after which a run had the same data as one that was not killed
	Seconds float64       `json:"seconds"`
}

func bench(ctx context.Context, s settings, stdout io.Writer) error {
	start := time.Now()
	if err := os.MkdirAll(s.out, 0o777); err != nil {
		return err
	}
	g := growth{Base: s.base, Rounds: s.rounds, CPUs: runtime.GOMAXPROCS(0), Kills: s.kills}
	fmt.Fprintf(stdout, "base: %d probes, 6 times each, to %d machines of the pool paper; %d processors, %d rounds\n",
		s.base.Probes, s.base.Machines, g.CPUs, g.Rounds)
	fmt.Fprintln(stdout, "  probes machines  stage     exchanges   CPU s  wall s  peak MiB")
	for round := range s.rounds {
		for _, p := range s.base.around() {
			both, err := measure(ctx, s.out, p)
			if err != nil {
				return err
			}
			for _, m := range both {
				m.Round = round
				g.Points = append(g.Points, m)
				fmt.Fprintf(stdout, "%8d %8d  %-8s %10d %7.2f %7.2f %9.0f\n", m.Probes, m.Machines, m.Stage, m.exchanges(), m.CPU, m.Wall, m.PeakMiB)
			}
		}
	}
	g.Slopes = slopes(s.base, g.Points)
	fmt.Fprintf(stdout, "\nexponents (1: linear; wanted of collection and store: at most %.1f)\n", wanted)
	for _, l := range g.Slopes {
		fmt.Fprintln(stdout, "  "+l.String())
	}
	if s.kills > 0 {
		if err := killed(ctx, s.out, s.base, s.kills); err != nil {
			return err
		}
		fmt.Fprintf(stdout, "\na run of the base's size, killed %d times, has the same data as one that was not\n", s.kills)
	}
	g.Seconds = time.Since(start).Seconds()
	if err := g.draw(s.out); err != nil {
		return err
	}
	b, err := json.MarshalIndent(&g, "", "  ")
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s: drawn, after %.0f s\n", filepath.Join(s.out, "scale.svg"), g.Seconds)
	return datasets.WriteWhole(nil, filepath.Join(s.out, "scale.json"), append(b, '\n'))
}
