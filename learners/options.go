package learners

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"tickle/nearest"
)

// The types of an option.
const (
	IntOption    = "int"    // a decimal number in 32 bits
	FloatOption  = "float"  // a finite number
	BoolOption   = "bool"   // true or false
	ChoiceOption = "choice" // one of Option.Values
)

// Option describes one option of a learner.
type Option struct {
	Name    string
	Type    string // IntOption, FloatOption, BoolOption or ChoiceOption
	Default string
	Doc     string   // one sentence, with the unit or range
	Values  []string // of a ChoiceOption
}

// canonical reads a value and writes it in the one way that equal values
// share ("08" is "8").
func (o *Option) canonical(value string) (string, error) {
	switch o.Type {
	case IntOption:
		v, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return "", fmt.Errorf("%s=%s: want a whole number from %d to %d", o.Name, value, math.MinInt32, math.MaxInt32)
		}
		return strconv.FormatInt(v, 10), nil
	case FloatOption:
		v, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return "", fmt.Errorf("%s=%s: want a number", o.Name, value)
		}
		return strconv.FormatFloat(v, 'g', -1, 64), nil
	case BoolOption:
		if value != "true" && value != "false" {
			return "", fmt.Errorf("%s=%s: want true or false", o.Name, value)
		}
		return value, nil
	case ChoiceOption:
		if !slices.Contains(o.Values, value) {
			return "", fmt.Errorf("%s=%s: %s", o.Name, value, unknown("value", value, o.Values))
		}
		return value, nil
	}
	return "", fmt.Errorf("option %s has the unknown type %q", o.Name, o.Type)
}

// Options holds a value for each of an entry's options. Asking for an option
// that the entry does not declare, or by another type than it declares, is an
// error in the learner's code and panics.
type Options struct {
	values map[string]string
}

// Int gives the value of an IntOption.
func (o Options) Int(name string) int {
	v, err := strconv.Atoi(o.Text(name))
	if err != nil {
		panic("learners: option " + name + " is no int")
	}
	return v
}

// Float gives the value of a FloatOption.
func (o Options) Float(name string) float64 {
	v, err := strconv.ParseFloat(o.Text(name), 64)
	if err != nil {
		panic("learners: option " + name + " is no float")
	}
	return v
}

// Bool gives the value of a BoolOption.
func (o Options) Bool(name string) bool { return o.Text(name) == "true" }

// Text gives the value of a ChoiceOption, or the text of any other.
func (o Options) Text(name string) string {
	v, ok := o.values[name]
	if !ok {
		panic("learners: option " + name + " is not declared")
	}
	return v
}

// nonDefault writes the options of e that differ from their default.
func (o Options) nonDefault(e *Entry) string {
	var parts []string
	for i := range e.Options {
		opt := &e.Options[i]
		if d, _ := opt.canonical(opt.Default); d != o.values[opt.Name] {
			parts = append(parts, opt.Name+"="+o.values[opt.Name])
		}
	}
	return strings.Join(parts, ",")
}

// parseOptions reads "name=value,name=value"; what it does not name has its
// default.
func (e *Entry) parseOptions(text string) (Options, error) {
	values := make(map[string]string, len(e.Options))
	names := make([]string, len(e.Options))
	for i := range e.Options {
		names[i] = e.Options[i].Name
	}
	fields := strings.Split(text, ",")
	if strings.TrimSpace(text) == "" {
		fields = nil
	}
	for _, field := range fields {
		name, value, ok := strings.Cut(field, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok {
			return Options{}, fmt.Errorf("learner %s: option %q: want name=value (learners after one with options are separated by ';')", e.Name, name)
		}
		i := slices.Index(names, name)
		if i < 0 {
			return Options{}, fmt.Errorf("learner %s: option %q: %s", e.Name, name, unknown("option", name, names))
		}
		if _, twice := values[name]; twice {
			return Options{}, fmt.Errorf("learner %s: option %s is given twice", e.Name, name)
		}
		v, err := e.Options[i].canonical(value)
		if err != nil {
			return Options{}, fmt.Errorf("learner %s: option %w", e.Name, err)
		}
		values[name] = v
	}
	for i := range e.Options {
		if _, ok := values[names[i]]; !ok {
			values[names[i]], _ = e.Options[i].canonical(e.Options[i].Default)
		}
	}
	return Options{values}, nil
}

// unknown says that no thing has this name, and which of known comes
// nearest by edit distance, the first of equals.
func unknown(thing, name string, known []string) string {
	if len(known) == 0 {
		return "there is no " + thing + " at all"
	}
	best, _ := nearest.Name(name, known)
	return fmt.Sprintf("no such %s; the nearest is %q", thing, best)
}
