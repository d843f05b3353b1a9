package experiments

import (
	"fmt"
	"slices"
	"strings"

	"tickle/datasets"
)

// Data is a data set as experiments read it: the matrix, the choices of its
// features, and where it came from. Of makes it of a data set.
type Data struct {
	Matrix *datasets.Matrix
	// Select chooses features.
	Select func(datasets.FieldSet) (*datasets.Selection, error)
	// FilterTrain, where given, does what Select does, but the policies of
	// loss and nondeterminism look only at the training rows, and mask what
	// they would have dropped in the others. Its selection may be of another
	// matrix with the same machines.
	FilterTrain func(set datasets.FieldSet, train []int32) (*datasets.Selection, error)
	// Sources says what the fields' values depend on; nil: the catalogue's.
	Sources *datasets.Sources
	Origin  Origin
	fitted  *fitted // answers of cells, kept for later experiments on this data
}

// SourcesOf gives d's sources, or the catalogue's where d has none.
func (d *Data) SourcesOf() *datasets.Sources {
	if d.Sources == nil {
		return datasets.DefaultSources()
	}
	return d.Sources
}

// VettedFields says which fields the vetted set has: those that depend on
// nothing but the operating system, and never a raw checksum.
func (d *Data) VettedFields() (in [datasets.NumAllFields]bool) {
	sources := d.SourcesOf()
	for f := range datasets.FieldID(datasets.NumAllFields) {
		in[f] = f != datasets.IPChecksum && f != datasets.TCPChecksum && sources.Vetted(f)
	}
	return in
}

// Origin is what a data set knows of where it came from.
type Origin struct {
	Name     string // as the user gave it
	Hash     string // SHA-256 of its content, hex
	Pool     string
	Plan     string // of the run that the data set was built from
	Probes   int    // probes in the data
	Dropped  int    // probes left out by the loss policy
	Repeats  int
	Policies Policies
	// Table is what is known of an imported table, whose columns are of no
	// probes and fields; nil for data from machines.
	Table *datasets.TableMeta
	// Levels is the number of label levels; 0: all that machines have.
	Levels int
}

// levels is the number of label levels of the data.
func (o *Origin) levels() int {
	if o.Levels == 0 {
		return datasets.Levels
	}
	return o.Levels
}

// label names the data in rows: by what it is, not by the folder that it lies
// in, so that equal studies have equal rows.
func (o *Origin) label() string {
	return strings.TrimSpace(o.Pool + " " + o.Hash[:min(8, len(o.Hash))])
}

// Of reads a data set that the user calls name. One that was built with
// datasets.FilterTrain is filtered anew in every fold.
func Of(name string, d *datasets.Dataset) *Data {
	of := &Data{
		Matrix:  d.Matrix,
		Select:  func(set datasets.FieldSet) (*datasets.Selection, error) { return d.Select(set), nil },
		Sources: d.Meta.Sources,
		fitted:  &fitted{cells: make(map[string]said)},
		Origin: Origin{
			Name: name, Hash: d.Hash(), Pool: d.Meta.Pool, Plan: d.Meta.Plan,
			Probes: d.Meta.Sent - len(d.Meta.LossyProbes), Dropped: len(d.Meta.LossyProbes), Repeats: d.Meta.Repeats,
			Policies: Policies{Loss: string(d.Meta.Loss), Nondet: string(d.Meta.Nondet), Filter: d.Meta.Filter},
			Table:    d.Meta.Table, Levels: d.Meta.Levels(),
		},
	}
	if d.Meta.Filter == datasets.FilterTrain {
		of.filterBy(d)
	}
	return of
}

// AlsoFiltered adds to d, whose filter looked at all machines, the same data
// built with datasets.FilterTrain, so that an experiment can show both. Other
// machines, or in another order, are an error.
func (d *Data) AlsoFiltered(train *datasets.Dataset) error {
	if train.Meta.Filter != datasets.FilterTrain {
		return fmt.Errorf("data set %s: filter %s: want %s", d.Origin.Name, train.Meta.Filter, datasets.FilterTrain)
	}
	same := slices.EqualFunc(d.Matrix.Machines, train.Matrix.Machines, func(a, b datasets.Machine) bool { return a.Name == b.Name })
	if !same {
		return fmt.Errorf("data set %s: the one with filter %s has other machines", d.Origin.Name, datasets.FilterTrain)
	}
	d.filterBy(train)
	return nil
}

func (d *Data) filterBy(train *datasets.Dataset) {
	d.FilterTrain = func(set datasets.FieldSet, rows []int32) (*datasets.Selection, error) {
		return train.FilterFor(rows, set), nil
	}
}

// provenance says where a result on in comes from.
func provenance(in *Input) Provenance {
	o := &in.Data.Origin
	p := Provenance{
		Data: o.Name, DataHash: o.Hash, Pool: o.Pool,
		Machines: in.Data.Matrix.Rows(), Probes: o.Probes, Dropped: o.Dropped, Repeats: o.Repeats,
		Seed: in.Seed, Version: in.Version, Policies: o.Policies, Command: in.Command, Table: o.Table != nil,
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

// warningsOf says what of d itself is a reason to doubt any result on it.
func warningsOf(d *Data, p *Provenance) []Warning {
	warnings := []Warning{}
	if p.Modelled > 0 {
		warnings = append(warnings, Warning{Code: WarnModelled, Text: fmt.Sprintf("%d of %d machines are models of a stack: what is shown holds for the models", p.Modelled, p.Machines)})
	}
	if p.Policies.Filter == datasets.FilterAll && (p.Dropped > 0 || p.Policies.Nondet == string(datasets.DropNondet)) {
		warnings = append(warnings, Warning{Code: WarnTransductive, Text: "what was dropped for loss and nondeterminism was decided on all machines, those of the test too, as in the paper"})
	}
	return warnings
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
