package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tickle/learners/nmap6"
)

// mostListed is how many moves and conflicts are printed; --json has all.
const mostListed = 20

func (p *program) enrich() *cobra.Command {
	var data labelledVectors
	var o nmap6.EnrichOptions
	var model, out, who, when string
	var asJSON bool
	c := &cobra.Command{
		Use:   "enrich",
		Short: "Add labelled vectors to a model of Nmap's kind, and show what changes",
		Long: `Trains the model anew on the vectors that it keeps and the new ones, and prints
the classes that are new, the predictions that moved, the vectors that nothing
tells apart though their labels differ, and the cross-validated accuracy before
and after. The new model keeps who added what, and when.

A model that was imported from Nmap has kept no vectors: those that tickle nmap6
recover gives stand in for them. Most of these are made up, and so is what a
cross-validation finds on them.`,
		Example: "  tickle enrich --model fp.model --data mine.csv --who me@example.org -o mine.model",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			b, err := nmap6.OpenBundle(model)
			if err != nil {
				return err
			}
			rows, digest, err := data.read()
			if err != nil {
				return err
			}
			by, err := addition(who, when)
			if err != nil {
				return err
			}
			by.Source, by.SHA256 = data.path, digest
			next, change, err := b.Enrich(c.Context(), rows, by, o)
			if err != nil {
				return fmt.Errorf("%s: %w", data.path, err)
			}
			next.Training.Version = version()
			if err := p.writeFile(out, next.Write); err != nil {
				return err
			}
			if asJSON {
				return writeJSON(p.stdout, change)
			}
			return printChange(p.stdout, change)
		},
	}
	f := c.Flags()
	f.StringVar(&model, "model", "", "the model's `FILE` (see tickle nmap6 train and import)")
	must(c.MarkFlagRequired("model"))
	data.flags(c, "to add")
	additionFlags(c, &who, &when)
	f.Uint64Var(&o.Seed, "seed", 1, "of the folds and of what is made up")
	f.IntVar(&o.Folds, "folds", 10, "folds of the cross-validation, 2 or more")
	f.Var((*workers)(&o.Workers), "workers", "goroutines; 0: one a processor; changes no result")
	f.BoolVar(&asJSON, "json", false, "print what changed as JSON")
	f.StringVarP(&out, "output", "o", "", "the new model's `FILE`; the old one's name replaces it")
	must(c.MarkFlagRequired("output"))
	return c
}

func printChange(w io.Writer, c *nmap6.Change) error {
	fmt.Fprintf(w, "added              %d vectors; %d were there already\n", c.Added, c.Duplicates)
	if c.MadeUp > 0 {
		fmt.Fprintf(w, "made up            %d vectors that the model did not keep (see tickle nmap6 recover)\n", c.MadeUp)
	}
	fmt.Fprintf(w, "new classes        %d\n", len(c.ClassesAdded))
	for _, name := range c.ClassesAdded {
		fmt.Fprintf(w, "  %s\n", name)
	}
	fmt.Fprintf(w, "accuracy before    %s of the vectors before, cross-validated\n", c.Before)
	fmt.Fprintf(w, "accuracy after     %s of all, %s of those before\n", c.After, c.AfterOfOld)
	fmt.Fprintf(w, "alike, other label %d\n", len(c.Conflicts))
	for _, k := range c.Conflicts[:min(len(c.Conflicts), mostListed)] {
		fmt.Fprintf(w, "  %s, %s: as %s, %s\n", k.ID, k.Label, k.With, k.WithAs)
	}
	fmt.Fprintf(w, "moved predictions  %d\n", len(c.Moved))
	for _, m := range c.Moved[:min(len(c.Moved), mostListed)] {
		kind := ""
		if m.New {
			kind = ", new"
		}
		fmt.Fprintf(w, "  %s (%s%s): %s, before %s\n", m.ID, m.Label, kind, m.After, m.Before)
	}
	if more := max(len(c.Moved), len(c.Conflicts)) - mostListed; more > 0 {
		fmt.Fprintf(w, "--json lists all\n")
	}
	return nil
}
