package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tickle/learners/all"
)

func (p *program) learners() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "learners",
		Short:   "List the learners with their options",
		Example: "  tickle learners",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			entries := all.Registry().Entries()
			if asJSON {
				type option struct {
					Name    string   `json:"name"`
					Type    string   `json:"type"`
					Default string   `json:"default"`
					Values  []string `json:"values,omitempty"`
					Doc     string   `json:"doc"`
				}
				type entry struct {
					Name    string   `json:"name"`
					View    string   `json:"view"`
					Summary string   `json:"summary"`
					Options []option `json:"options"`
				}
				list := []entry{}
				for _, e := range entries {
					options := []option{}
					for _, o := range e.Options {
						options = append(options, option{o.Name, o.Type, o.Default, o.Values, o.Doc})
					}
					list = append(list, entry{e.Name, e.View.String(), e.Summary, options})
				}
				return writeJSON(p.stdout, map[string]any{"learners": list})
			}
			w := tabwriter.NewWriter(p.stdout, 0, 8, 2, ' ', 0)
			for _, e := range entries {
				fmt.Fprintf(w, "%s\t%s\n", e.Name, e.Summary)
				for _, o := range e.Options {
					kind := o.Type
					if len(o.Values) > 0 {
						kind = strings.Join(o.Values, "|")
					}
					fmt.Fprintf(w, "  %s=%s\t%s (%s)\n", o.Name, o.Default, o.Doc, kind)
				}
			}
			return w.Flush()
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the list as JSON")
	return c
}
