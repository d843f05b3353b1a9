package reports

import (
	"fmt"
	"strings"

	"tickle/experiments"
)

// words says for each plan how many pairs of labels in the scope it tells
// apart, and how many of those hold elsewhere.
func (p *reachFigurePlan) words(scope string) []string {
	var sentences []string
	for _, plan := range p.plans {
		var parts []string
		for i := range p.rows {
			if row := &p.rows[i]; row.Kind == experiments.ReachPairs && row.Plan == plan && row.Scope == scope && row.Pairs > 0 {
				parts = append(parts, reachWords(row))
			}
		}
		if len(parts) > 0 {
			sentences = append(sentences, capital(planTitle(plan))+" "+strings.Join(parts, "; ")+".")
		}
	}
	return sentences
}

// findingsOf says in words what a result found, where its experiment has words
// for it.
func findingsOf(r *experiments.Result) ([]string, error) {
	if r.Experiment != "reach" {
		return nil, nil
	}
	p, err := reachPlanOf(r)
	if err != nil || p == nil {
		return nil, err
	}
	return p.words(p.scope()), nil
}

// reachWords is one test of a plan's pairs.
func reachWords(row *experiments.ReachRow) string {
	within := ""
	if row.Scope != experiments.AllPairs {
		within = " within " + row.Scope
	}
	hold := fmt.Sprintf("of %s found elsewhere %s hold", row.Told.Format(0), row.Survive.Format(0))
	factor, isFactor := strings.CutPrefix(row.Test, "held-out:")
	switch {
	case row.Test == experiments.AllMachines:
		return fmt.Sprintf("(%s packets to a machine) tell %s of %d pairs of labels%s apart", row.Packets.Format(0), row.Told.Format(0), row.Pairs, within)
	case row.Test == experiments.OtherImages:
		return fmt.Sprintf("of %s found on half of the images %s [%s, %s] hold on the others", row.Told.Format(1), row.Survive.Format(1), row.Low.Format(1), row.High.Format(1))
	case isFactor:
		return hold + " with values of " + factor + " never met"
	}
	return hold + " on " + row.Test
}
