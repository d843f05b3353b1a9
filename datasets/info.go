package datasets

import (
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"strings"
	"text/tabwriter"
)

// Info is what there is to know of a data set at a glance.
type Info struct {
	SHA256   string       `json:"sha256"`
	Table    *TableMeta   `json:"table,omitempty"` // of an imported table, which has no pool, plan or probes
	Pool     string       `json:"pool"`
	PoolHash string       `json:"pool_sha256"`
	Plan     string       `json:"plan"`
	Seed     uint64       `json:"seed"`
	Loss     LossPolicy   `json:"loss"`
	Nondet   NondetPolicy `json:"nondet"`
	Filter   Filter       `json:"filter"`
	// Transductive says that test machines had a say in what was dropped.
	Transductive bool `json:"transductive"`

	Machines int `json:"machines"`
	Modelled int `json:"modelled"`
	Groups   int `json:"groups"`
	Probes   int `json:"probes"` // sent
	Kept     int `json:"probes_kept"`
	Repeats  int `json:"repeats"`

	Features       int   `json:"features"` // nominal ones
	Numbers        int   `json:"numeric_features,omitempty"`
	VettedFeatures int   `json:"vetted_features"`
	Constant       int   `json:"constant_features"` // nominal, one value on all machines that have one
	ConstantNumber int   `json:"constant_numeric_features,omitempty"`
	MissingFeature int   `json:"features_with_missing"` // of both kinds
	Partitions     []At  `json:"partitions"`            // of the features of the first quarter, half and all of the probes
	NondetCells    int64 `json:"nondet_cells"`
	NondetFeatures int64 `json:"nondet_features_dropped"`

	LossyCells    int64          `json:"lossy_cells"`
	LossyProbes   int            `json:"lossy_probes_dropped"`
	LossyMachines []LossyMachine `json:"lossy_machines"`
	Missing       []string       `json:"missing_machines"`

	Labels []LabelCount `json:"labels"`
}

// At is the number of partitions among the features of the first probes.
type At struct {
	Probes     int `json:"probes"`
	Partitions int `json:"partitions"`
}

// LabelCount is the machines and groups of one label.
type LabelCount struct {
	Hierarchy string `json:"hierarchy"`
	Level     int    `json:"level"`
	Label     string `json:"label"`
	Machines  int    `json:"machines"`
	Groups    int    `json:"groups"`
}

// Info sums the data set up.
func (d *Dataset) Info() *Info {
	meta, m := &d.Meta, d.Matrix
	in := &Info{SHA256: meta.SHA256, Pool: meta.Pool, PoolHash: meta.PoolHash, Plan: meta.Plan, Seed: meta.Seed,
		Loss: meta.Loss, Nondet: meta.Nondet, Filter: meta.Filter,
		Transductive: meta.Filter == FilterAll && (meta.Loss == DropProbe || meta.Nondet == DropNondet),
		Machines:     m.Rows(), Modelled: meta.Modelled, Groups: countGroups(m.Machines, everyMachine),
		Probes: meta.Sent, Kept: meta.Sent - len(meta.LossyProbes), Repeats: meta.Repeats,
		Table: meta.Table, Features: len(m.Columns), Numbers: len(m.Numbers), VettedFeatures: d.Select(Vetted).D,
		NondetCells: meta.NondetCells, NondetFeatures: meta.NondetFeatures,
		LossyCells: meta.LossyCells, LossyProbes: len(meta.LossyProbes),
		LossyMachines: append([]LossyMachine{}, meta.LossyMachines...), Missing: append([]string{}, meta.Missing...)}
	for _, p := range m.Parts {
		if p.Distinct <= 1 {
			in.Constant += int(p.Columns)
		}
		if p.Missing {
			in.MissingFeature += int(p.Columns)
		}
	}
	for _, n := range m.Numbers {
		there := slices.DeleteFunc(slices.Clone(n.Cells), math.IsNaN)
		if len(there) < len(n.Cells) {
			in.MissingFeature++
		}
		if len(slices.Compact(there)) <= 1 {
			in.ConstantNumber++
		}
	}
	for _, probes := range []int{meta.Sent / 4, meta.Sent / 2, meta.Sent} {
		n := sort.Search(len(m.Parts), func(p int) bool { return int(m.Columns[m.Parts[p].First].Probe) >= probes })
		in.Partitions = append(in.Partitions, At{probes, n})
	}
	in.Labels = labelCounts(m.Machines, meta)
	return in
}

