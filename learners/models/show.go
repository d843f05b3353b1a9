package models

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"tickle/learners"
	"tickle/learners/all"
	"tickle/learners/modelfile"
)

// The forms in which a model is shown.
const (
	Text = "text"
	Dot  = "dot"
	JSON = "json"
)

// Forms lists them.
var Forms = []string{Text, Dot, JSON}

// Show writes what a file says: where the model came from and what it is; as
// a graph for Graphviz, where it is a tree; or as JSON, {"header", "model"}. In
// lists of weights there are the top largest of each class. Of a model that
// reads no tables it shows where it came from alone.
func Show(ctx context.Context, w io.Writer, f *modelfile.File, o Showing) error {
	shown, err := loaded(ctx, f)
	if err != nil {
		return err
	}
	switch o.Form {
	case Text:
		if err := writeHeader(w, &f.Header); err != nil {
			return err
		}
		if t, ok := shown.(interface{ Text() string }); ok {
			_, err = fmt.Fprintf(w, "\n%s", t.Text())
		} else if t, ok := shown.(interface{ TextTop(n int) string }); ok {
			_, err = fmt.Fprintf(w, "\n%s", t.TextTop(o.Top))
		}
		return err
	case Dot:
		d, ok := shown.(interface{ Dot() string })
		if !ok {
			return fmt.Errorf("model of %s: is no tree: want --format text or json", f.Header.Learner)
		}
		_, err := io.WriteString(w, d.Dot())
		return err
	case JSON:
		var described any
		if d, ok := shown.(interface{ Describe(top int) any }); ok {
			described = d.Describe(o.Top)
		}
		j := json.NewEncoder(w)
		j.SetIndent("", "  ")
		j.SetEscapeHTML(false)
		return j.Encode(struct {
			Header *modelfile.Header `json:"header"`
			Model  any               `json:"model"`
		}{&f.Header, described})
	}
	return fmt.Errorf("format %q: want one of %s", o.Form, strings.Join(Forms, ", "))
}

// loaded gives what a file holds, tied to no data; nil for a model of another
// view, which other commands know.
func loaded(ctx context.Context, f *modelfile.File) (any, error) {
	if f.Header.View != learners.MatrixView.String() {
		return nil, nil
	}
	if f.Header.Role == modelfile.Novelty {
		return all.Novelty().LoadNovelty(ctx, f, &modelfile.Target{})
	}
	return all.Registry().Load(ctx, f, &modelfile.Target{})
}

// Showing says how a model is shown.
type Showing struct {
	Form string // one of Forms
	Top  int    // of a list of weights
}

// writeHeader writes a header as two columns.
func writeHeader(w io.Writer, h *modelfile.Header) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	line := func(name, format string, args ...any) { fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	var options []string
	for _, name := range slices.Sorted(maps.Keys(h.Options)) {
		options = append(options, name+"="+h.Options[name])
	}
	line("learner", "%s (%s, reads the %s)", h.Learner, h.Role, h.View)
	if len(options) > 0 {
		line("options", "%s", strings.Join(options, ","))
	}
	line("classes", "%d: %s", len(h.Classes), shortList(h.Classes))
	if h.Scores != "" {
		line("scores", "%s", h.Scores)
	}
	r := &h.Training
	for _, l := range []struct{ name, value string }{
		{"label", r.Label}, {"fields", r.Fields}, {"data", r.Data}, {"data sha256", r.SHA256}, {"pool", r.Pool}, {"plan", r.Plan},
		{"probes sha256", r.Probes}, {"policies", r.Policies}, {"version", r.Version}, {"command", r.Command},
	} {
		if l.value != "" {
			line(l.name, "%s", l.value)
		}
	}
	if r.Sent > 0 {
		line("probes", "%d, each %d times", r.Sent, r.Repeats)
	}
	line("rows", "%d (%d of modelled machines), %d columns", r.Rows, r.Modelled, r.Columns)
	line("seed", "%d", r.Seed)
	return t.Flush()
}

// shortList writes the first few of a list.
func shortList(list []string) string {
	const few = 12
	if len(list) <= few {
		return strings.Join(list, ", ")
	}
	return strings.Join(list[:few], ", ") + fmt.Sprintf(" and %d more", len(list)-few)
}
