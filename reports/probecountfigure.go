package reports

import (
	"fmt"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/datasets"
	"tickle/experiments"
)

// probeCountFigure draws the pairs told apart against the number of probes.
func probeCountFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.ProbeCountRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &probeCountPlan{rows: rows, end: rows[len(rows)-1]}
	for i := range rows {
		p.sets = addOnce(p.sets, rows[i].Fields)
	}
	s := &sheet{
		legend: p.keys(),
		footer: footer{fmt.Sprintf("%s Of %d random pairs, %d are two machines with one image.", provenanceLine(r), p.end.Pairs, p.end.SameImage)},
		panels: func(Width) [][]*plot.Plot { return [][]*plot.Plot{{p.panel()}} },
	}
	return s.figure(r, p.alt()), nil
}

// probeCountSets are the field sets as the legend names them.
var probeCountSets = map[string]string{
	string(datasets.Prone):     "all fields",
	string(datasets.Vetted):    "vetted fields",
	experiments.VettedSameKind: "vetted fields, where both answer alike in kind",
}

// probeCountPlan is what the figure shows.
type probeCountPlan struct {
	rows []experiments.ProbeCountRow
	end  experiments.ProbeCountRow // of the last set, with all probes
	sets []string
}

func meanLine(set string) draw.LineStyle {
	return draw.LineStyle{Color: fieldSetColour(set), Width: vg.Points(1.3)}
}

func (p *probeCountPlan) panel() *plot.Plot {
	panel := newPlot("")
	panel.X.Label.Text = "probes, drawn at random from all (log)"
	panel.Y.Label.Text = "machine pairs told apart"
	logAxis(&panel.X, 1, max(2, float64(p.end.Probes)*1.12))
	countAxis(&panel.Y, 0, float64(p.end.Pairs)*1.08)
	panel.Add(drawing(gridLines), level(float64(p.end.Pairs), dashedLine))
	var lines []plot.Plotter // over all bands
	for _, set := range p.sets {
		var mean, low, high []point
		for i := range p.rows {
			row := &p.rows[i]
			if row.Fields == set {
				x := float64(row.Probes)
				mean = append(mean, point{x, float64(row.Mean)})
				low, high = append(low, point{x, float64(row.SpreadLow)}), append(high, point{x, float64(row.SpreadHigh)})
			}
		}
		edge := draw.LineStyle{Color: fieldSetColour(set), Width: vg.Points(0.4)}
		panel.Add(band(low, high, tint(fieldSetColour(set), 2)))
		lines = append(lines, curve(low, edge), curve(high, edge), curve(mean, meanLine(set)), dots(mean, fieldSetColour(set)))
	}
	panel.Add(lines...)
	panel.Add(drawing(func(c draw.Canvas, pl *plot.Plot) {
		x, y := axes(c, pl)
		for i := range p.rows {
			if row := &p.rows[i]; row.Paper.Given() {
				drawDiamond(c, vg.Point{X: x(float64(row.Probes)), Y: y(float64(row.Paper.Value))})
			}
		}
	}))
	return panel
}

func (p *probeCountPlan) keys() legend {
	var l legend
	paper := false
	for _, set := range p.sets {
		l = append(l, lineKey(probeCountSets[set]+": mean over all subsets", meanLine(set)), boxKey("90 % of subsets", tint(fieldSetColour(set), 2), false))
	}
	for i := range p.rows {
		paper = paper || p.rows[i].Paper.Given()
	}
	l = append(l, lineKey(fmt.Sprintf("all %d pairs", p.end.Pairs), dashedLine))
	if paper {
		l = append(l, diamondKey("the paper, with all of its 50,000 probes: about 30"))
	}
	return l
}

func (p *probeCountPlan) alt() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Curve of machine pairs told apart, of %d, against the number of probes on a logarithmic axis. ", p.end.Pairs)
	for i := range p.rows {
		row := &p.rows[i]
		fmt.Fprintf(&b, "%s fields, %s: %s. ", row.Fields, count(row.Probes, "probe"), row.Mean.Format(1))
	}
	return strings.TrimSpace(b.String())
}
