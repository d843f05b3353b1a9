package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tickle/collector/lab"
	"tickle/collector/pool"
)

func (p *program) poolFetch() *cobra.Command {
	var o lab.Options
	c := &cobra.Command{
		Use:   "fetch [POOL]",
		Short: "Download and build what a pool's machines run: kernels, stacks, libraries",
		Long: `Downloads and builds what the machines of a pool (default: lab) run, into the lab
folder (TICKLE_LAB, else tickle/lab in the user's cache): Linux kernels and
libraries from the Debian archive that this machine's apt is set up with, Go
modules and toolchains through the go command. Nothing is installed. What cannot
be had is named, with the reason, and the rest goes on; what is there already is
kept.`,
		Example: "  tickle pool fetch lab --only 'stack/*'",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			name := "lab"
			if len(args) > 0 {
				name = args[0]
			}
			pl, err := pool.Load(name)
			if err != nil {
				return err
			}
			o.Pool = pl
			if !p.quiet {
				o.Log = p.stderr
			}
			m, err := lab.Fetch(c.Context(), o)
			if err != nil {
				return err
			}
			if err := printLab(p.stdout, m); err != nil {
				return err
			}
			if !slices.ContainsFunc(m.Items, func(it lab.Item) bool { return it.Missing == "" }) {
				return fmt.Errorf("pool %s: none of its %d items could be had", name, len(m.Items))
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&o.Dir, "dir", "", "the lab's `FOLDER`")
	f.StringSliceVar(&o.Only, "only", nil, "only items that match `KIND/NAME`, with *")
	f.StringVar(&o.Source, "source", "", "Tickle's source `FOLDER`, of which guests' first process is built (default: found from here)")
	return c
}

// printLab lists what the lab has and what not, and why.
func printLab(w io.Writer, m *lab.Manifest) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "kind\tname\tversion\torigin")
	var missing []string
	for i := range m.Items {
		it := &m.Items[i]
		if it.Missing != "" {
			missing = append(missing, fmt.Sprintf("missing: %s %s: %s", it.Kind, it.Name, it.Missing))
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", it.Kind, it.Name, it.Version, it.Origin)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(missing) > 0 {
		_, err := fmt.Fprintln(w, strings.Join(missing, "\n"))
		return err
	}
	return nil
}
