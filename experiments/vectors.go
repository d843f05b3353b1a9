package experiments

import (
	"fmt"

	"tickle/datasets"
	"tickle/learners/nmap6"
)

// vectorRows are vectors that come from one kind of source, with the rows of
// the matrix that they are.
type vectorRows struct {
	source  string // "scanned" or "recovered"
	vectors []nmap6.LabelledVector
	rows    []int
}

// The sources of vectors.
const (
	scannedRows   = "scanned"   // of machines
	recoveredRows = "recovered" // of a shipped model: classes of one or two prints
)

// HasVectors reports whether data holds vectors of Nmap's IPv6 classifier.
func HasVectors(d *Data) bool {
	_, err := nmap6.FromMatrix(d.Matrix, datasets.Kernel, 0)
	return err == nil
}

// vectors gives the vectors of in's data with the labels of a level, scanned
// ones and recovered ones apart. Resampled ones are left out: what is found on
// them was put there by whoever drew them.
func (in *Input) vectors(level int) ([]vectorRows, []Warning, error) {
	all, err := nmap6.FromMatrix(in.Data.Matrix, datasets.Kernel, level)
	if err != nil {
		return nil, nil, err
	}
	scanned, recovered := vectorRows{source: scannedRows}, vectorRows{source: recoveredRows}
	resampled, paired := 0, 0
	for i := range all {
		to := &scanned
		switch nmap6.OriginOf(&in.Data.Matrix.Machines[i]) {
		case nmap6.Resampled:
			resampled++
			continue
		case nmap6.Paired:
			paired++
			to = &recovered
		case nmap6.Exact:
			to = &recovered
		}
		to.vectors, to.rows = append(to.vectors, all[i]), append(to.rows, i)
	}
	var warnings []Warning
	if resampled > 0 {
		warnings = append(warnings, Warning{Code: WarnMadeUp, Text: fmt.Sprintf("%d resampled vectors are left out: their values were drawn, and say nothing of classifiers", resampled)})
	}
	if paired > 0 {
		warnings = append(warnings, Warning{Code: WarnMadeUp, Text: fmt.Sprintf("%d vectors are of classes with two prints: each value is one that was measured, which of them go together is a guess", paired)})
	}
	var sets []vectorRows
	for _, s := range []vectorRows{scanned, recovered} {
		if len(s.vectors) > 0 {
			sets = append(sets, s)
		}
	}
	if len(sets) == 0 {
		return nil, nil, fmt.Errorf("all vectors are resampled: want some that were measured")
	}
	return sets, warnings, nil
}

// vectorScope is what a result on some vectors rests on.
func (in *Input) vectorScope(sets []vectorRows) *scope {
	s := &scope{plan: in.Data.Origin.Plan, probes: in.Data.Origin.Probes, repeats: in.Data.Origin.Repeats}
	for i := range sets {
		for _, r := range sets[i].rows {
			s.machines = append(s.machines, in.Data.Matrix.Machines[r])
		}
	}
	return s
}

// vectorStudy is what a study under cross-validation works on: the vectors of
// one source.
type vectorStudy struct {
	in           *Input
	set          *vectorRows
	level, folds int
}

// vectorStudies reads the options level and folds and the vectors, and gives a
// study for each source, and the result that they fill.
func (in *Input) vectorStudies() ([]vectorStudy, *Result, error) {
	level, err := in.integer("level", 0)
	if err != nil {
		return nil, nil, err
	}
	folds, err := in.integer("folds", 2)
	if err != nil {
		return nil, nil, err
	}
	sets, warnings, err := in.vectors(level)
	if err != nil {
		return nil, nil, err
	}
	var studies []vectorStudy
	for i := range sets {
		studies = append(studies, vectorStudy{in, &sets[i], level, folds})
	}
	return studies, &Result{Warnings: warnings, scope: in.vectorScope(sets)}, nil
}

// machine is that of a vector.
func (s *vectorStudy) machine(i int) *datasets.Machine {
	return &s.in.Data.Matrix.Machines[s.set.rows[i]]
}

// table numbers the labels of some vectors, which index the names given, and
// their groups.
func (s *vectorStudy) table(of []int) (t *Table, classes []string) {
	t = &Table{Rows: len(of), Hierarchy: datasets.Kernel, Level: s.level}
	at, groups := map[string]int32{}, map[string]int32{}
	for _, i := range of {
		at[s.set.vectors[i].Label] = 0
	}
	classes = sortedKeys(at)
	for k, name := range classes {
		at[name] = int32(k)
	}
	for _, i := range of {
		m := s.machine(i)
		if _, ok := groups[m.Group]; !ok {
			groups[m.Group] = int32(len(groups))
		}
		t.Machines = append(t.Machines, *m)
		t.Groups, t.Labels = append(t.Groups, groups[m.Group]), append(t.Labels, at[s.set.vectors[i].Label])
	}
	return t, classes
}

// counts gives the classes of some vectors, and how many have one vector.
func (v *vectorRows) counts() (classes, singletons int) {
	n := map[string]int{}
	for i := range v.vectors {
		n[v.vectors[i].Label]++
	}
	for _, k := range n {
		if k == 1 {
			singletons++
		}
	}
	return len(n), singletons
}

// WarnMadeUp is the code of warnings about vectors that were not measured as
// they are.
const WarnMadeUp = "made-up"

// enoughVectors is how many vectors of classes with several a verdict wants:
// with fewer, a difference of one in six is not told from chance.
const enoughVectors = 100

// vectorLevel is the option of a level of labels.
var vectorLevel = Option{Name: "level", Default: "2", Doc: "level of the labels", Values: []string{"0", "1", "2"}}
