package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tickle/probegen"
)

func (p *program) probes() *cobra.Command {
	return group("probes", "Make probe sets and look at probes", "  tickle probes gen -n 500 -o probes.jsonl",
		p.probesGen(), p.probesShow(), p.probesBreed(), p.probesJoin(), p.probesShrink())
}

func (p *program) probesGen() *cobra.Command {
	var family, out string
	var closed string
	var cfg probegen.Config
	c := &cobra.Command{
		Use:     "gen",
		Short:   "Make a probe set: JSON Lines, a header line first",
		Long:    "Makes a probe set from a seed. The same family, options and seed give the same\nbytes on any machine.\n\n" + familiesHelp(),
		Example: "  tickle probes gen --family random -n 500 --seed 1 -o probes.jsonl",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if c.Flags().Changed("closed-share") {
				if cfg.Options == nil {
					cfg.Options = make(map[string]string)
				}
				cfg.Options["closed-share"] = closed
			}
			if !c.Flags().Changed("number") && hasOwnNumber(family) {
				cfg.N = 0
			}
			set, err := probegen.Generate(family, cfg)
			if err != nil {
				return err
			}
			if err := p.writeFile(out, set.Write); err != nil {
				return err
			}
			if out != "-" {
				p.say("%s: %d probes, SHA-256 %s", out, len(set.Probes), set.Hash())
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&family, "family", "random", "the family of probes")
	f.IntVarP(&cfg.N, "number", "n", 500, "number of probes of a family that has none of its own")
	f.Uint64Var(&cfg.Seed, "seed", 1, "the seed")
	f.StringVarP(&out, "output", "o", "-", "the probe `FILE`")
	f.StringToStringVar(&cfg.Options, "option", nil, "the family's options, as `NAME=VALUE`, repeated or joined by commas")
	f.StringVar(&closed, "closed-share", "0", "`PERCENT` of the probes that go to the closed port")
	return c
}

// hasOwnNumber says whether a family's sets are all of one size.
func hasOwnNumber(family string) bool {
	return slices.ContainsFunc(probegen.Families(), func(f probegen.Family) bool { return f.Name == family && f.Probes > 0 })
}

// familiesHelp lists the families and their options for --help.
func familiesHelp() string {
	var b strings.Builder
	for _, f := range probegen.Families() {
		fmt.Fprintf(&b, "Family %s: %s\n", f.Name, f.Summary)
		for _, o := range f.Options {
			fmt.Fprintf(&b, "  --option %s=%s\n      %s\n", o.Name, o.Default, o.Doc)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

func (p *program) probesShow() *cobra.Command {
	var id int
	c := &cobra.Command{
		Use:     "show FILE",
		Short:   "Show one probe decoded and in hex",
		Example: "  tickle probes show probes.jsonl --id 7",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			set, err := probegen.ReadFile(args[0])
			if err != nil {
				return err
			}
			return p.writeFile("-", func(w io.Writer) error { return set.Show(w, id) })
		},
	}
	c.Flags().IntVar(&id, "id", 0, "the probe's id, from 0")
	return c
}
