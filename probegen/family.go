package probegen

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tickle/nearest"
)

// MaxProbes is the largest set that is made or read.
const MaxProbes = 10_000_000

// Family describes a kind of probe set.
type Family struct {
	Name    string
	Summary string   // one line
	Version int      // of the generator; higher whenever the same config gives other bytes
	Probes  int      // that a set of the family has without options; 0: as many as are asked for
	Options []Option // in the order in which they are shown
}

// The types of an option.
const (
	PercentOption = "percent" // a whole number from 0 to 100
	IntOption     = "int"     // a whole number within the bounds that Doc gives
)

// Option describes one option of a family.
type Option struct {
	Name    string
	Type    string // PercentOption or IntOption
	Default string
	Doc     string // one sentence, with the unit
	min     int
	max     int
}

// Config says which set of a family is wanted.
type Config struct {
	N       int               // probes, 1 to MaxProbes; 0: the family's own number, where it has one
	Seed    uint64            // of all random streams
	Options map[string]string // by name; those left out have their defaults
}

// generator is a family and the way its probes are made.
type generator struct {
	Family
	// check says what is wrong with options that are right one by one; nil: nothing.
	check func(o options) error
	// probe makes one probe without its id from the probe's own stream.
	probe func(r *stream, o options) Probe
	// set takes the place of probe in a family of a fixed number: it makes all
	// of them, without ids, from the stream of probe 0.
	set  func(r *stream, o options) []Probe
	plan *Plan // how a set is sent; nil: at random
}

// generators in the order of Families.
var generators = []generator{randomFamily, nmap4Family, nmap6Family, dialogueFamily}

// Families lists what Generate can make.
func Families() []Family {
	fs := make([]Family, len(generators))
	for i, g := range generators {
		fs[i] = g.Family
		fs[i].Options = slices.Clone(g.Options)
	}
	return fs
}

// Generate makes a set of the family. The same family, version and config give
// the same set on any machine, and probe i does not depend on cfg.N. A family
// or option that does not exist, a number of probes out of range and a value
// that does not fit are errors, which name the nearest name or the range.
func Generate(family string, cfg Config) (*Set, error) {
	i := slices.IndexFunc(generators, func(g generator) bool { return g.Name == family })
	if i < 0 {
		names := make([]string, len(generators))
		for j, g := range generators {
			names[j] = g.Name
		}
		return nil, fmt.Errorf("family %q: no such family%s", family, suggest(family, names))
	}
	g := &generators[i]
	if g.Probes == 0 && (cfg.N < 1 || cfg.N > MaxProbes) {
		return nil, fmt.Errorf("family %s: n: want 1 to %d probes, have %d", family, MaxProbes, cfg.N)
	}
	o, err := g.resolve(cfg.Options)
	if err != nil {
		return nil, fmt.Errorf("family %s: %w", family, err)
	}
	probes := g.probes(newStream(g.Name, g.Version, cfg.Seed), o, cfg.N)
	if cfg.N != 0 && cfg.N != len(probes) {
		return nil, fmt.Errorf("family %s: n: want %d, the number of its probes, have %d", family, len(probes), cfg.N)
	}
	s := &Set{
		Header: Header{
			Format:  Format,
			Family:  g.Name,
			Version: g.Version,
			Seed:    cfg.Seed,
			N:       len(probes),
			Options: g.changed(o),
			Plan:    g.plan.clone(),
		},
		Probes: probes,
	}
	for id := range s.Probes {
		s.Probes[id].ID = id
	}
	return s, nil
}

// probes makes n probes without ids.
func (g *generator) probes(r *stream, o options, n int) []Probe {
	r.restart(0)
	if g.set != nil {
		return g.set(r, o)
	}
	all := make([]Probe, n)
	for id := range all {
		r.restart(id)
		all[id] = g.probe(r, o)
	}
	return all
}

// options holds a value for each option of a family.
type options map[string]int

// resolve reads the given values and adds the defaults. Of several mistakes it
// reports the first by name.
func (g *generator) resolve(given map[string]string) (options, error) {
	o := options{}
	for _, d := range g.Options {
		v, err := d.parse(d.Default)
		if err != nil {
			panic(err) // a default of our own
		}
		o[d.Name] = v
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		i := slices.IndexFunc(g.Options, func(d Option) bool { return d.Name == name })
		if i < 0 {
			names := make([]string, len(g.Options))
			for j, d := range g.Options {
				names[j] = d.Name
			}
			return nil, fmt.Errorf("option %q: no such option%s", name, suggest(name, names))
		}
		v, err := g.Options[i].parse(given[name])
		if err != nil {
			return nil, err
		}
		o[name] = v
	}
	if g.check == nil {
		return o, nil
	}
	return o, g.check(o)
}

func (d *Option) parse(value string) (int, error) {
	v, err := strconv.Atoi(value)
	if err != nil || v < d.min || v > d.max {
		return 0, fmt.Errorf("option %s: want a whole number from %d to %d, have %q", d.Name, d.min, d.max, value)
	}
	return v, nil
}

// changed gives the options that are not at their defaults, nil when all are.
func (g *generator) changed(o options) map[string]string {
	var changed map[string]string
	for _, d := range g.Options {
		v := strconv.Itoa(o[d.Name])
		if v == d.Default {
			continue
		}
		if changed == nil {
			changed = map[string]string{}
		}
		changed[d.Name] = v
	}
	return changed
}

// checkTotal says whether shares that exclude each other are more than all.
func checkTotal(o options, names ...string) error {
	total := 0
	for _, name := range names {
		total += o[name]
	}
	if total > 100 {
		return fmt.Errorf("options %s: want at most 100 percent together, have %d", strings.Join(names, ", "), total)
	}
	return nil
}

// suggest ends an error about an unknown name with the nearest known one, or
// with all of them when none is near.
func suggest(name string, known []string) string {
	if best, d := nearest.Name(name, known); d <= len(name)/2 {
		return fmt.Sprintf("; did you mean %s?", best)
	}
	return "; want " + strings.Join(known, ", ")
}
