package pool

import (
	"fmt"
	"strings"

	"tickle/datasets"
)

// Select keeps the machines that match any of the patterns, in the pool's
// order; with no patterns it keeps all. A pattern is one or more terms joined
// by commas, all of which must hold. A term is
//
//	GLOB       the machine's name matches
//	KEY=GLOB   KEY is kernel or distribution (a label of any level matches),
//	           backend, image, or the name of a factor
//	!TERM      the term does not hold
//
// In a glob * is any text, also with slashes, and ? any one character. A
// factor that a machine does not have is "". A pattern that matches nothing
// is an error, for it is likely misspelt.
func (p *Pool) Select(patterns ...string) (*Pool, error) {
	if len(patterns) == 0 {
		return p, nil
	}
	keep := make([]bool, len(p.Machines))
	for _, pattern := range patterns {
		found := false
		for i := range p.Machines {
			if matches(&p.Machines[i], pattern) {
				keep[i], found = true, true
			}
		}
		if !found {
			return nil, fmt.Errorf("pool %s: pattern %q matches no machine", p.Name, pattern)
		}
	}
	out := &Pool{Name: p.Name}
	for i, k := range keep {
		if k {
			out.Machines = append(out.Machines, p.Machines[i])
		}
	}
	return out, nil
}

func matches(m *Machine, pattern string) bool {
	for term := range strings.SplitSeq(pattern, ",") {
		rest, negated := strings.CutPrefix(strings.TrimSpace(term), "!")
		if matchesTerm(m, rest) == negated {
			return false
		}
	}
	return true
}

func matchesTerm(m *Machine, term string) bool {
	key, pattern, ok := strings.Cut(term, "=")
	if !ok {
		return glob(term, m.Name)
	}
	switch key {
	case "backend":
		return glob(pattern, m.Backend)
	case "image":
		return glob(pattern, m.Image)
	}
	h, err := datasets.ParseHierarchy(key)
	if err != nil {
		return glob(pattern, m.Factors[key])
	}
	for level := range datasets.Levels {
		if glob(pattern, m.Labels.At(h, level)) {
			return true
		}
	}
	return false
}

// glob matches greedily and goes back to the last star alone, which is enough
// because a later star can take whatever an earlier one could.
func glob(pattern, s string) bool {
	p, t := []rune(pattern), []rune(s)
	i, j, star, mark := 0, 0, -1, 0
	for j < len(t) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == t[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

// Listing is what "pool list --json" prints.
type Listing struct {
	Machines []Listed `json:"machines"`
}

// Listed is one machine of a Listing.
type Listed struct {
	Name    string            `json:"name"`
	Backend string            `json:"backend"`
	Stack   string            `json:"stack"` // "" when the backend is unknown
	Image   string            `json:"image"`
	Labels  datasets.Labels   `json:"labels"`
	Factors map[string]string `json:"factors"`
}

// List gives the machines with the stack that each one's backend names.
func List(p *Pool, backends map[string]Backend) *Listing {
	l := &Listing{Machines: make([]Listed, len(p.Machines))}
	for i := range p.Machines {
		m := &p.Machines[i]
		e := Listed{Name: m.Name, Backend: m.Backend, Image: m.Image, Labels: m.Labels, Factors: m.Factors}
		if b := backends[m.Backend]; b != nil {
			e.Stack = b.Stack(m)
		}
		if e.Factors == nil {
			e.Factors = map[string]string{}
		}
		l.Machines[i] = e
	}
	return l
}
