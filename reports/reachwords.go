package reports

import (
	"fmt"
	"math"
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
	return append(sentences, p.equalWords(scope)...)
}

// equalWords holds the bred plan against the others with as many packets, and
// against all that those with more have.
func (p *reachFigurePlan) equalWords(scope string) []string {
	bred := p.pairsRow(experiments.ReachEqual, "bred", scope)
	if bred == nil {
		return nil
	}
	sentences := []string{fmt.Sprintf("With as many packets as the bred dialogues have, %s to a machine, at most (in brackets 90 %% of the draws): bred ones tell %s of %d pairs%s apart, and %s hold on %s",
		bred.Packets.Format(0), bred.Told.Format(0), bred.Pairs, within(bred), spread(bred.Survive, bred.Low, bred.High), bred.Test)}
	for _, plan := range p.plans {
		row := p.pairsRow(experiments.ReachEqual, plan, scope)
		if row == nil || row == bred {
			continue
		}
		all := ""
		if whole := p.pairsRow(experiments.ReachPairs, plan, scope); whole != nil && whole.Probes > row.Probes {
			all = fmt.Sprintf(" (with all %s: %s and %s)", whole.Packets.Format(0), whole.Told.Format(0), p.heldBy(plan, scope, row.Test))
		}
		sentences = append(sentences, fmt.Sprintf("%s (%s) %s and %s%s: %s", planTitle(plan), row.Packets.Format(0),
			spread(row.Told, row.ToldLow, row.ToldHigh), spread(row.Survive, row.Low, row.High), all, moreWords(row)))
	}
	return []string{strings.Join(sentences, "; ") + "."}
}

// pairsRow is a plan's first row of a kind in a scope that has pairs; nil where
// there is none.
func (p *reachFigurePlan) pairsRow(kind, plan, scope string) *experiments.ReachRow {
	for i := range p.rows {
		if row := &p.rows[i]; row.Kind == kind && row.Plan == plan && row.Scope == scope && row.Pairs > 0 {
			return row
		}
	}
	return nil
}

// heldBy is how many pairs hold in a test of all of a plan's probes.
func (p *reachFigurePlan) heldBy(plan, scope, test string) string {
	for i := range p.rows {
		if row := &p.rows[i]; row.Kind == experiments.ReachPairs && row.Plan == plan && row.Scope == scope && row.Test == test {
			return spread(row.Survive, row.Low, row.High)
		}
	}
	return experiments.NA.Format(0)
}

// moreWords says what bred probes gain over a plan's, and whether the draws
// bear it out.
func moreWords(row *experiments.ReachRow) string {
	switch gain := spread(row.Gain, row.GainLow, row.GainHigh); {
	case row.GainLow > 0:
		return "of the bred ones' " + gain + " more hold"
	case row.GainHigh < 0:
		return "of the bred ones' fewer hold, " + gain
	default:
		return "of the bred ones' no more hold than the draws vary, " + gain
	}
}

// spread is a mean with where 90 % of the draws lie, where they vary.
func spread(mean, low, high experiments.Number) string {
	if low == high || math.IsNaN(float64(low)) {
		return mean.Format(1)
	}
	return fmt.Sprintf("%s [%s, %s]", mean.Format(1), low.Format(1), high.Format(1))
}

// within names a row's scope, where it is not all pairs.
func within(row *experiments.ReachRow) string {
	if row.Scope == experiments.AllPairs {
		return ""
	}
	return " within " + row.Scope
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
	hold := fmt.Sprintf("of %s found elsewhere %s hold", row.Told.Format(0), row.Survive.Format(0))
	factor, isFactor := strings.CutPrefix(row.Test, "held-out:")
	switch {
	case row.Test == experiments.AllMachines:
		search := ""
		if row.Search > 0 {
			search = fmt.Sprintf(", after %s to each machine of the search", row.Search.Format(0))
		}
		return fmt.Sprintf("(%s packets to a machine%s) tell %s of %d pairs of labels%s apart", row.Packets.Format(0), search, row.Told.Format(0), row.Pairs, within(row))
	case row.Test == experiments.OtherImages:
		return fmt.Sprintf("of %s found on half of the images %s [%s, %s] hold on the others", row.Told.Format(1), row.Survive.Format(1), row.Low.Format(1), row.High.Format(1))
	case isFactor:
		return hold + " with values of " + factor + " never met"
	}
	return hold + " on " + row.Test
}
