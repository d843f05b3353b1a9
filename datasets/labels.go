package datasets

import "fmt"

// Levels is the number of levels in a hierarchy, from coarse (0) to fine.
const Levels = 3

// Hierarchy names one of the two ways of saying what a machine is.
type Hierarchy uint8

// The hierarchies. The zero value is invalid.
const (
	_ Hierarchy = iota
	Kernel
	Distribution
	Given // the labels of an imported table, in its own levels; kept as Kernel is
)

// Hierarchies lists those of machines in the order in which results show them.
var Hierarchies = [...]Hierarchy{Kernel, Distribution}

// String gives the name used in files and flags.
func (h Hierarchy) String() string {
	switch h {
	case Kernel:
		return "kernel"
	case Distribution:
		return "distribution"
	case Given:
		return "label"
	}
	return fmt.Sprintf("Hierarchy(%d)", uint8(h))
}

// ParseHierarchy reads a name that String gives.
func ParseHierarchy(s string) (Hierarchy, error) {
	for _, h := range [...]Hierarchy{Kernel, Distribution, Given} {
		if h.String() == s {
			return h, nil
		}
	}
	return 0, fmt.Errorf("hierarchy %q: want kernel or distribution", s)
}

// Labels is the truth about a machine. Level 0 is the same set of labels in
// both hierarchies. A label names its ancestors where it needs to be unique
// (kernel: "Linux", "Linux 2.6", "Linux 2.6.32").
type Labels struct {
	Kernel       [Levels]string `json:"kernel" yaml:"kernel"`
	Distribution [Levels]string `json:"distribution" yaml:"distribution"`
}

// At gives the label of one level; it panics on an invalid hierarchy or level.
func (l *Labels) At(h Hierarchy, level int) string {
	switch h {
	case Kernel, Given:
		return l.Kernel[level]
	case Distribution:
		return l.Distribution[level]
	}
	panic("datasets: " + h.String())
}

// Machine is what a data set knows of a row. Group is what folds may not
// split: the machine's image.
type Machine struct {
	Name     string            `json:"name"`
	Group    string            `json:"group"`
	Backend  string            `json:"backend"`
	Stack    string            `json:"stack"`
	Modelled bool              `json:"modelled"` // answers come from a model of a stack, not from a real one
	Labels   Labels            `json:"labels"`
	Factors  map[string]string `json:"factors,omitempty"`
}
