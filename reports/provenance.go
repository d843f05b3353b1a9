package reports

import (
	"fmt"

	"tickle/experiments"
)

// provenanceLine says in a sentence or two where a result comes from: what
// every figure, table and page shows of it.
func provenanceLine(r *experiments.Result) string {
	p := &r.Provenance
	if p.Table {
		modelled := ""
		if p.Modelled > 0 {
			modelled = fmt.Sprintf(" (%d modelled)", p.Modelled)
		}
		return fmt.Sprintf("n = %s%s in %s, table %s; seed %d.", count(p.Machines, "row"), modelled, count(p.Groups, "group"), p.Pool, p.Seed)
	}
	repeats := ""
	if p.Repeats > 0 {
		repeats = fmt.Sprintf(", each sent %d times", p.Repeats)
	}
	plan := ""
	if p.Plan != "" {
		plan = fmt.Sprintf(", plan %q", p.Plan)
	}
	return fmt.Sprintf("n = %s (%s) in %s, pool %s%s; %s%s; seed %d.",
		count(p.Machines, "machine"), realOrModelled(p), count(p.Groups, "group"), p.Pool, plan, count(p.Probes, "probe"), repeats, p.Seed)
}

// realOrModelled says how many machines answer for themselves.
func realOrModelled(p *experiments.Provenance) string {
	switch {
	case p.Modelled == 0:
		return "all real"
	case p.Real == 0:
		return "all modelled"
	}
	return fmt.Sprintf("%d real, %d modelled", p.Real, p.Modelled)
}

// count writes a number of things.
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// warningLine is a warning as lists show it.
func warningLine(w *experiments.Warning) string {
	if w.Cell == "" {
		return w.Text
	}
	return w.Cell + ": " + w.Text
}
