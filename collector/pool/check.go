package pool

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"tickle/datasets"
)

// ConfounderV is the corrected Cramér's V above which a variable that is not
// the operating system follows its label too closely to be told from it.
const ConfounderV = 0.3

// EnoughImages is the number of images that a label of the finest level
// should have: folds do not split an image, so a label with one is never
// learnt when it is asked for.
const EnoughImages = 3

// CheckReport is what Check finds in a pool.
type CheckReport struct {
	Pool         string        `json:"pool"`
	Hash         string        `json:"hash"`
	Machines     int           `json:"machines"`
	Runnable     int           `json:"runnable"` // machines without an error
	Images       int           `json:"images"`
	Backends     []Count       `json:"backends"`
	Labels       []LabelCount  `json:"labels"`
	Errors       Errors        `json:"errors"`   // none: the whole pool can be collected on this host
	Warnings     []Warning     `json:"warnings"` // what a study on this pool must live with
	Associations []Association `json:"associations"`
}

// Count is a number of machines.
type Count struct {
	Name     string `json:"name"`
	Machines int    `json:"machines"`
}

// LabelCount is the size of one label.
type LabelCount struct {
	Hierarchy string `json:"hierarchy"`
	Level     int    `json:"level"`
	Label     string `json:"label"`
	Machines  int    `json:"machines"`
	Images    int    `json:"images"`
}

// Warning is something that does not stop a collection but limits what its
// result can show.
type Warning struct {
	Kind    string `json:"kind"` // "images", "confounder" or "clones"
	Message string `json:"message"`
}

// Association is how closely a variable of the machines follows the labels of
// one level.
type Association struct {
	Variable   string   `json:"variable"` // a factor's name, or "backend", "address", "port.open" or "rate"
	Hierarchy  string   `json:"hierarchy"`
	Level      int      `json:"level"`
	Values     int      `json:"values"`    // distinct values, none being one
	Labels     int      `json:"labels"`    // distinct labels
	V          *float64 `json:"v"`         // Cramér's V; nil: n/a
	Corrected  *float64 `json:"corrected"` // without its bias (Bergsma 2013); nil: n/a
	Confounder bool     `json:"confounder"`
}

// Check finds what is wrong with a pool on this host, and what would mislead
// a study on it: backends that are not among backends (by name) and what
// Backend.Check says of each machine as errors; labels of the finest level
// with fewer than EnoughImages images, images that are clones of each other,
// and variables whose corrected V with a level of the labels is above
// ConfounderV as warnings. It starts no machine.
//
// Associations are over machines. The address is the option of that name:
// machines on links of their own have none and share one value.
func Check(p *Pool, backends map[string]Backend) *CheckReport {
	r := &CheckReport{Pool: p.Name, Hash: p.Hash(), Machines: len(p.Machines), Errors: Errors{}, Warnings: []Warning{}}
	r.countBackends(p)
	r.checkMachines(p, backends)
	r.countLabels(p)
	r.findClones(p)
	r.associate(p)
	return r
}

func (r *CheckReport) countBackends(p *Pool) {
	n, images := map[string]int{}, map[string]bool{}
	for i := range p.Machines {
		n[p.Machines[i].Backend]++
		images[p.Machines[i].Image] = true
	}
	for _, name := range slices.Sorted(maps.Keys(n)) {
		r.Backends = append(r.Backends, Count{name, n[name]})
	}
	r.Images = len(images)
}

// checkMachines asks every machine's backend. An error that joins several
// becomes several.
func (r *CheckReport) checkMachines(p *Pool, backends map[string]Backend) {
	known := strings.Join(slices.Sorted(maps.Keys(backends)), ", ")
	for i := range p.Machines {
		m := &p.Machines[i]
		before := len(r.Errors)
		if b := backends[m.Backend]; b == nil {
			r.Errors.add(m.Pos, "machine "+m.Name+": backend", "unknown %q: expected one of %s", m.Backend, known)
		} else {
			r.addError(m, b.Check(m))
		}
		r.addError(m, CheckPath(m.Factors))
		if len(r.Errors) == before {
			r.Runnable++
		}
	}
}

