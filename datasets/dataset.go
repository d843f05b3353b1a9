package datasets

import (
	"fmt"
	"slices"
)

// DatasetFormat is the format of the data set folders that this program writes.
const DatasetFormat = "tickle-dataset/1"

// LossPolicy says what a lossy probe costs.
type LossPolicy string

// The loss policies. Empty is DropProbe for a pool of modelled machines only
// and MaskLoss for any other.
const (
	DropProbe LossPolicy = "drop-probe" // a probe lossy on any machine is left out for all: the paper's
	MaskLoss  LossPolicy = "mask"       // its cells are missing on that machine
)

// NondetPolicy says what a nondeterministic field costs.
type NondetPolicy string

// The nondeterminism policies. Empty is MaskNondet.
const (
	MaskNondet NondetPolicy = "mask"     // the cell is missing
	DropNondet NondetPolicy = "drop"     // the feature goes where it varies on any machine
	Category   NondetPolicy = "category" // varying is a value of its own
)

// Filter says which machines decide what is dropped.
type Filter string

// The filters. Empty is FilterAll.
const (
	// FilterAll looks at all machines when the data set is built: the paper's
	// protocol, and transductive.
	FilterAll Filter = "all"
	// FilterTrain masks when the data set is built; what DropProbe and
	// DropNondet would drop is decided by FilterFor on training rows.
	FilterTrain Filter = "train"
)

// FieldSet names the fields that a learner may use.
type FieldSet string

// The field sets.
const (
	Prone  FieldSet = "prone"  // every field, prone to overfitting or not
	Vetted FieldSet = "vetted" // those that depend on nothing but the operating system
)

// ParseFieldSet reads a field set's name.
func ParseFieldSet(s string) (FieldSet, error) {
	switch f := FieldSet(s); f {
	case Prone, Vetted:
		return f, nil
	}
	return "", fmt.Errorf("fields %q: want prone or vetted", s)
}

// Meta says where a data set came from and what was left out of it.
type Meta struct {
	Format    string       `json:"format"`
	Catalogue int          `json:"catalogue"` // CatalogueVersion
	Pool      string       `json:"pool"`
	PoolHash  string       `json:"pool_sha256"`
	Plan      string       `json:"plan"`
	Probes    string       `json:"probes_sha256"`
	Seed      uint64       `json:"seed"`
	Sent      int          `json:"probes"` // of the plan
	Repeats   int          `json:"repeats"`
	Modelled  int          `json:"modelled"` // machines whose answers come from a model
	Loss      LossPolicy   `json:"loss"`
	Nondet    NondetPolicy `json:"nondet"`
	Filter    Filter       `json:"filter"`

	LossyCells     int64          `json:"lossy_cells"`              // (machine, probe) pairs, in dialogues (machine, probe, step, answer), dropped or masked
	LossyProbes    []int32        `json:"lossy_probes,omitempty"`   // dropped
	LossyMachines  []LossyMachine `json:"lossy_machines,omitempty"` // masked, and dropping nothing for others
	Missing        []string       `json:"missing,omitempty"`        // machines of the plan without summaries
	NondetCells    int64          `json:"nondet_cells"`             // (machine, probe, field) in the probes kept
	NondetFeatures int64          `json:"nondet_features"`          // dropped

	Dialogues bool              `json:"dialogues,omitempty"` // columns are of steps and answers
	Table     *TableMeta        `json:"table,omitempty"`     // of an imported table alone
	Columns   int               `json:"columns"`
	Sources   *Sources          `json:"sources"`
	SHA256    string            `json:"sha256"`          // of all of the above and the contents
	Files     map[string]string `json:"files,omitempty"` // of a data set on disk: seals by name
}

// LossyMachine is a machine that was lossy on more than 1 % of the probes.
type LossyMachine struct {
	Name   string `json:"name"`
	Probes int    `json:"probes"`
}

// Pair is a probe, or a place for an answer in a dialogue, on a machine.
type Pair struct {
	Probe   int32
	Machine int32 // row
	Step    uint8 `json:",omitempty"` // as in Slot
	Answer  uint8 `json:",omitempty"`
}

func (p *Pair) slot() Slot { return Slot{p.Probe, p.Step, p.Answer} }

