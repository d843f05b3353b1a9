package learners

import (
	"context"
	"fmt"
	"strings"
)

// View is what a learner reads of a machine.
type View uint8

// The views. The zero value is invalid.
const (
	_          View = iota
	MatrixView      // the nominal columns of a Selection
	VectorView      // dense numbers: imported tables, the vectors of IPv6
	Nmap4View       // the tests of Nmap's first engine
	Nmap6View       // the answers to Nmap's IPv6 probes
	TimingView      // times of retransmissions
)

// String gives the name used in lists and errors.
func (v View) String() string {
	switch v {
	case MatrixView:
		return "matrix"
	case VectorView:
		return "vector"
	case Nmap4View:
		return "nmap4"
	case Nmap6View:
		return "nmap6"
	case TimingView:
		return "timing"
	}
	return fmt.Sprintf("View(%d)", uint8(v))
}

// Entry is a kind of learner, as a learner's package offers it.
type Entry struct {
	Name    string // as in a specification: lower case, no ':', ',', ';' or '='
	Summary string // one sentence
	View    View
	Options []Option
	// New makes a learner. Its argument holds a well-formed value for every
	// one of Options, the default where none was given.
	New func(Options) (Learner, error)
	// NewDetector makes a detector instead. An entry has New or NewDetector.
	NewDetector func(Options) (Detector, error)
	// Load reads what the model's Store wrote; nil for a learner whose models
	// cannot be stored. It may be asked to read anything: what is no model is
	// an error, and never more memory than the payload's size justifies.
	Load func(ctx context.Context, s *Stored) (Model, error)
	// LoadDetector is Load of a detector.
	LoadDetector func(ctx context.Context, s *Stored) (Novelty, error)
}

// Configured is a learner made by Parse.
type Configured struct {
	Name    string
	Options string // those that differ from their default, as "k=1,missing=skip", in the entry's order
	Label   string // Name, or "Name:Options": what Parse reads, and results show
	View    View
	Learner Learner
	// Detector is there instead of Learner when the entry is of one. A
	// registry holds either learners or detectors, as a rule, so that whoever
	// parses knows which to expect.
	Detector Detector

	settings Options // all of them
}

// Registry holds entries by name. It does not change once made.
type Registry struct {
	entries []Entry
}

// NewRegistry makes a registry of entries, kept in the order given. It panics
// when two have one name, or when an entry is malformed: a nameless or
// viewless one, one without New and NewDetector or with both, or with an option whose default is not a
// value of its type. These are errors in the program, not in its input.
func NewRegistry(entries ...Entry) *Registry {
	r := &Registry{}
	for _, e := range entries {
		if e.Name == "" || strings.ContainsAny(e.Name, ":,;= ") || e.View == 0 || (e.New == nil) == (e.NewDetector == nil) {
			panic(fmt.Sprintf("learners: malformed entry %q", e.Name))
		}
		if r.find(e.Name) != nil {
			panic(fmt.Sprintf("learners: two entries named %q", e.Name))
		}
		for i := range e.Options {
			o := &e.Options[i]
			if _, err := o.canonical(o.Default); err != nil {
				panic(fmt.Sprintf("learners: %s: default of %s: %v", e.Name, o.Name, err))
			}
		}
		r.entries = append(r.entries, e)
	}
	return r
}

// Entries gives the entries in the registry's order. They must not be
// changed.
func (r *Registry) Entries() []Entry { return r.entries }

// Parse reads a list of learners with options, as
//
//	forest:trees=300,depth=8;ibk:k=1
//
// Learners are separated by ';', and by ',' after one without options
// ("forest,ibk"). Spaces around names and values are ignored. An unknown
// learner, option or value is an error that names the nearest known one. Two
// learners that are the same with the same options are an error, for results
// could not tell them apart.
func (r *Registry) Parse(spec string) ([]Configured, error) {
	var list []Configured
	for _, part := range splitSpec(spec) {
		c, err := r.configure(part)
		if err != nil {
			return nil, err
		}
		for i := range list {
			if list[i].Label == c.Label {
				return nil, fmt.Errorf("learners %q: %s is there twice", spec, c.Label)
			}
		}
		list = append(list, c)
	}
	return list, nil
}

// splitSpec cuts a specification into one part a learner.
func splitSpec(spec string) []string {
	var parts []string
	for _, part := range strings.Split(spec, ";") {
		for {
			name, rest, more := strings.Cut(part, ",")
			if !more || strings.Contains(name, ":") {
				break
			}
			parts = append(parts, name)
			part = rest
		}
		parts = append(parts, part)
	}
	return parts
}

// configure makes the learner of one part of a specification.
func (r *Registry) configure(part string) (Configured, error) {
	name, text, given := strings.Cut(part, ":")
	name = strings.TrimSpace(name)
	e := r.find(name)
	if e == nil {
		names := make([]string, len(r.entries))
		for i := range r.entries {
			names[i] = r.entries[i].Name
		}
		return Configured{}, fmt.Errorf("learner %q: %s", name, unknown("learner", name, names))
	}
	if given && strings.TrimSpace(text) == "" {
		return Configured{}, fmt.Errorf("learner %q: want options as name=value after ':'", part)
	}
	values, err := e.parseOptions(text)
	if err != nil {
		return Configured{}, err
	}
	c := Configured{Name: e.Name, Label: e.Name, View: e.View, settings: values}
	if e.New != nil {
		c.Learner, err = e.New(values)
	} else {
		c.Detector, err = e.NewDetector(values)
	}
	if err != nil {
		return Configured{}, fmt.Errorf("learner %s: %w", e.Name, err)
	}
	if c.Options = values.nonDefault(e); c.Options != "" {
		c.Label += ":" + c.Options
	}
	return c, nil
}

func (r *Registry) find(name string) *Entry {
	for i := range r.entries {
		if r.entries[i].Name == name {
			return &r.entries[i]
		}
	}
	return nil
}