func (r *CheckReport) addError(m *Machine, err error) {
	if err == nil {
		return
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if ok && strings.Contains(err.Error(), "\n") { // errors.Join, not a sentence about two errors
		for _, e := range joined.Unwrap() {
			r.addError(m, e)
		}
		return
	}
	r.Errors.add(m.Pos, "machine "+m.Name, "%v", err)
}

// countLabels counts machines and images, a label's first machine deciding
// its place.
func (r *CheckReport) countLabels(p *Pool) {
	for _, h := range datasets.Hierarchies {
		for level := range datasets.Levels {
			at, images := map[string]int{}, map[[2]string]bool{}
			for i := range p.Machines {
				m := &p.Machines[i]
				label := m.Labels.At(h, level)
				k, ok := at[label]
				if !ok {
					k = len(r.Labels)
					at[label] = k
					r.Labels = append(r.Labels, LabelCount{Hierarchy: h.String(), Level: level, Label: label})
				}
				r.Labels[k].Machines++
				if key := [2]string{label, m.Image}; !images[key] {
					images[key] = true
					r.Labels[k].Images++
				}
			}
		}
	}
	for _, l := range r.Labels {
		if l.Level == datasets.Levels-1 && l.Images < EnoughImages {
			r.warn("images", "%s level %d: %q has %s: expected at least %d", l.Hierarchy, l.Level, l.Label, plural(l.Images, "image"), EnoughImages)
		}
	}
}

// findClones warns of machines of two images between which nothing differs
// but the name: folds keep images together, and would split these.
func (r *CheckReport) findClones(p *Pool) {
	first := map[string]*Machine{}
	warned := map[[2]string]bool{}
	for i := range p.Machines {
		m := &p.Machines[i]
		same := Pool{Machines: []Machine{*m}}
		same.Machines[0].Name, same.Machines[0].Image = "", ""
		key := same.Hash()
		o := first[key]
		if o == nil {
			first[key] = m
			continue
		}
		if images := [2]string{o.Image, m.Image}; o.Image != m.Image && !warned[images] {
			warned[images] = true
			r.warn("clones", "images %q and %q: machines %s and %s differ in nothing: folds may put one in training and one in test", o.Image, m.Image, o.Name, m.Name)
		}
	}
}

func (r *CheckReport) warn(kind, format string, args ...any) {
	r.Warnings = append(r.Warnings, Warning{kind, fmt.Sprintf(format, args...)})
}

// variable is something about machines that is not their label.
type variable struct {
	name string
	of   func(m *Machine) string
}

// variables gives the factors in order, then what every machine has.
func variables(p *Pool) []variable {
	names := map[string]bool{}
	for i := range p.Machines {
		for name := range p.Machines[i].Factors {
			names[name] = true
		}
	}
	var out []variable
	for _, name := range slices.Sorted(maps.Keys(names)) {
		out = append(out, variable{name, func(m *Machine) string {
			if v, ok := m.Factors[name]; ok {
				return "=" + v // "" is not the same as none
			}
			return ""
		}})
	}
	return append(out,
		variable{"backend", func(m *Machine) string { return m.Backend }},
		variable{"address", func(m *Machine) string { return m.Options["address"] }},
		variable{"port.open", func(m *Machine) string { return strconv.Itoa(int(m.Ports.Open)) }},
		variable{"rate", func(m *Machine) string { return strconv.FormatFloat(m.Rate, 'g', -1, 64) }},
	)
}

func (r *CheckReport) associate(p *Pool) {
	values := make([]string, len(p.Machines))
	each := func(of func(m *Machine) string) ([]int, int) {
		for i := range p.Machines {
			values[i] = of(&p.Machines[i])
		}
		return codes(values)
	}
	for _, v := range variables(p) {
		x, nx := each(v.of)
		for _, h := range datasets.Hierarchies {
			for level := range datasets.Levels {
				y, ny := each(func(m *Machine) string { return m.Labels.At(h, level) })
				plain, corrected := cramer(x, y)
				a := Association{Variable: v.name, Hierarchy: h.String(), Level: level, Values: nx, Labels: ny,
					V: defined(plain), Corrected: defined(corrected), Confounder: corrected > ConfounderV}
				r.Associations = append(r.Associations, a)
				if a.Confounder && (level > 0 || h == datasets.Kernel) { // level 0 is the same in both
					r.warn("confounder", "%s follows %s level %d (Cramér's V %.2f, %d of %s with one value alone): a learner may learn it instead of the system",
						v.name, h, level, corrected, determined(x, y), plural(ny, "label"))
				}
			}
		}
	}
}

// determined counts the categories of y in which x has one value.
func determined(x, y []int) int {
	values := map[int]map[int]bool{}
	for i := range x {
		if values[y[i]] == nil {
			values[y[i]] = map[int]bool{}
		}
		values[y[i]][x[i]] = true
	}
	n := 0
	for _, v := range values {
		if len(v) == 1 {
			n++
		}
	}
	return n
}

// defined turns what is not a number into nil, which JSON can say.
func defined(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

// plural counts things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
