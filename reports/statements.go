package reports

import (
	"fmt"

	"tickle/experiments"
)

// verdicts is what became of the paper's statements, at the top of the page.
type verdicts struct {
	Tally []string // how many of each verdict
	Rows  []verdictRow
}

type verdictRow struct {
	Statement, Quantity, Verdict string
	Class                        string // "yes", "no" or "open"
	Found, Why, Paper            string
}

// verdictsOf is nil for another experiment than statements.
func verdictsOf(r *experiments.Result) (*verdicts, error) {
	if r.Experiment != "statements" {
		return nil, nil
	}
	rows, err := experiments.RowsOf[experiments.StatementRow](r)
	if err != nil {
		return nil, err
	}
	v := &verdicts{}
	n := make(map[string]int)
	for i := range rows {
		s := &rows[i]
		n[s.Verdict]++
		v.Rows = append(v.Rows, verdictRow{s.Statement, s.Quantity, s.Verdict, verdictClass(s.Verdict), found(s), s.Why, s.Paper})
	}
	for _, name := range []string{experiments.Holds, experiments.Reproduced, experiments.DoesNotHold, experiments.NotReproduced, experiments.CannotTell} {
		if n[name] > 0 {
			v.Tally = append(v.Tally, fmt.Sprintf("%d %s", n[name], name))
		}
	}
	return v, nil
}

func verdictClass(verdict string) string {
	switch verdict {
	case experiments.Holds, experiments.Reproduced:
		return "yes"
	case experiments.DoesNotHold, experiments.NotReproduced:
		return "no"
	}
	return "open"
}

// found writes the estimate beside its margin; "" where there is none.
func found(s *experiments.StatementRow) string {
	if s.Estimate.IsNA() {
		return ""
	}
	text := s.Estimate.Format(1)
	if !s.Low.IsNA() {
		text += fmt.Sprintf(" (%s to %s)", s.Low.Format(1), s.High.Format(1))
	}
	return fmt.Sprintf("%s %s; margin %s", text, s.Unit, s.Margin.Format(1))
}
