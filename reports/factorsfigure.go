package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"

	"tickle/datasets"
	"tickle/experiments"
)

// factorsFigure draws accuracy on values of a factor never met in training,
// beside that of the control.
func factorsFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.FactorsRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &factorsPlan{rows: rows}
	for i := range rows {
		p.levels = addOnce(p.levels, levelOf{rows[i].Hierarchy, rows[i].Level})
		p.series = addOnce(p.series, accuracySeries{rows[i].Learner, rows[i].Fields})
		p.factors = addOnce(p.factors, rows[i].Factor)
	}
	s := &sheet{
		legend: p.keys(),
		footer: footer{provenanceLine(r) + " Grouped folds within each value; intervals are 95 %, over groups. The control trains on as many machines of each class, of any value."},
		panels: p.panels,
	}
	return s.figure(r, p.alt()), nil
}

// factorsPlan is what the figure shows, a panel for each hierarchy and level.
type factorsPlan struct {
	rows    []experiments.FactorsRow
	levels  []levelOf
	series  []accuracySeries
	factors []string
}

func (p *factorsPlan) panels(w Width) [][]*plot.Plot {
	across := 1
	if w == Page {
		across = min(2, len(p.levels))
	}
	panels := make([]*plot.Plot, len(p.levels))
	for i, l := range p.levels {
		panels[i] = p.panel(l)
	}
	return inRows(panels, across)
}

func (p *factorsPlan) panel(l levelOf) *plot.Plot {
	panel := newPlot(l.String())
	bars := &groupedBars{}
	var ticks plot.ConstantTicks
	for i, factor := range p.factors {
		ticks = append(ticks, plot.Tick{Value: float64(i), Label: factor})
		g := barGroup{solid: math.NaN(), dashed: math.NaN()}
		for _, s := range p.series {
			b := bar{height: math.NaN(), low: math.NaN(), high: math.NaN(), ceiling: math.NaN(), other: math.NaN()}
			for k := range p.rows {
				row := &p.rows[k]
				if row.Hierarchy == l.hierarchy && row.Level == l.level && row.Learner == s.learner && row.Fields == s.fields && row.Factor == factor {
					b.colour, b.hatched = LearnerColour(s.learner), s.fields == string(datasets.Vetted)
					b.height, b.low, b.high = percent(row.Accuracy), percent(row.AccuracyLow), percent(row.AccuracyHigh)
					b.other = percent(row.Control)
				}
			}
			g.bars = append(g.bars, b)
		}
		bars.groups = append(bars.groups, g)
	}
	panel.Add(bars)
	panel.X.Tick.Marker, panel.X.Tick.Length = ticks, 0
	panel.X.Min, panel.X.Max, panel.Y.Min, panel.Y.Max = bars.DataRange()
	panel.X.Label.Text = "factor whose value was not in training"
	panel.Y.Label.Text = "accuracy (%)"
	panel.Y.Tick.Marker = percentTicks(0, 25, 50, 75, 100)
	return panel
}

func (p *factorsPlan) keys() legend {
	var l legend
	var names, sets []string
	for _, s := range p.series {
		names, sets = addOnce(names, s.learner), addOnce(sets, s.fields)
	}
	for _, name := range names {
		l = append(l, boxKey(name, LearnerColour(name), false))
	}
	slices.Sort(sets)
	for _, set := range sets {
		l = append(l, boxKey(set+" fields", dark, set == string(datasets.Vetted)))
	}
	return append(l,
		key{func(c draw.Canvas) { drawInterval(c, c.Center().X, c.Min.Y, c.Max.Y) }, "95 % interval"},
		key{func(c draw.Canvas) { drawRing(c, c.Center()) }, "control: any value in training"})
}

func (p *factorsPlan) alt() string {
	var b strings.Builder
	b.WriteString("Grouped bars of accuracy on values of a factor that training lacked. ")
	for i := range p.rows {
		row := &p.rows[i]
		fmt.Fprintf(&b, "%s level %d, %s, %s with %s fields: %s, control %s. ", row.Hierarchy, row.Level, row.Factor, row.Learner, row.Fields, (100 * row.Accuracy).Format(1), (100 * row.Control).Format(1))
	}
	return strings.TrimSpace(b.String())
}
