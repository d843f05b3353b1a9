package reports

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/experiments"
)

// reachFigure draws label pairs told apart against packets, for all pairs and
// within the largest family, how much of it survives, and accuracy.
func reachFigure(r *experiments.Result) (*Figure, error) {
	p, err := reachPlanOf(r)
	if err != nil || p == nil {
		return nil, err
	}
	first := p.rows[0]
	s := &sheet{
		legend: p.keys(),
		footer: footer{fmt.Sprintf("%s %s%s level %d, vetted fields; bands are 90 %% of drawn subsets, intervals of accuracy 95 %% over groups (%s).",
			provenanceLine(r), leftOut(r), capital(first.Hierarchy), first.Level, p.learner)},
		panels: p.panels,
	}
	return s.figure(r, p.alt()), nil
}

// reachPlanOf takes what the figure shows from a result: the rows of its first
// hierarchy and level; nil where there are none.
func reachPlanOf(r *experiments.Result) (*reachFigurePlan, error) {
	rows, err := experiments.RowsOf[experiments.ReachRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &reachFigurePlan{}
	first := rows[0]
	for i := range rows {
		row := &rows[i]
		if row.Hierarchy != first.Hierarchy || row.Level != first.Level {
			continue // the table has them
		}
		p.rows = append(p.rows, *row)
		p.plans = addOnce(p.plans, row.Plan)
		switch row.Kind {
		case experiments.ReachCurve:
			p.most = max(p.most, float64(row.Packets))
			if row.Scope != experiments.AllPairs && row.Pairs > p.familyPairs {
				p.family, p.familyPairs = row.Scope, row.Pairs
			}
		case experiments.ReachAccuracy:
			if p.learner == "" {
				p.learner = row.Learner // the first; the table has all
			}
			p.splits = addOnce(p.splits, row.Test)
		}
	}
	return p, nil
}

// leftOut is what the figure says of machines that are not compared.
func leftOut(r *experiments.Result) string {
	var all []string
	for i := range r.Warnings {
		if code := r.Warnings[i].Code; code == experiments.WarnNotInAllPlans || code == experiments.WarnSearched {
			many, _, _ := strings.Cut(r.Warnings[i].Text, ":") // the names are in the table's warnings
			all = append(all, many)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "Of these, " + strings.Join(all, "; ") + ". "
}

// reachFigurePlan is what the figure shows.
type reachFigurePlan struct {
	rows          []experiments.ReachRow
	plans, splits []string
	most          float64 // packets
	family        string  // with the most pairs; "" for none
	familyPairs   int
	learner       string
}

// planColour is a plan's colour, by its place among those that studies have.
func planColour(plan string) color.Color {
	switch plan {
	case "random":
		return blue
	case "nmap4":
		return grey
	case "dialogue":
		return orange
	case "control":
		return green
	case "bred":
		return vermillion
	}
	return purple
}

// planTitle is a plan as a legend names it.
func planTitle(plan string) string {
	switch plan {
	case "random":
		return "random packets"
	case "nmap4":
		return "Nmap's 16 probes"
	case "dialogue":
		return "random dialogues"
	case "control":
		return "chosen random dialogues"
	case "bred":
		return "bred dialogues"
	}
	return plan
}

// scope is the one that the figure looks at more closely.
func (p *reachFigurePlan) scope() string { return cmp.Or(p.family, experiments.AllPairs) }

func (p *reachFigurePlan) panels(w Width) [][]*plot.Plot {
	panels := []*plot.Plot{p.curves(experiments.AllPairs, "All pairs of labels")}
	if p.family != "" {
		panels = append(panels, p.curves(p.family, "Pairs within "+p.family))
	}
	panels = append(panels, p.survival(p.scope()))
	if panel := p.search(); panel != nil {
		panels = append(panels, panel)
	}
	if len(p.splits) > 0 {
		panels = append(panels, p.accuracy())
	}
	across := 1
	if w == Page {
		across = 2
	}
	return inRows(panels, across)
}

func (p *reachFigurePlan) curves(scope, title string) *plot.Plot {
	panel := newPlot(title)
	panel.X.Label.Text, panel.Y.Label.Text = "packets to a machine (log)", "pairs told apart"
	logAxis(&panel.X, 1, max(10, p.most*1.2))
	panel.Add(drawing(gridLines))
	pairs := 0
	var lines []plot.Plotter
	for _, plan := range p.plans {
		var told, low, high []point
		for i := range p.rows {
			if row := &p.rows[i]; row.Kind == experiments.ReachCurve && row.Plan == plan && row.Scope == scope {
				x := math.Max(1, float64(row.Packets))
				told = append(told, point{x, float64(row.Told)})
				low, high = append(low, point{x, float64(row.ToldLow)}), append(high, point{x, float64(row.ToldHigh)})
				pairs = max(pairs, row.Pairs)
			}
		}
		panel.Add(band(low, high, tint(planColour(plan), 2)))
		lines = append(lines, curve(told, draw.LineStyle{Color: planColour(plan), Width: vg.Points(1.3)}), dots(told, planColour(plan)))
	}
	panel.Add(lines...)
	countAxis(&panel.Y, 0, float64(pairs)*1.08)
	panel.Add(level(float64(pairs), dashedLine))
	return panel
}

// search draws behind how many openings the searches had told pairs apart,
// summed over the pairs, against what they had sent; nil where there was none.
func (p *reachFigurePlan) search() *plot.Plot {
	panel := newPlot("The search, on its own machines")
	panel.X.Label.Text, panel.Y.Label.Text = "packets to each machine", "pairs × openings told"
	panel.Add(drawing(gridLines))
	most, packets := 0.0, 0.0
	for _, plan := range p.plans {
		var points []point
		for i := range p.rows {
			if row := &p.rows[i]; row.Kind == experiments.ReachSearch && row.Plan == plan {
				points = append(points, point{float64(row.Packets), float64(row.Held)})
				most, packets = max(most, float64(row.Held)), max(packets, float64(row.Packets))
			}
		}
		if len(points) > 0 {
			panel.Add(curve(points, draw.LineStyle{Color: planColour(plan), Width: vg.Points(1.3)}), dots(points, planColour(plan)))
		}
	}
	if packets == 0 {
		return nil
	}
	countAxis(&panel.X, 0, packets*1.05)
	countAxis(&panel.Y, 0, most*1.08)
	return panel
}

// tests are the tests of pairs, as lines of a panel.
func (p *reachFigurePlan) tests() []string {
	var tests []string
	for i := range p.rows {
		if test, ok := testOf(&p.rows[i]); ok {
			tests = addOnce(tests, test)
		}
	}
	return tests
}

// testOf is the test of a row of pairs, as the line of a panel is called.
func testOf(row *experiments.ReachRow) (string, bool) {
	switch row.Kind {
	case experiments.ReachPairs:
		return row.Test, true
	case experiments.ReachEqual:
		return "as many packets", true
	}
	return "", false
}

// survival draws the share of pairs told apart, and of those that the same
// fields tell apart on other machines.
func (p *reachFigurePlan) survival(scope string) *plot.Plot {
	title := "Found, and found again elsewhere"
	if scope != experiments.AllPairs {
		title += ", " + scope
	}
	tests := p.tests()
	panel := lineUp(newPlot(title), tests)
	panel.X.Label.Text = "pairs (%)"
	for k, plan := range p.plans {
		for i := range p.rows {
			row := &p.rows[i]
			test, ok := testOf(row)
			if !ok || row.Plan != plan || row.Scope != scope || row.Pairs == 0 {
				continue
			}
			y := lineOf(tests, test) - offset(k, len(p.plans))
			share := func(n experiments.Number) float64 { return 100 * float64(n) / float64(row.Pairs) }
			thin := draw.LineStyle{Color: planColour(plan), Width: vg.Points(0.7)}
			panel.Add(curve([]point{{share(row.Survive), y}, {share(row.Told), y}}, thin), ring(point{share(row.Told), y}, planColour(plan)), dots([]point{{share(row.Survive), y}}, planColour(plan)))
		}
	}
	return panel
}

func (p *reachFigurePlan) accuracy() *plot.Plot {
	panel := lineUp(newPlot("Accuracy"), p.splits)
	panel.X.Label.Text = "accuracy (%)"
	for k, plan := range p.plans {
		for i := range p.rows {
			row := &p.rows[i]
			if row.Kind != experiments.ReachAccuracy || row.Plan != plan || row.Learner != p.learner || row.Fields != "vetted" {
				continue
			}
			y := lineOf(p.splits, row.Test) - offset(k, len(p.plans))
			thin := draw.LineStyle{Color: planColour(plan), Width: vg.Points(0.7)}
			panel.Add(curve([]point{{percent(row.AccLow), y}, {percent(row.AccHigh), y}}, thin), dots([]point{{percent(row.Accuracy), y}}, planColour(plan)),
				ring(point{percent(row.Alike), y}, planColour(plan)))
		}
	}
	return panel
}

// lineUp gives a panel a line for each name, the first at the top, and
// percent across.
func lineUp(panel *plot.Plot, names []string) *plot.Plot {
	panel.X.Min, panel.X.Max = 0, 104
	panel.X.Tick.Marker = percentTicks(0, 25, 50, 75, 100)
	panel.Y.Min, panel.Y.Max = -0.5, float64(len(names))-0.5
	var ticks plot.ConstantTicks
	for _, name := range names {
		short := strings.TrimPrefix(name, "held-out:")
		if short != name {
			short = "other " + short
		}
		ticks = append(ticks, plot.Tick{Value: lineOf(names, name), Label: short})
	}
	panel.Y.Tick.Marker = ticks
	return panel
}

func lineOf(names []string, name string) float64 {
	for i, n := range names {
		if n == name {
			return float64(len(names) - 1 - i)
		}
	}
	return -1
}

// offset keeps the marks of n series on one line apart.
func offset(k, n int) float64 { return (float64(k) - float64(n-1)/2) * 0.18 }

// ring draws an open circle.
func ring(at point, colour color.Color) drawing {
	return func(c draw.Canvas, p *plot.Plot) {
		for _, v := range onCanvas(c, p, []point{at}) {
			c.DrawGlyph(draw.GlyphStyle{Color: colour, Radius: 1.8, Shape: draw.RingGlyph{}}, v)
		}
	}
}

func (p *reachFigurePlan) keys() legend {
	var l legend
	for _, plan := range p.plans {
		l = append(l, lineKey(planTitle(plan), draw.LineStyle{Color: planColour(plan), Width: vg.Points(1.3)}))
	}
	mark := func(shape draw.GlyphDrawer) func(draw.Canvas) {
		return func(c draw.Canvas) {
			c.DrawGlyph(draw.GlyphStyle{Color: ink, Radius: 1.8, Shape: shape}, c.Center())
		}
	}
	return append(l, lineKey("all pairs", dashedLine), key{mark(draw.RingGlyph{}), "told apart; ceiling of accuracy"}, key{mark(draw.CircleGlyph{}), "of these, on other machines too; accuracy"})
}

func (p *reachFigurePlan) alt() string {
	var b strings.Builder
	b.WriteString("Pairs of labels told apart against packets sent, by kind of probe. ")
	for i := range p.rows {
		if row := &p.rows[i]; row.Kind == experiments.ReachPairs {
			fmt.Fprintf(&b, "%s, %s pairs, %s: %s of %d told apart, %s survive. ", planTitle(row.Plan), row.Scope, row.Test, row.Told.Format(1), row.Pairs, row.Survive.Format(1))
		}
	}
	return strings.TrimSpace(b.String())
}
