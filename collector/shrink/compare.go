package shrink

import (
	"fmt"
	"strconv"

	"tickle/datasets"
)

// compare gives the differences of each of the first n probes of a run, in
// order. What varies on either machine, or was lost there, is none.
func (s *search) compare(dir string, n int) ([][]Difference, error) {
	var rows [2][]datasets.Summary
	var texts [2]datasets.Interner
	for i := range rows {
		f, err := datasets.OpenSummary(datasets.SummaryPath(dir, planName, s.cfg.Pool.Machines[i].Name))
		if err != nil {
			return nil, err
		}
		for g := range f.Groups() {
			group, err := f.Read(g, &texts[i])
			if err != nil {
				_ = f.Close()
				return nil, err
			}
			rows[i] = append(rows[i], group...)
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	if len(rows[0]) != len(rows[1]) {
		return nil, fmt.Errorf("%s: %d and %d rows: want as many for both machines", dir, len(rows[0]), len(rows[1]))
	}
	found := make([][]Difference, n)
	for r := range rows[0] {
		a, b := &rows[0][r], &rows[1][r]
		if int(a.Probe) >= n || a.Lossy() || b.Lossy() {
			continue
		}
		for _, f := range datasets.Dialogues.Fields() {
			if !s.counts(f) {
				continue
			}
			x, y := &a.Fields[f], &b.Fields[f]
			if x.State == datasets.Nondet || y.State == datasets.Nondet {
				continue
			}
			values := [2]string{valueText(f, x, &texts[0]), valueText(f, y, &texts[1])}
			if values[0] != values[1] {
				found[a.Probe] = append(found[a.Probe], Difference{a.Step, a.Answer, f, values})
			}
		}
	}
	return found, nil
}

// counts says whether a field may tell the machines apart.
func (s *search) counts(f datasets.FieldID) bool {
	if s.cfg.Fields == datasets.Prone {
		return f != datasets.IPChecksum && f != datasets.IPID
	}
	// The two fields of absence are prone, for firewalls cause it; two machines
	// that are compared have none, or the same.
	return f != datasets.IPChecksum && (s.sources.Vetted(f) || f == datasets.AnswerKind || f == datasets.StepOrder)
}

// Absent is the text of a field that is not there.
const Absent = "absent"

// valueText prints a value; those relative to the connection as signed.
func valueText(f datasets.FieldID, x *datasets.FieldSummary, texts *datasets.Interner) string {
	switch {
	case x.State == datasets.Absent:
		return Absent
	case f == datasets.AnswerKind:
		return datasets.Kind(x.Value).String()
	case datasets.Catalogue[f].Type == datasets.Text:
		return texts.Text(x.Value)
	case f == datasets.TCPFlags:
		return fmt.Sprintf("%#02x", x.Value)
	}
	if int(f) >= datasets.NumFields {
		return strconv.Itoa(int(int32(x.Value)))
	}
	return strconv.FormatUint(x.Value, 10)
}
