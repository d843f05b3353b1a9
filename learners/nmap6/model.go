package nmap6

import (
	"errors"
	"fmt"
	"math"
)

// Model is a classifier of vectors: a logistic regression a class, and what the
// class's own vectors were like. Rows of Mean, Variance and Weight are
// classes, and columns are Features. It must not be changed once made.
type Model struct {
	Features []string // names as in this package's Features, in the model's own order
	Scale    []Scale  // of each feature
	Classes  []Class
	Mean     [][]float64 // of scaled vectors
	Variance [][]float64 // of scaled vectors, over their number (not one less)
	Weight   [][]float64 // there is no bias
	C        float64     // the cost it was trained with; 0: not known

	at []int // where each feature stands in a Vector
}

// Scale makes (x+A)·B of a value x that is not below 0.
type Scale struct{ A, B float64 }

// Class is what a model tells apart.
type Class struct {
	Name   string
	Prints int // vectors that it was trained on; 0: not known
	Family string
	OS     []OSClass `json:",omitempty"`
}

// OSClass is one of the systems that a class of Nmap's covers.
type OSClass struct {
	Vendor, Family, Generation, Device string
	CPE                                []string `json:",omitempty"`
}

// Bounds on a model's size, far beyond any that exists.
const (
	maxClasses  = 10_000
	maxNameSize = 1 << 10
)

// check completes a model whose exported fields are set, or says what is wrong
// with it. Every model that this package hands out has passed it.
func (m *Model) check() error {
	n := len(m.Features)
	switch {
	case n == 0 || n > NumFeatures:
		return fmt.Errorf("%d features: want 1 to %d", n, NumFeatures)
	case len(m.Scale) != n:
		return fmt.Errorf("scale: %d features: want %d", len(m.Scale), n)
	case len(m.Classes) == 0 || len(m.Classes) > maxClasses:
		return fmt.Errorf("%d classes: want 1 to %d", len(m.Classes), maxClasses)
	case !(m.C >= 0) || math.IsInf(m.C, 1):
		return fmt.Errorf("cost %v: want a finite number from 0 on", m.C)
	}
	m.at = make([]int, n)
	seen := make(map[string]bool, n)
	for i, name := range m.Features {
		var err error
		if m.at[i], err = FeatureIndex(name); err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("feature %s is there twice", name)
		}
		seen[name] = true
		if !finite(m.Scale[i].A) || !finite(m.Scale[i].B) {
			return fmt.Errorf("scale of %s: (x+%v)·%v: want finite numbers", name, m.Scale[i].A, m.Scale[i].B)
		}
	}
	return m.checkClasses()
}

func (m *Model) checkClasses() error {
	for _, t := range []struct {
		name string
		rows [][]float64
	}{{"mean", m.Mean}, {"variance", m.Variance}, {"weights", m.Weight}} {
		if len(t.rows) != len(m.Classes) {
			return fmt.Errorf("%s: %d classes: want %d", t.name, len(t.rows), len(m.Classes))
		}
		for c, row := range t.rows {
			if len(row) != len(m.Features) {
				return fmt.Errorf("%s of class %d: %d features: want %d", t.name, c, len(row), len(m.Features))
			}
			for i, v := range row {
				if !finite(v) || t.name == "variance" && v < 0 {
					return fmt.Errorf("%s of class %d, feature %s: %v: want a finite number", t.name, c, m.Features[i], v)
				}
			}
		}
	}
	for c := range m.Classes {
		switch class := &m.Classes[c]; {
		case class.Name == "" || len(class.Name) > maxNameSize:
			return fmt.Errorf("class %d: want a name of 1 to %d bytes", c, maxNameSize)
		case class.Prints < 0:
			return fmt.Errorf("class %d: %d prints: want a number from 0 on", c, class.Prints)
		}
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Scaled gives a vector's values in the model's order and scale. What is below
// 0 stays as it is.
func (m *Model) Scaled(v *Vector) []float64 {
	x := make([]float64, len(m.at))
	for i, at := range m.at {
		if x[i] = v[at]; x[i] >= 0 {
			x[i] = (x[i] + m.Scale[i].A) * m.Scale[i].B
		}
	}
	return x
}

// unscaled is the inverse of Scaled for one value of feature i that is not
// missing.
func (m *Model) unscaled(i int, x float64) float64 {
	if m.Scale[i].B == 0 {
		return -m.Scale[i].A
	}
	return x/m.Scale[i].B - m.Scale[i].A
}

// ClassIndex finds a class by name; -1 when there is none. Of several with one
// name it is the first.
func (m *Model) ClassIndex(name string) int {
	for i := range m.Classes {
		if m.Classes[i].Name == name {
			return i
		}
	}
	return -1
}

var errNoVectors = errors.New("no labelled vectors: want one at least")

// ClassLabels gives the classes' names made distinct, as labels must be: of
// several with one name, all but the first have a number, as "X (2)".
func (m *Model) ClassLabels() []string {
	taken := make(map[string]bool, len(m.Classes))
	for i := range m.Classes {
		taken[m.Classes[i].Name] = true
	}
	times := make(map[string]int, len(m.Classes))
	labels := make([]string, len(m.Classes))
	for i := range m.Classes {
		name := m.Classes[i].Name
		labels[i] = name
		for times[name]++; times[name] > 1; times[name]++ {
			if labels[i] = fmt.Sprintf("%s (%d)", name, times[name]); !taken[labels[i]] {
				taken[labels[i]] = true
				break
			}
		}
	}
	return labels
}
