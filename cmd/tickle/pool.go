package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tickle/collector/pool"
)

func (p *program) pool() *cobra.Command {
	return group("pool", "Read pool files: the machines that are probed", "  tickle pool check demo",
		p.poolCheck(), p.poolList(), p.poolFetch(), p.poolUp(), p.poolDown(), p.poolAttach())
}

func (p *program) poolCheck() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "check POOL",
		Short: "Report every error of a pool file, thin labels and confounders",
		Long: `Reads a pool (a built-in name or a YAML file) and reports every error with its
line and column, labels with fewer than three images, and how closely factors,
backends and addresses follow the labels (Cramér's V). A factor that follows a
label is a confounder: a classifier may learn it instead of the system.`,
		Example: "  tickle pool check demo",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			pl, err := pool.Load(args[0])
			if err != nil {
				return err
			}
			report := pool.Check(pl, backends())
			if asJSON {
				err = writeJSON(p.stdout, report)
			} else {
				err = report.WriteText(p.stdout)
			}
			if err == nil && len(report.Errors) > 0 {
				err = fmt.Errorf("%s: %d errors", args[0], len(report.Errors))
			}
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	return c
}

func (p *program) poolList() *cobra.Command {
	var asJSON bool
	var only []string
	c := &cobra.Command{
		Use:     "list [POOL]",
		Short:   "List a pool's machines, or the built-in pools",
		Example: "  tickle pool list demo --only 'kernel=Linux*' --json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				for _, name := range pool.BuiltIns() {
					fmt.Fprintln(p.stdout, name)
				}
				return nil
			}
			pl, err := pool.Load(args[0])
			if err != nil {
				return err
			}
			if pl, err = pl.Select(only...); err != nil {
				return err
			}
			listing := pool.List(pl, backends())
			if asJSON {
				return writeJSON(p.stdout, listing)
			}
			w := tabwriter.NewWriter(p.stdout, 0, 8, 2, ' ', 0)
			fmt.Fprintln(w, "machine\tbackend\tstack\timage\tkernel\tdistribution")
			for _, m := range listing.Machines {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", m.Name, m.Backend, m.Stack, m.Image, m.Labels.Kernel[2], m.Labels.Distribution[2])
			}
			return w.Flush()
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the machines as JSON")
	c.Flags().StringArrayVar(&only, "only", nil, "only machines that match `PATTERN`: a glob on names, or kernel=GLOB, image=GLOB, FACTOR=GLOB, !TERM, joined by commas")
	return c
}
