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
// line for each group of answers taken away, and a mark a learner; and a panel
// of how good the learners' probabilities are, a line a way.
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
	missing := ""
	if slices.ContainsFunc(p.rows, func(row experiments.VectorRow) bool { return row.Brier.IsNA() }) {
		missing = " No Brier score: scores are no probabilities."
	}
	s := &sheet{
		legend: p.keys(),
		footer: footer{fmt.Sprintf("%s %s vectors: %d. Lines are 95 %% intervals over groups.", provenanceLine(r), capital(rows[0].Vectors), rows[0].N) + missing},
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

func (p *vectorsPlan) colour(learner string) color.Color {
	if learner == nmap6Learner {
		return ink
	}
	return variantColour(p.learners, learner)
}

func (p *vectorsPlan) keys() legend {
	var l legend
	for _, name := range p.learners {
		l = append(l, key{func(c draw.Canvas) { drawSpan(c, c.Min.X, c.Max.X, c.Center(), p.colour(name)) }, name})
	}
	return l
}

var wayTitles = map[string]string{"-1": "Missing answers as -1", "missing": "Left to the learner", "k-nn": "Filled in by k-NN", "regression": "Filled in by regression"}

func (p *vectorsPlan) panels(w Width) [][]*plot.Plot {
	var panels []*plot.Plot
	for _, way := range p.ways {
		panels = append(panels, p.panel(way))
	}
	if brier := p.brier(); brier != nil {
		panels = append(panels, brier)
	}
	if w == Page && len(panels) > 1 && len(panels)%2 == 1 {
		panels = append(panels, nil)
	}
	var all [][]*plot.Plot
	for pair := range slices.Chunk(panels, 2) {
		all = append(all, sideBySide(w, pair...)...)
	}
	return all
}

func (p *vectorsPlan) panel(way string) *plot.Plot {
	panel := newPlot(wayTitles[way])
	panel.X.Label.Text = "right (%)"
	panel.X.Min, panel.X.Max = 0, 104
	panel.X.Tick.Marker = percentTicks(0, 25, 50, 75, 100)
	var names []string
	for _, m := range p.masks {
		if m == "none" {
			names = append(names, "all answers")
		} else {
			names = append(names, "without "+m)
		}
	}
	lines(panel, names)
	panel.Add(drawing(func(c draw.Canvas, pl *plot.Plot) {
		x, y := axes(c, pl)
		for i := range p.rows {
			row := &p.rows[i]
			if row.Missing != way {
				continue
			}
			at := vg.Point{X: x(percent(row.Accuracy)), Y: y(p.height(slices.Index(p.masks, row.Masked), len(p.masks), row.Learner))}
			c.StrokeLine2(draw.LineStyle{Color: p.colour(row.Learner), Width: vg.Points(0.6)}, x(percent(row.Low)), at.Y, x(percent(row.High)), at.Y)
			c.DrawGlyph(draw.GlyphStyle{Color: p.colour(row.Learner), Radius: 1.5, Shape: draw.CircleGlyph{}}, at)
		}
	}))
	return panel
}

// lines puts names on the vertical axis, a line each, the first on top.
func lines(panel *plot.Plot, names []string) {
	last := float64(len(names) - 1)
	panel.Y.Min, panel.Y.Max = -0.5, last+0.5
	var ticks plot.ConstantTicks
	for i, name := range names {
		ticks = append(ticks, plot.Tick{Value: last - float64(i), Label: name})
	}
	panel.Y.Tick.Marker = ticks
}

// height is where a learner's mark stands within a line of several.
func (p *vectorsPlan) height(line, lines int, learner string) float64 {
	offset := 0.8 * (float64(slices.Index(p.learners, learner)+1)/float64(len(p.learners)+1) - 0.5)
	return float64(lines-1-line) - offset
}

// brier is the panel of the learners' probabilities where no answers are taken
// away; nil where none has any.
func (p *vectorsPlan) brier() *plot.Plot {
	most := 0.0
	for i := range p.rows {
		if row := &p.rows[i]; row.Masked == "none" && !row.Brier.IsNA() {
			most = max(most, float64(row.Brier))
		}
	}
	if most == 0 {
		return nil
	}
	panel := newPlot("Probabilities, all answers there")
	panel.X.Label.Text = "Brier score (lower is better)"
	panel.X.Min, panel.X.Max = 0, 1.08*most
	var names []string
	for _, way := range p.ways {
		names = append(names, wayTitles[way])
	}
	lines(panel, names)
	panel.Add(drawing(func(c draw.Canvas, pl *plot.Plot) {
		x, y := axes(c, pl)
		for i := range p.rows {
			if row := &p.rows[i]; row.Masked == "none" && !row.Brier.IsNA() {
				at := vg.Point{X: x(float64(row.Brier)), Y: y(p.height(slices.Index(p.ways, row.Missing), len(p.ways), row.Learner))}
				c.DrawGlyph(draw.GlyphStyle{Color: p.colour(row.Learner), Radius: 2, Shape: draw.CircleGlyph{}}, at)
			}
		}
	}))
	return panel
}

func (p *vectorsPlan) alt() string {
	var b strings.Builder
	b.WriteString("Shares of vectors that are given their class, all answers there. ")
	for i := range p.rows {
		if row := &p.rows[i]; row.Masked == "none" {
			fmt.Fprintf(&b, "%s, missing as %s: %s %%, Brier score %s. ", row.Learner, row.Missing, percentText(row.Accuracy), row.Brier.Format(3))
		}
	}
	return strings.TrimSpace(b.String())
}
