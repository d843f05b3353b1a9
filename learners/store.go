package learners

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"tickle/learners/attributes"
	"tickle/learners/modelfile"
)

// Storable is a Model or a Novelty that can be written to a file. What it
// writes the Load or LoadDetector of its learner's entry reads.
type Storable interface {
	// Store writes the payload of the model's file. An error says why this
	// model cannot be stored.
	Store(e *modelfile.Encoder) error
}

// Stored is a model as Entry.Load finds it in a file. Load reads the payload
// to its end and gives what Fit would have given, tied to the target: its
// rows are those that the model is asked about. A model that was stored and is
// loaded for the data that it was trained on says of every row what it said
// before.
type Stored struct {
	Options Options
	Classes []string
	Payload *modelfile.Decoder
	Target  *modelfile.Target
}

// Store writes the training set for a model that keeps its rows: the selected
// columns, as a table with the training rows, and a class, as an index, for
// each row.
func (t *Train) Store(e *modelfile.Encoder) {
	e.Table(t.Data.Matrix, attributes.Columns(t.Data), t.Rows)
	for _, r := range t.Rows {
		e.Index(int(t.Labels[r]))
	}
}

// Train reads what Train.Store wrote. Its rows come behind those of the
// target, and their labels alone are there.
func (s *Stored) Train(ctx context.Context) (*Train, error) {
	b, err := s.Payload.Table(ctx, s.Target)
	if err != nil {
		return nil, err
	}
	t := &Train{Data: b.Selection, Rows: b.Rows, Classes: s.Classes, Workers: s.Target.Workers}
	t.Labels = make([]int32, b.Matrix.Rows()-len(b.Rows))
	labels := s.Payload.Indices("class", len(b.Rows), len(s.Classes))
	if s.Payload.Err() != nil {
		return nil, s.Payload.Err()
	}
	t.Labels = append(t.Labels, labels...)
	return t, t.Check()
}

// Keep copies what a model keeps of its training set, so that it does not
// depend on what the caller does with the slices.
func (t *Train) Keep() *Train {
	kept := &Train{Data: t.Data, Rows: slices.Clone(t.Rows), Labels: make([]int32, len(t.Labels)), Classes: slices.Clone(t.Classes), Seed: t.Seed, Workers: t.Workers}
	for _, r := range t.Rows {
		kept.Labels[r] = t.Labels[r]
	}
	return kept
}

// Counts gives the number of training rows of each class.
func (t *Train) Counts() []int {
	counts := make([]int, len(t.Classes))
	for _, r := range t.Rows {
		counts[t.Labels[r]]++
	}
	return counts
}

// CountsText writes the training rows of each class, a line a class.
func (t *Train) CountsText() string {
	var b strings.Builder
	for c, n := range t.Counts() {
		fmt.Fprintf(&b, "%s\t%d\n", t.Classes[c], n)
	}
	return b.String()
}

// WriteModel writes a model or novelty that c made. h says what its classes
// are and where it came from; its role, when it has none, is what c makes;
// the rest of it is filled in.
func WriteModel(w io.Writer, c *Configured, made any, h modelfile.Header) error {
	s, ok := made.(Storable)
	if !ok {
		return fmt.Errorf("learner %s: its models cannot be stored", c.Name)
	}
	var e modelfile.Encoder
	if err := s.Store(&e); err != nil {
		return fmt.Errorf("learner %s: %w", c.Name, err)
	}
	h.View, h.Learner, h.Options = c.View.String(), c.Name, maps.Clone(c.settings.values)
	if m, ok := made.(Model); ok {
		h.Scores = m.Kind().String()
	}
	if h.Role == "" {
		if h.Role = modelfile.Classifier; c.Detector != nil {
			h.Role = modelfile.Novelty
		}
	}
	return modelfile.Write(w, &h, e.Bytes())
}

