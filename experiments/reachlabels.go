package experiments

import (
	"cmp"
	"slices"

	"tickle/datasets"
)

// windowFields say how much a machine wants to be sent, which follows its
// memory and the buffers that it was given before it follows its kernel.
var windowFields = []datasets.FieldID{datasets.TCPWindow, datasets.TCPWScale, datasets.TCPWindowBytes, datasets.TCPWindowMSS, datasets.TCPWindowChange}

// labelRows makes a row for each pair of labels within a family: how many of a
// plan's probes tell the two apart, windows and silence among what may, how many
// do without windows, and how many of those by more than silence.
func (r *reachRun) labelRows(p *reachPlan, t *levelTask) {
	said := p.data.VettedFields()
	for _, f := range windowFields {
		said[f] = false
	}
	beyond := said
	beyond[datasets.AnswerKind] = true
	differ := beyond
	for _, f := range windowFields {
		differ[f] = true
	}
	all := datasets.NewLabelPairs(p.data.Matrix, t.hierarchy, t.level, differ)
	telling := [...][]int{
		probesTelling(all),
		probesTelling(datasets.NewLabelPairs(p.data.Matrix, t.hierarchy, t.level, beyond)),
		probesTelling(datasets.NewLabelPairs(p.data.Matrix, t.hierarchy, t.level, said)),
	}
	family := all.Families(t.hierarchy)
	var rows []ReachRow
	for i, pair := range all.Pairs {
		if family[pair[0]] != family[pair[1]] {
			continue
		}
		row := r.row(ReachLabels, p, t)
		row.Scope, row.Test, row.Pairs = family[pair[0]], AllMachines, 1
		row.First, row.Second = all.Classes[pair[0]], all.Classes[pair[1]]
		row.Differ, row.Beyond, row.Said = Number(telling[0][i]), Number(telling[1][i]), Number(telling[2][i])
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b ReachRow) int { return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Second, b.Second)) })
	r.rows = append(r.rows, rows...)
}

// probesTelling gives for each pair the number of probes that tell it apart on
// all machines.
func probesTelling(l *datasets.LabelPairs) []int {
	every := make([]int32, len(l.Labels))
	for i := range every {
		every[i] = int32(i)
	}
	n := make([]int, len(l.Pairs))
	_, told := l.ByProbe(every)
	for _, set := range told {
		for pair := range n {
			if set.Has(pair) {
				n[pair]++
			}
		}
	}
	return n
}