func everyMachine(*Machine) bool { return true }

func countGroups(machines []Machine, in func(*Machine) bool) int {
	groups := make(map[string]bool)
	for i := range machines {
		if in(&machines[i]) {
			groups[machines[i].Group] = true
		}
	}
	return len(groups)
}

// labelCounts counts by hierarchy, then level, then label in order of names.
func labelCounts(machines []Machine, meta *Meta) []LabelCount {
	var out []LabelCount
	for _, h := range meta.Hierarchies() {
		for level := range meta.Levels() {
			count := make(map[string]int)
			var labels []string
			for i := range machines {
				l := machines[i].Labels.At(h, level)
				if count[l] == 0 {
					labels = append(labels, l)
				}
				count[l]++
			}
			sort.Strings(labels)
			for _, l := range labels {
				groups := countGroups(machines, func(m *Machine) bool { return m.Labels.At(h, level) == l })
				out = append(out, LabelCount{h.String(), level, l, count[l], groups})
			}
		}
	}
	return out
}

// WriteText prints the summary for people.
func (in *Info) WriteText(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(tw, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	line("data set", "%s", in.SHA256)
	if in.Table != nil {
		line("table", "%s, %s (%s)", in.Table.File, in.Table.Format, in.Table.SHA256)
		line("rows", "%d in %d groups, %d modelled", in.Machines, in.Groups, in.Modelled)
		line("columns", "%d nominal, %d of them constant, and %d numeric, %d of them constant; %d with missing cells", in.Features, in.Constant, in.Numbers, in.ConstantNumber, in.MissingFeature)
		return in.writeLabels(tw)
	}
	line("pool", "%s (%s), plan %s, seed %d", in.Pool, in.PoolHash, in.Plan, in.Seed)
	line("machines", "%d in %d groups, %d modelled", in.Machines, in.Groups, in.Modelled)
	line("probes", "%d of %d kept, %d repeats", in.Kept, in.Probes, in.Repeats)
	line("features", "%d, %d of them vetted, %d constant, %d with missing cells", in.Features, in.VettedFeatures, in.Constant, in.MissingFeature)
	for _, p := range in.Partitions {
		line("partitions", "%d of the first %d probes", p.Partitions, p.Probes)
	}
	policies := fmt.Sprintf("loss %s, nondeterminism %s, decided on %s machines", in.Loss, in.Nondet, in.Filter)
	if in.Transductive {
		policies += " (transductive)"
	}
	line("policies", "%s", policies)
	line("nondeterministic", "%d cells, %d features dropped", in.NondetCells, in.NondetFeatures)
	line("lossy", "%d cells, %d probes dropped", in.LossyCells, in.LossyProbes)
	for _, l := range in.LossyMachines {
		line("lossy machine", "%s: masked on %d probes", l.Name, l.Probes)
	}
	if len(in.Missing) > 0 {
		line("missing machines", "%s", strings.Join(in.Missing, ", "))
	}
	return in.writeLabels(tw)
}

func (in *Info) writeLabels(tw *tabwriter.Writer) error {
	fmt.Fprintln(tw)
	fmt.Fprintln(tw, "hierarchy\tlevel\tmachines\tgroups\tlabel")
	for _, l := range in.Labels {
		fmt.Fprintf(tw, "%s\t%d\t%d\t%d\t%s\n", l.Hierarchy, l.Level, l.Machines, l.Groups, l.Label)
	}
	return tw.Flush()
}