// Load ties a model from a file to a target. Errors are one line.
func (r *Registry) Load(ctx context.Context, f *modelfile.File, to *modelfile.Target) (Model, error) {
	e, s, err := r.stored(f, to)
	switch {
	case err != nil:
		return nil, err
	case f.Header.Role == modelfile.Novelty || e.Load == nil:
		return nil, fmt.Errorf("model of %s, role %s: cannot be loaded as a classifier", e.Name, f.Header.Role)
	}
	m, err := e.Load(ctx, s)
	if err == nil {
		err = s.Payload.End()
	}
	if err != nil {
		return nil, fmt.Errorf("model of %s: %w", e.Name, err)
	}
	if f.Header.Scores != m.Kind().String() {
		return nil, fmt.Errorf("model of %s: scores %.32q: want %s, for its options", e.Name, f.Header.Scores, m.Kind())
	}
	return m, nil
}

// LoadNovelty ties a measure of novelty from a file to a target.
func (r *Registry) LoadNovelty(ctx context.Context, f *modelfile.File, to *modelfile.Target) (Novelty, error) {
	e, s, err := r.stored(f, to)
	switch {
	case err != nil:
		return nil, err
	case f.Header.Role != modelfile.Novelty || e.LoadDetector == nil:
		return nil, fmt.Errorf("model of %s, role %s: cannot be loaded as a measure of novelty", e.Name, f.Header.Role)
	}
	m, err := e.LoadDetector(ctx, s)
	if err == nil {
		err = s.Payload.End()
	}
	if err != nil {
		return nil, fmt.Errorf("model of %s: %w", e.Name, err)
	}
	return m, nil
}

// stored finds the entry of a file and holds its header to it.
func (r *Registry) stored(f *modelfile.File, to *modelfile.Target) (*Entry, *Stored, error) {
	h := &f.Header
	e := r.find(h.Learner)
	switch {
	case e == nil && h.View != MatrixView.String():
		return nil, nil, fmt.Errorf("model of %.64q reads the %.32s view: want one that reads tables", h.Learner, h.View)
	case e == nil:
		return nil, nil, fmt.Errorf("model of %.64q: no such learner", h.Learner)
	case h.View != e.View.String():
		return nil, nil, fmt.Errorf("model of %s: view %.32q: want %s", e.Name, h.View, e.View)
	case len(h.Classes) == 0:
		return nil, nil, fmt.Errorf("model of %s: no classes", e.Name)
	}
	options, err := e.storedOptions(h.Options)
	if err != nil {
		return nil, nil, err
	}
	// A learner's own check of its options.
	if e.New != nil {
		_, err = e.New(options)
	} else {
		_, err = e.NewDetector(options)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("model of %s: %w", e.Name, err)
	}
	if to.Matrix != nil && to.Probes != h.Training.Probes {
		return nil, nil, fmt.Errorf("model of %s: trained on data %s, but this data is %s", e.Name, probeSet(h.Training.Probes), probeSet(to.Probes))
	}
	return e, &Stored{Options: options, Classes: h.Classes, Payload: modelfile.NewDecoder(f.Payload), Target: to}, nil
}

// probeSet names a probe set.
func probeSet(sum string) string {
	if sum == "" {
		return "of no probe set"
	}
	return "of probe set " + sum
}

// storedOptions checks the options of a file: each of e's must be there.
func (e *Entry) storedOptions(values map[string]string) (Options, error) {
	o := Options{make(map[string]string, len(e.Options))}
	for i := range e.Options {
		option := &e.Options[i]
		text, ok := values[option.Name]
		if !ok {
			return o, fmt.Errorf("model of %s: option %s: want a value", e.Name, option.Name)
		}
		v, err := option.canonical(text)
		if err != nil {
			return o, fmt.Errorf("model of %s: option %w", e.Name, err)
		}
		o.values[option.Name] = v
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if _, ok := o.values[name]; !ok {
			return o, fmt.Errorf("model of %s: option %.64q: no such option", e.Name, name)
		}
	}
	return o, nil
}
