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

// vectorNoveltyFigure draws how well each rule notices each family that was left
// out, and beside it what Nmap's constant accepts.
func vectorNoveltyFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.VectorNoveltyRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &vectorNoveltyPlan{}
	for i := range rows {
		if rows[i].Vectors == rows[0].Vectors { // the table has the others
			p.rows = append(p.rows, rows[i])
			p.families, p.rules = addOnce(p.families, rows[i].Unknown), addOnce(p.rules, rows[i].Rule)
		}
	}
	s := &sheet{
		legend: p.keys(),
		footer: footer{fmt.Sprintf("%s %s vectors. Lines are 95 %% intervals by DeLong; + joins rules by the mean of their percentiles.", provenanceLine(r), capital(rows[0].Vectors))},
		panels: func(w Width) [][]*plot.Plot { return sideBySide(w, p.areas(), p.constant()) },
	}
	return s.figure(r, p.alt()), nil
}

// vectorNoveltyPlan is what the figure shows.
type vectorNoveltyPlan struct {
	rows            []experiments.VectorNoveltyRow
	families, rules []string
}

// ruleColours are those of the rules in the order of rows, Nmap's own first.
var ruleColours = []color.Color{ink, blue, orange, green, vermillion, purple, skyBlue}

func (p *vectorNoveltyPlan) colour(rule string) color.Color {
	return ruleColours[slices.Index(p.rules, rule)%len(ruleColours)]
}

func (p *vectorNoveltyPlan) keys() legend {
	var l legend
	for _, rule := range p.rules {
		l = append(l, key{func(c draw.Canvas) { drawSpan(c, c.Min.X, c.Max.X, c.Center(), p.colour(rule)) }, rule})
	}
	return append(l, key{func(c draw.Canvas) { drawRing(c, c.Center()) }, "unknown vectors below 15"})
}

// panel has a line a family.
func (p *vectorNoveltyPlan) panel(title string) *plot.Plot {
	panel := newPlot(title)
	var names []string
	for _, f := range p.families {
		names = append(names, "without "+f)
	}
	lines(panel, names)
	return panel
}

// height is where the k-th of n marks of a family stands.
func (p *vectorNoveltyPlan) height(family string, k, n int) float64 {
	return float64(len(p.families)-1-slices.Index(p.families, family)) - 0.8*(float64(k+1)/float64(n+1)-0.5)
}

// areas is the panel of the areas under the curves.
func (p *vectorNoveltyPlan) areas() *plot.Plot {
	panel := p.panel("Unknown or known")
	panel.X.Label.Text = "area under the curve (AUROC)"
	panel.X.Min, panel.X.Max = 0, 1.02
	panel.Add(upright(0.5, sixLine), drawing(func(c draw.Canvas, pl *plot.Plot) {
		x, y := axes(c, pl)
		for i := range p.rows {
			row := &p.rows[i]
			at := vg.Point{X: x(float64(row.AUROC)), Y: y(p.height(row.Unknown, slices.Index(p.rules, row.Rule), len(p.rules)))}
			c.StrokeLine2(draw.LineStyle{Color: p.colour(row.Rule), Width: vg.Points(0.6)}, x(float64(row.Low)), at.Y, x(float64(row.High)), at.Y)
			c.DrawGlyph(draw.GlyphStyle{Color: p.colour(row.Rule), Radius: 1.5, Shape: draw.CircleGlyph{}}, at)
		}
	}))
	return panel
}

// constant is the panel of the vectors that Nmap's constant takes for known.
func (p *vectorNoveltyPlan) constant() *plot.Plot {
	panel := p.panel("Novelty below Nmap's constant, 15")
	panel.X.Label.Text = "vectors (%): known (dots), unknown (rings)"
	panel.X.Min, panel.X.Max = -3, 104
	panel.X.Tick.Marker = percentTicks(0, 25, 50, 75, 100)
	panel.Add(drawing(func(c draw.Canvas, pl *plot.Plot) {
		x, y := axes(c, pl)
		for i := range p.rows {
			row := &p.rows[i]
			if row.ConstantKnown.IsNA() {
				continue
			}
			at := y(p.height(row.Unknown, 0, 1))
			c.DrawGlyph(draw.GlyphStyle{Color: ink, Radius: 2, Shape: draw.CircleGlyph{}}, vg.Point{X: x(percent(row.ConstantKnown)), Y: at})
			drawRing(c, vg.Point{X: x(percent(row.ConstantAccepted)), Y: at})
		}
	}))
	return panel
}

func (p *vectorNoveltyPlan) alt() string {
	var b strings.Builder
	b.WriteString("Areas under the curves of rules for novelty, for each family left out. ")
	for i := range p.rows {
		row := &p.rows[i]
		fmt.Fprintf(&b, "Without %s, %s: %s", row.Unknown, row.Rule, row.AUROC.Format(2))
		if !row.ConstantKnown.IsNA() {
			fmt.Fprintf(&b, "; below 15 are %s %% of the known vectors and %s %% of the unknown", percentText(row.ConstantKnown), percentText(row.ConstantAccepted))
		}
		b.WriteString(". ")
	}
	return strings.TrimSpace(b.String())
}
