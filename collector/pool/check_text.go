package pool

import (
	"bytes"
	"fmt"
	"io"
	"text/tabwriter"

	"tickle/datasets"
)

// WriteText writes the report for people: a line of counts, the errors and
// warnings one a line, and a table of the corrected V of each variable with
// each level of each hierarchy, where a star marks a confounder.
func (r *CheckReport) WriteText(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "pool %s: %s, %s", r.Pool, plural(r.Machines, "machine"), plural(r.Images, "image"))
	for _, c := range r.Backends {
		fmt.Fprintf(&b, ", %d %s", c.Machines, c.Name)
	}
	fmt.Fprintf(&b, "; %d can run here\n", r.Runnable)
	for _, h := range datasets.Hierarchies {
		fmt.Fprintf(&b, "%s labels:", h)
		for level := range datasets.Levels {
			n := 0
			for _, l := range r.Labels {
				if l.Hierarchy == h.String() && l.Level == level {
					n++
				}
			}
			fmt.Fprintf(&b, " %d at level %d", n, level)
			if level < datasets.Levels-1 {
				b.WriteByte(',')
			}
		}
		b.WriteByte('\n')
	}
	for _, e := range r.Errors {
		fmt.Fprintf(&b, "error: %v\n", e)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", warning.Message)
	}
	r.writeTable(&b)
	_, err := w.Write(b.Bytes())
	return err
}

// writeTable writes a row a variable. Associations come by variable, with the
// levels of each hierarchy in order.
func (r *CheckReport) writeTable(b *bytes.Buffer) {
	if len(r.Associations) == 0 {
		return
	}
	fmt.Fprintf(b, "\nCramér's V with the labels, corrected for bias (Bergsma 2013); * above %g\n", ConfounderV)
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "variable\tvalues")
	for _, h := range datasets.Hierarchies {
		for level := range datasets.Levels {
			fmt.Fprintf(t, "\t%s %d", h, level)
		}
	}
	last := ""
	for _, a := range r.Associations {
		if a.Variable != last {
			fmt.Fprintf(t, "\n%s\t%d", a.Variable, a.Values)
			last = a.Variable
		}
		mark := ""
		if a.Confounder {
			mark = "*"
		}
		if a.Corrected == nil {
			fmt.Fprint(t, "\tn/a")
		} else {
			fmt.Fprintf(t, "\t%.2f%s", *a.Corrected, mark)
		}
	}
	fmt.Fprintln(t)
	t.Flush() // into a buffer: cannot fail
}
