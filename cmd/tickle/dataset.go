package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/nmap6"
)

func (p *program) dataset() *cobra.Command {
	return group("dataset", "Build data sets from runs and tables, look at them, hand them to other programs", "  tickle dataset build --run out/demo/run -o data",
		p.datasetBuild(), p.datasetInfo(), p.datasetImport(), p.datasetExport())
}

func (p *program) datasetBuild() *cobra.Command {
	var run, out, sources, view string
	var o datasets.BuildOptions
	c := &cobra.Command{
		Use:   "build",
		Short: "Turn a run's answers into a matrix of features",
		Long: `Keeps what is deterministic in a run's answers, by the policies below, and
writes the matrix machines × (probe, field) into a folder of Parquet files.

drop-probe, drop and --filter all look at all machines, those that a
classifier will be tested on too; that is the paper's protocol.

--view vector makes a table of the 695 numbers that Nmap's IPv6 engine makes of
the answers to its probes (plan nmap6), for the first repeat.`,
		Example: "  tickle dataset build --run out/demo/run -o data",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if sources != "" {
				s, err := datasets.LoadSources(sources)
				if err != nil {
					return err
				}
				o.Sources = s
			}
			switch view {
			case learners.MatrixView.String():
				_, err := p.build(c.Context(), run, out, o)
				return err
			case learners.VectorView.String():
				return p.buildVectors(run, out)
			}
			return fmt.Errorf("--view %q: want %s or %s", view, learners.MatrixView, learners.VectorView)
		},
	}
	f := c.Flags()
	f.StringVar(&run, "run", "", "the run `FOLDER` (see tickle collect)")
	f.StringVar(&view, "view", learners.MatrixView.String(), "what learners read: matrix (fields of answers) or vector (of Nmap's IPv6 engine)")
	f.StringVar(&o.Plan, "plan", "", "the plan (default: random, or the only one)")
	f.StringVar((*string)(&o.Loss), "loss", "", "a probe lossy on a machine: drop-probe (for all) or mask (on that machine); default: drop-probe for modelled pools, else mask")
	f.StringVar((*string)(&o.Nondet), "nondet", "", "a field that varies: mask (default; its cell is missing), drop (the feature) or category (a value of its own)")
	f.StringVar((*string)(&o.Filter), "filter", "", "machines that decide what is dropped: all (default) or train")
	f.StringVar(&sources, "sources", "", "a YAML `FILE` that overrides what fields depend on")
	f.Var((*workers)(&o.Workers), "workers", "goroutines; 0: one a processor; changes no result")
	f.StringVarP(&out, "output", "o", "", "the data set's `FOLDER`")
	must(c.MarkFlagRequired("run"))
	must(c.MarkFlagRequired("output"))
	return c
}

// buildVectors makes a data set of the vectors of a run's plan nmap6.
func (p *program) buildVectors(run, out string) error {
	r, err := nmap6.OpenRun(run)
	if err != nil {
		return err
	}
	t, missing, err := r.Table(nmap6.V793)
	if err != nil {
		return err
	}
	d, err := datasets.FromTable(t)
	if err != nil {
		return err
	}
	if err := d.Write(nil, out); err != nil {
		return err
	}
	left := ""
	if len(missing) > 0 {
		left = fmt.Sprintf("; left out, without answers: %s", strings.Join(missing, ", "))
	}
	p.say("%s: %d vectors of %d features%s", out, len(t.Rows), nmap6.NumFeatures, left)
	return nil
}

// build makes a data set with progress and writes it.
func (p *program) build(ctx context.Context, run, out string, o datasets.BuildOptions) (*datasets.Dataset, error) {
	show := p.stage("build")
	o.Progress = func(done, total int) { show.set(int64(done), int64(total), "") }
	d, err := datasets.Build(ctx, run, o)
	show.end(err == nil)
	if err != nil {
		return nil, err
	}
	if err := d.Write(nil, out); err != nil {
		return nil, err
	}
	p.say("%s: %d machines, %d features in %d partitions; %d probes dropped, %d machines masked for loss",
		out, d.Matrix.Rows(), len(d.Matrix.Columns), len(d.Matrix.Parts), len(d.Meta.LossyProbes), len(d.Meta.LossyMachines))
	return d, nil
}

func (p *program) datasetInfo() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "info FOLDER",
		Short:   "Sum a data set up: machines, features, partitions, what was dropped, labels",
		Example: "  tickle dataset info out/demo/data --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			d, err := datasets.Open(args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(p.stdout, d.Info())
			}
			return d.Info().WriteText(p.stdout)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the summary as JSON")
	return c
}
