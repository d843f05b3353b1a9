package reports

import (
	"fmt"
	"image/color"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/experiments"
)

// vectorsFigure draws a panel for each way of filling in what is missing, a
// line for each group of answers taken away, and a mark a learner.
func vectorsFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.VectorRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &vectorsPlan{}
	for i := range rows {
		if rows[i].Vectors == rows[0].Vectors { // the table has the others
			p.rows = append(p.rows, rows[i])
			p.learners, p.ways, p.masks = addOnce(p.learners, rows[i].Learner), addOnce(p.ways, rows[i].Missing), addOnce(p.masks, rows[i].Masked)
		}
	}
	s := &sheet{
		legend: p.keys(),
		footer: footer{fmt.Sprintf("%s %s vectors: %d. Lines are 95 %% intervals over groups.", provenanceLine(r), capital(rows[0].Vectors), rows[0].N)},
		panels: p.panels,
	}
	return s.figure(r, p.alt()), nil
}

// vectorsPlan is what the figure shows.
type vectorsPlan struct {
	rows                  []experiments.VectorRow
	learners, ways, masks []string
}

// nmap6Learner is what rows call Nmap's own classifier.
const nmap6Learner = "nmap6"

func vectorColour(learner string) color.Color {
	if learner == nmap6Learner {
		return ink
	}
	return LearnerColour(learner)
}

func (p *vectorsPlan) keys() legend {
	var l legend
	for _, name := range p.learners {
		l = append(l, key{func(c draw.Canvas) { drawSpan(c, c.Min.X, c.Max.X, c.Center(), vectorColour(name)) }, name})
	}
	return l
}

var wayTitles = map[string]string{"-1": "Missing answers as -1", "missing": "Left to the learner", "k-nn": "Filled in by k-NN", "regression": "Filled in by regression"}

func (p *vectorsPlan) panels(w Width) [][]*plot.Plot {
	var all [][]*plot.Plot
	for i := 0; i < len(p.ways); i += 2 {
		pair := []*plot.Plot{p.panel(p.ways[i])}
		if i+1 < len(p.ways) {
			pair = append(pair, p.panel(p.ways[i+1]))
		} else if w == Page && i > 0 {
			pair = append(pair, nil)
		}
		all = append(all, sideBySide(w, pair...)...)
	}
	return all
}

func (p *vectorsPlan) panel(way string) *plot.Plot {
	panel := newPlot(wayTitles[way])
	panel.X.Label.Text = "right (%)"
	panel.X.Min, panel.X.Max = 0, 104
	panel.X.Tick.Marker = percentTicks(0, 25, 50, 75, 100)
	last := float64(len(p.masks) - 1)
	panel.Y.Min, panel.Y.Max = -0.5, last+0.5
	var ticks plot.ConstantTicks
	for i, m := range p.masks {
		name := "without " + m
		if m == "none" {
			name = "all answers"
		}
		ticks = append(ticks, plot.Tick{Value: last - float64(i), Label: name})
	}
	panel.Y.Tick.Marker = ticks
	panel.Add(drawing(func(c draw.Canvas, pl *plot.Plot) {
		x, y := axes(c, pl)
		for i := range p.rows {
			row := &p.rows[i]
			if row.Missing != way {
				continue
			}
			offset := 0.8 * (float64(slices.Index(p.learners, row.Learner)+1)/float64(len(p.learners)+1) - 0.5)
			at := vg.Point{X: x(percent(row.Accuracy)), Y: y(last - float64(slices.Index(p.masks, row.Masked)) - offset)}
			c.StrokeLine2(draw.LineStyle{Color: vectorColour(row.Learner), Width: vg.Points(0.6)}, x(percent(row.Low)), at.Y, x(percent(row.High)), at.Y)
			c.DrawGlyph(draw.GlyphStyle{Color: vectorColour(row.Learner), Radius: 1.5, Shape: draw.CircleGlyph{}}, at)
		}
	}))
	return panel
}

func (p *vectorsPlan) alt() string {
	var b strings.Builder
	b.WriteString("Shares of vectors that are given their class, all answers there. ")
	for i := range p.rows {
		if row := &p.rows[i]; row.Masked == "none" {
			fmt.Fprintf(&b, "%s, missing as %s: %s %%. ", row.Learner, row.Missing, percentText(row.Accuracy))
		}
	}
	return strings.TrimSpace(b.String())
}
