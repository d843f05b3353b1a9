package reports

import (
	"fmt"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/experiments"
)

// repeatsFigure draws the fields called deterministic against the number of
// sendings, with and without raw checksums, and the fields first seen to vary
// at full scale.
func repeatsFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.RepeatsRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &repeatsPlan{rows: rows}
	for i := range rows {
		p.plans, p.sets = addOnce(p.plans, rows[i].Plan), addOnce(p.sets, rows[i].Set)
		p.expected = p.expected || !rows[i].Expected.IsNA()
		p.paper = p.paper || rows[i].Paper.Given()
	}
	s := &sheet{legend: p.keys(), footer: footer{provenanceLine(r) + " " + p.note()}, panels: p.panels}
	return s.figure(r, p.alt()), nil
}

// repeatsPlan is what the figure shows: the first plan as curves, the second,
// where there is one, as bars.
type repeatsPlan struct {
	rows            []experiments.RepeatsRow
	plans, sets     []string
	expected, paper bool
}

var (
	orderLine    = draw.LineStyle{Color: blue, Width: vg.Points(1.3)}
	expectedLine = draw.LineStyle{Color: orange, Width: vg.Points(1.3), Dashes: []vg.Length{4, 2}}
	sixLine      = draw.LineStyle{Color: ink, Width: vg.Points(0.7), Dashes: []vg.Length{1, 1.5}}
)

func (p *repeatsPlan) panels(w Width) [][]*plot.Plot {
	var panels []*plot.Plot
	for _, set := range p.sets {
		panels = append(panels, p.curves(set))
	}
	if len(p.plans) > 1 {
		panels = append(panels, p.bars())
	}
	return sideBySide(w, panels...)
}

// of gives the rows of a plan and set.
func (p *repeatsPlan) of(plan, set string) []experiments.RepeatsRow {
	var rows []experiments.RepeatsRow
	for _, row := range p.rows {
		if row.Plan == plan && row.Set == set {
			rows = append(rows, row)
		}
	}
	return rows
}

// curves is the panel of a set of fields under the first plan.
func (p *repeatsPlan) curves(set string) *plot.Plot {
	panel := newPlot(setTitle(set))
	panel.X.Label.Text = "sendings (log)"
	panel.Y.Label.Text = "deterministic fields"
	rows := p.of(p.plans[0], set)
	var order, expected []point
	low, high := math.Inf(1), 0.0
	for i := range rows {
		row := &rows[i]
		x := float64(row.Repeats)
		order = append(order, point{x, float64(row.Deterministic)})
		expected = append(expected, point{x, float64(row.Expected)})
		low, high = min(low, float64(row.Deterministic)), max(high, float64(row.Deterministic))
	}
	margin := max(1, (high-low)*0.08)
	logAxis(&panel.X, 1, max(2, float64(rows[len(rows)-1].Repeats)*1.15))
	countAxis(&panel.Y, max(0, low-margin), high+margin)
	panel.Add(drawing(gridLines))
	if p.paper {
		panel.Add(upright(6, sixLine))
	}
	panel.Add(curve(order, orderLine), dots(order, blue), curve(expected, expectedLine))
	return panel
}

// setTitle is a set of fields as a panel's title.
func setTitle(set string) string {
	if set == experiments.AllFields {
		return "All fields"
	}
	return "Without raw checksums"
}

// setShade tells the sets of fields apart: the first is the paler.
func setShade(set int) color.Color { return tint(blue, max(0, 1-set)) }

// bars is the panel of the second plan.
func (p *repeatsPlan) bars() *plot.Plot {
	panel := newPlot("First seen to vary, at full scale")
	panel.X.Label.Text = fmt.Sprintf("sending, plan %q", p.plans[1])
	panel.Y.Label.Text = "fields (log)"
	most, last := 0, 0
	var columns []column
	for j, set := range p.sets {
		width := 0.8 / float64(len(p.sets))
		for i, row := range p.of(p.plans[1], set) {
			last = i
			most = max(most, row.FirstVaried)
			if i == 0 {
				continue // one sending shows no variation
			}
			b := column{at: float64(i) + (float64(j)-float64(len(p.sets)-1)/2)*width, width: width * 0.9, height: row.FirstVaried, colour: setShade(j)}
			if b.height == 0 {
				b.label = "0"
			}
			columns = append(columns, b)
		}
	}
	var ticks plot.ConstantTicks
	for i, row := range p.of(p.plans[1], p.sets[0]) {
		if i > 0 && i%max(1, (last+6)/7) == 0 || i == last {
			ticks = append(ticks, plot.Tick{Value: float64(i), Label: thousands(row.Repeats)})
		}
	}
	panel.X.Tick.Marker, panel.X.Tick.Length = ticks, 0
	panel.X.Min, panel.X.Max = 0.4, max(1.6, float64(last)+0.6)
	logAxis(&panel.Y, countFloor, logCeiling(most))
	panel.Add(drawing(gridLines), columnsOn(columns))
	return panel
}

func (p *repeatsPlan) keys() legend {
	l := legend{lineKey("as sent", orderLine)}
	if p.expected {
		l = append(l, lineKey("mean over all orders", expectedLine))
	}
	if p.paper {
		l = append(l, lineKey("six: all variation found, in the paper", sixLine))
	}
	if len(p.plans) > 1 {
		for j, set := range p.sets {
			l = append(l, boxKey(strings.ToLower(setTitle(set)), setShade(j), false))
		}
	}
	return l
}

// note says what the second plan is and what the axis does.
func (p *repeatsPlan) note() string {
	note := "The axis of deterministic fields does not begin at zero."
	if len(p.plans) > 1 {
		rows := p.of(p.plans[1], p.sets[0])
		note += fmt.Sprintf(" At full scale: plan %q, %s fields in %s.", p.plans[1], thousands(rows[0].Fields), count(rows[len(rows)-1].Repeats, "sending"))
	}
	return note
}

func (p *repeatsPlan) alt() string {
	var b strings.Builder
	b.WriteString("Curves of the fields called deterministic against the number of sendings, and bars of the fields first seen to vary at each. ")
	for i := range p.rows {
		if row := &p.rows[i]; row.Repeats <= 6 {
			fmt.Fprintf(&b, "Plan %s, %s, %s: %s deterministic, %s first vary. ", row.Plan, row.Set, count(row.Repeats, "sending"), thousands(row.Deterministic), thousands(row.FirstVaried))
		}
	}
	return strings.TrimSpace(b.String())
}
