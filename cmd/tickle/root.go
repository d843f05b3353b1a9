package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
	"strings"

	"github.com/spf13/cobra"
)

// program holds what all commands share: the writers, the flags of every
// command, and the profiles under way.
type program struct {
	stdout, stderr io.Writer
	quiet          bool
	cpuProfile     string
	memProfile     string
	trace          string
	stops          []func() error
}

func (p *program) root() *cobra.Command {
	c := &cobra.Command{
		Use:   "tickle",
		Short: "A research harness for automatic remote OS fingerprinting",
		Long: `Tickle generates random TCP/IP probes, sends each several times to a pool of
machines whose operating system is known, keeps what is deterministic in the
answers, trains classifiers, and measures how far they can be trusted.

Probe only machines that you are allowed to probe.`,
		Example:            "  tickle reproduce --scale demo -o out/demo",
		Version:            version(),
		SilenceUsage:       true,
		SilenceErrors:      true,
		DisableSuggestions: true,
		PersistentPreRunE:  func(*cobra.Command, []string) error { return p.startProfiles() },
	}
	c.AddCommand(p.enrich())
	f := c.PersistentFlags()
	f.BoolVar(&p.quiet, "quiet", false, "show no progress and no summary")
	f.StringVar(&p.cpuProfile, "cpuprofile", "", "write a CPU profile to `FILE`")
	f.StringVar(&p.memProfile, "memprofile", "", "write a heap profile to `FILE` at the end")
	f.StringVar(&p.trace, "trace", "", "write an execution trace to `FILE`")
	c.CompletionOptions.HiddenDefaultCmd = true
	c.AddCommand(p.probes(), p.pool(), p.collect(), p.dataset(), p.learners(), p.train(), p.predict(), p.model(), p.nmap4(), p.experiment(), p.report(), p.reproduce(), p.nmap6())
	nameArguments(c)
	return c
}

// nameArguments makes errors about the arguments of c, and of the commands below
// it, say what is wanted as their usage calls it.
func nameArguments(c *cobra.Command) {
	for _, child := range c.Commands() {
		nameArguments(child)
	}
	check := c.Args
	if check == nil {
		return
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if check(c, args) == nil {
			return nil
		}
		_, want, _ := strings.Cut(c.Use, " ")
		have := "none"
		if len(args) > 0 {
			have = fmt.Sprintf("%q", args)
		}
		return fmt.Errorf("%s: want %s, have %s; see %s --help", c.CommandPath(), cmp.Or(want, "no arguments"), have, c.CommandPath())
	}
}

// group is a command that only holds others: alone it is an error, and so is
// a word that names none of them.
func group(use, short, example string, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Example: example,
		Args: cobra.ArbitraryArgs,
		// What is wrong is the word, not the flags behind it.
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("%s: which one? see %s --help", c.CommandPath(), c.CommandPath())
			}
			return fmt.Errorf("%s: no command %q; see %s --help", c.CommandPath(), args[0], c.CommandPath())
		},
	}
	c.AddCommand(children...)
	return c
}

// version is what the build says of itself: the module's version, or the
// commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && (v == "" || v == "(devel)") {
			v = s.Value
		}
	}
	if v == "" || v == "(devel)" {
		v = "devel"
	}
	return v
}

func (p *program) startProfiles() error {
	start := func(path string, begin func(io.Writer) error, end func()) error {
		if path == "" {
			return nil
		}
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		if err := begin(f); err != nil {
			return errors.Join(err, f.Close())
		}
		p.stops = append(p.stops, func() error { end(); return f.Close() })
		return nil
	}
	if err := start(p.cpuProfile, pprof.StartCPUProfile, pprof.StopCPUProfile); err != nil {
		return fmt.Errorf("--cpuprofile: %w", err)
	}
	if err := start(p.trace, trace.Start, trace.Stop); err != nil {
		return fmt.Errorf("--trace: %w", err)
	}
	if p.memProfile == "" {
		return nil
	}
	f, err := os.Create(p.memProfile)
	if err != nil {
		return fmt.Errorf("--memprofile: %w", err)
	}
	p.stops = append(p.stops, func() error {
		runtime.GC()
		return errors.Join(pprof.WriteHeapProfile(f), f.Close())
	})
	return nil
}

func (p *program) stopProfiles() error {
	var errs []error
	for _, stop := range p.stops {
		errs = append(errs, stop())
	}
	p.stops = nil
	return errors.Join(errs...)
}
