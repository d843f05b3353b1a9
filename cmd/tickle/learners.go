package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tickle/learners"
	"tickle/learners/all"
	"tickle/learners/nmap4"
)

func (p *program) learners() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "learners",
		Short:   "List the learners with their options",
		Example: "  tickle learners",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			// Nmap's reads its own scans: experiments have it by --nmap.
			entries, detectors := append(slices.Clone(all.Registry().Entries()), nmap4.Entry()), all.Novelty().Entries()
			if asJSON {
				return writeJSON(p.stdout, map[string]any{"learners": listEntries(entries), "novelty": listEntries(detectors)})
			}
			w := tabwriter.NewWriter(p.stdout, 0, 8, 2, ' ', 0)
			printEntries(w, entries)
			fmt.Fprintf(w, "\nMeasures of novelty, for train --novelty:\n")
			printEntries(w, detectors)
			fmt.Fprintf(w, "%s\t%s\n", certainty, "How unsure a learner's model is: its highest score, with the other sign.")
			return w.Flush()
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the list as JSON")
	return c
}

// listedOption is an option in the JSON list.
type listedOption struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Default string   `json:"default"`
	Values  []string `json:"values,omitempty"`
	Doc     string   `json:"doc"`
}

// listedEntry is a learner or detector in the JSON list.
type listedEntry struct {
	Name    string         `json:"name"`
	View    string         `json:"view"`
	Summary string         `json:"summary"`
	Options []listedOption `json:"options"`
}

func listEntries(entries []learners.Entry) []listedEntry {
	list := []listedEntry{}
	for _, e := range entries {
		options := []listedOption{}
		for _, o := range e.Options {
			options = append(options, listedOption{o.Name, o.Type, o.Default, o.Values, o.Doc})
		}
		list = append(list, listedEntry{e.Name, e.View.String(), e.Summary, options})
	}
	return list
}

func printEntries(w io.Writer, entries []learners.Entry) {
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
}