// Dataset is a matrix with its provenance. It must not be changed.
type Dataset struct {
	Meta   Meta
	Matrix *Matrix
	// Lossy has the lossy pairs among the probes of the matrix, in order of
	// probe, then machine: what tells their missing cells from
	// nondeterministic ones.
	Lossy []Pair
}

// Hash is the SHA-256 of the contents and their provenance, hexadecimal.
func (d *Dataset) Hash() string { return d.Meta.SHA256 }

// keeps reports whether a field is in a set. The columns of an imported table
// are in every set, for nothing is known of what they depend on.
func (d *Dataset) keeps(fields FieldSet, f FieldID) bool {
	return fields == Prone || d.Meta.Table != nil || f != IPChecksum && f != TCPChecksum && d.Meta.Sources.Vetted(f)
}

// Fields says which fields are in a set, or that there is no such set.
func (d *Dataset) Fields(set FieldSet) (in [NumAllFields]bool, err error) {
	if _, err := ParseFieldSet(string(set)); err != nil {
		return in, err
	}
	for f := range in {
		in[f] = d.keeps(set, FieldID(f))
	}
	return in, nil
}

// Select gives the features of a field set. Raw checksums, whose sources are
// likely to be anything, are in Prone alone, whatever a user's sources say. Of
// an imported table it gives every column, the numeric ones too.
func (d *Dataset) Select(fields FieldSet) *Selection {
	if d.Meta.Table != nil {
		return d.Matrix.All()
	}
	return d.Matrix.Select(func(c int) bool { return d.keeps(fields, d.Matrix.Columns[c].Field) })
}

// FilterFor gives the features that a learner who sees only the given rows
// may use: of a data set with FilterTrain, what DropProbe and DropNondet
// leave when only those rows decide; cells of other rows that those policies
// would have objected to are missing. Otherwise it is Select. Lossy machines
// decide nothing.
func (d *Dataset) FilterFor(rows []int32, fields FieldSet) *Selection {
	if d.Meta.Filter != FilterTrain {
		return d.Select(fields)
	}
	m := d.Matrix
	masked := d.maskedRows()
	train := make([]bool, m.Rows())
	for _, r := range rows {
		train[r] = !masked[r]
	}
	lossyProbe := make(map[int32]bool)
	for _, p := range d.Lossy {
		if train[p.Machine] {
			lossyProbe[p.Probe] = true
		}
	}
	missing := make([]bool, len(m.Parts)) // on a row that decides
	for p := range m.Parts {
		if !m.Parts[p].Missing {
			continue
		}
		codes := m.Codes(int32(p))
		missing[p] = slices.ContainsFunc(rows, func(r int32) bool { return train[r] && codes[r] == Missing })
	}
	return m.Select(func(c int) bool {
		column := m.Columns[c]
		switch {
		case !d.keeps(fields, column.Field):
			return false
		case d.Meta.Loss == DropProbe && lossyProbe[column.Probe]:
			return false
		case d.Meta.Nondet == DropNondet && missing[m.Part[c]]:
			return !d.nondetOn(c, train)
		}
		return true
	})
}

// nondetOn reports whether column c, of a data set that masks, is missing on
// a row of the set though its pair is not lossy.
func (d *Dataset) nondetOn(c int, set []bool) bool {
	slot := d.Matrix.Columns[c].Slot()
	codes := d.Matrix.Codes(d.Matrix.Part[c])
	i, _ := slices.BinarySearchFunc(d.Lossy, slot, func(p Pair, slot Slot) int { return compareSlots(p.slot(), slot) })
	for r, in := range set {
		for i < len(d.Lossy) && d.Lossy[i].slot() == slot && int(d.Lossy[i].Machine) < r {
			i++
		}
		lossy := i < len(d.Lossy) && d.Lossy[i].slot() == slot && int(d.Lossy[i].Machine) == r
		if in && !lossy && codes[r] == Missing {
			return true
		}
	}
	return false
}

// maskedRows marks the machines that are lossy on more than 1 % of the probes.
func (d *Dataset) maskedRows() []bool {
	masked := make([]bool, d.Matrix.Rows())
	for _, l := range d.Meta.LossyMachines {
		for r := range masked {
			masked[r] = masked[r] || d.Matrix.Machines[r].Name == l.Name
		}
	}
	return masked
}
