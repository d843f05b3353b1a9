package experiments

import (
	"fmt"

	"tickle/datasets"
)

// FieldSet names a choice of the features that learners may use.
type FieldSet string

// The field sets of the paper. What a set holds is the data set's to say,
// for a user may override the catalogue's sources.
const (
	Prone  FieldSet = "prone"  // all fields, those prone to overfitting too
	Vetted FieldSet = "vetted" // only fields that depend on the operating system alone
)

// Data is a data set as experiments read it: the matrix, the choices of its
// features, and where it came from.
type Data struct {
	Matrix *datasets.Matrix
	// Select chooses features. It gives the same selection each time that
	// it is asked for the same set.
	Select func(FieldSet) (*datasets.Selection, error)
	// FilterTrain, where given, does what Select does, but the loss and
	// nondeterminism policies look only at the training rows, and mask
	// what they would have dropped in the others. Nil when the policies
	// dropped nothing that depends on the rows.
	FilterTrain func(set FieldSet, train []int32) (*datasets.Selection, error)
	Origin      Origin
}

// Origin is what a data set knows of where it came from.
type Origin struct {
	Name     string // as the user gave it
	Hash     string // SHA-256 of its content, hex
	Pool     string
	Probes   int // probes in the data
	Dropped  int // probes left out by the loss policy
	Repeats  int
	Policies Policies
}

// provenance says where a result on in comes from.
func provenance(in *Input) Provenance {
	o := &in.Data.Origin
	p := Provenance{
		Data: o.Name, DataHash: o.Hash, Pool: o.Pool,
		Machines: in.Data.Matrix.Rows(), Probes: o.Probes, Dropped: o.Dropped, Repeats: o.Repeats,
		Seed: in.Seed, Version: in.Version, Policies: o.Policies, Command: in.Command,
	}
	groups := make(map[string]bool)
	for i := range in.Data.Matrix.Machines {
		m := &in.Data.Matrix.Machines[i]
		groups[m.Group] = true
		if m.Modelled {
			p.Modelled++
		} else {
			p.Real++
		}
	}
	p.Groups = len(groups)
	return p
}

// modelledWarning says that a result rests on modelled machines, if it does.
func modelledWarning(d *Data) []Warning {
	modelled, n := 0, d.Matrix.Rows()
	for i := range d.Matrix.Machines {
		if d.Matrix.Machines[i].Modelled {
			modelled++
		}
	}
	if modelled == 0 {
		return nil
	}
	return []Warning{{Code: WarnModelled, Text: fmt.Sprintf("%d of %d machines are models of a stack: what is shown holds for the models", modelled, n)}}
}

// labelsOf gives every row its class at one level: indices into names, which
// are ascending.
func labelsOf(m *datasets.Matrix, h datasets.Hierarchy, level int) (labels []int32, names []string) {
	at := make(map[string]int32)
	for i := range m.Machines {
		at[m.Machines[i].Labels.At(h, level)] = 0
	}
	names = sortedKeys(at)
	for i, name := range names {
		at[name] = int32(i)
	}
	labels = make([]int32, m.Rows())
	for i := range labels {
		labels[i] = at[m.Machines[i].Labels.At(h, level)]
	}
	return labels, names
}

// groupsOf gives every row its group: numbers in order of first appearance,
// and how many there are.
func groupsOf(m *datasets.Matrix) (groups []int32, n int) {
	at := make(map[string]int32)
	groups = make([]int32, m.Rows())
	for i := range m.Machines {
		g, ok := at[m.Machines[i].Group]
		if !ok {
			g = int32(len(at))
			at[m.Machines[i].Group] = g
		}
		groups[i] = g
	}
	return groups, len(at)
}
