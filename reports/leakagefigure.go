package reports

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"

	"tickle/datasets"
	"tickle/experiments"
)

// leakageFigure draws accuracy by groups in bars, with a ring where splitting
// rows puts it.
func leakageFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.LeakageRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &leakagePlan{rows: rows}
	for i := range rows {
		p.hierarchies = addOnce(p.hierarchies, rows[i].Hierarchy)
		p.series = addOnce(p.series, accuracySeries{rows[i].Learner, rows[i].Fields})
	}
	s := &sheet{
		legend: p.keys(),
		footer: footer{provenanceLine(r) + " Stratified folds; intervals are 95 %, over groups. From ring to bar is the lie of splitting rows of a group."},
		panels: p.panels,
	}
	return s.figure(r, p.alt()), nil
}

// leakagePlan is what the figure shows, a panel for each hierarchy.
type leakagePlan struct {
	rows        []experiments.LeakageRow
	hierarchies []string
	series      []accuracySeries
}

func (p *leakagePlan) panels(w Width) [][]*plot.Plot {
	across := 1
	if w == Page {
		across = min(2, len(p.hierarchies))
	}
	panels := make([]*plot.Plot, len(p.hierarchies))
	for i, h := range p.hierarchies {
		panels[i] = p.panel(h)
	}
	return inRows(panels, across)
}

func (p *leakagePlan) panel(hierarchy string) *plot.Plot {
	panel := newPlot(capital(hierarchy))
	bars := &groupedBars{}
	var ticks plot.ConstantTicks
	for level := range datasets.Levels {
		g := barGroup{solid: math.NaN(), dashed: math.NaN()}
		for _, s := range p.series {
			b := bar{height: math.NaN(), low: math.NaN(), high: math.NaN(), ceiling: math.NaN(), other: math.NaN()}
			for k := range p.rows {
				row := &p.rows[k]
				if row.Hierarchy == hierarchy && row.Level == level && row.Learner == s.learner && row.Fields == s.fields {
					b.colour, b.hatched = variantColour(learnersOf(p.series), s.learner), s.fields == string(datasets.Vetted)
					b.height, b.low, b.high = percent(row.ByGroups), percent(row.ByGroupsLow), percent(row.ByGroupsHigh)
					b.other = percent(row.ByRows)
					g.solid = percent(row.SeenGroups)
					g.caption = fmt.Sprintf("level %d\n%d classes", level, row.Classes)
				}
			}
			g.bars = append(g.bars, b)
		}
		if g.caption != "" {
			ticks = append(ticks, plot.Tick{Value: float64(len(bars.groups)), Label: g.caption})
			bars.groups = append(bars.groups, g)
		}
	}
	panel.Add(bars)
	panel.X.Tick.Marker, panel.X.Tick.Length = ticks, 0
	panel.X.Min, panel.X.Max, panel.Y.Min, panel.Y.Max = bars.DataRange()
	panel.Y.Label.Text = "accuracy (%)"
	panel.Y.Tick.Marker = percentTicks(0, 25, 50, 75, 100)
	return panel
}

func (p *leakagePlan) keys() legend {
	var l legend
	for _, s := range p.series {
		l = append(l, boxKey(s.learner, variantColour(learnersOf(p.series), s.learner), s.fields == string(datasets.Vetted)))
	}
	return append(l,
		key{func(c draw.Canvas) { drawInterval(c, c.Center().X, c.Min.Y, c.Max.Y) }, "95 % interval"},
		key{func(c draw.Canvas) {
			y := (c.Min.Y + c.Max.Y) / 2
			c.StrokeLine2(solidLine, c.Min.X, y, c.Max.X, y)
		}, "ceiling: class seen"},
		key{func(c draw.Canvas) { drawRing(c, c.Center()) }, "folds that split rows"})
}

func (p *leakagePlan) alt() string {
	var b strings.Builder
	b.WriteString("Grouped bars of accuracy with groups kept whole, and rings where rows of a group stand on both sides of folds. ")
	for i := range p.rows {
		row := &p.rows[i]
		fmt.Fprintf(&b, "%s level %d, %s: %s by groups, %s by rows. ", row.Hierarchy, row.Level, row.Learner, (100 * row.ByGroups).Format(1), (100 * row.ByRows).Format(1))
	}
	return strings.TrimSpace(b.String())
}
