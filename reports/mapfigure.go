package reports

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/experiments"
)

// mapFigure draws a panel a method, with a mark a point in its family's
// colour and shape.
func mapFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.MapRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &mapPlan{rows: rows}
	for i := range rows {
		p.methods = addOnce(p.methods, rows[i].Method)
	}
	p.rank()
	s := &sheet{
		legend: p.keys(),
		footer: footer{fmt.Sprintf("%s %d points; axes have no unit. Principal components show %s %% of the variance.", provenanceLine(r), len(rows)/len(p.methods), p.fit())},
		panels: p.panels,
	}
	return s.figure(r, p.alt()), nil
}

// mapPlan is what the figure shows.
type mapPlan struct {
	rows     []experiments.MapRow
	methods  []string
	families []string // those with a colour of their own, most points first
}

// familyMarks are the marks of families in order of size; the rest share the
// last.
var familyMarks = []struct {
	colour color.Color
	shape  draw.GlyphDrawer
}{
	{blue, draw.CircleGlyph{}}, {vermillion, draw.SquareGlyph{}}, {green, draw.TriangleGlyph{}}, {orange, draw.PyramidGlyph{}},
	{purple, draw.BoxGlyph{}}, {skyBlue, draw.RingGlyph{}}, {brown, draw.PlusGlyph{}}, {grey, draw.CrossGlyph{}},
}

// rank lists the families, most points first, that get a mark of their own.
func (p *mapPlan) rank() {
	n := map[string]int{}
	for i := range p.rows {
		if p.rows[i].Method == p.methods[0] {
			p.families = addOnce(p.families, p.rows[i].Family)
			n[p.rows[i].Family]++
		}
	}
	slices.SortStableFunc(p.families, func(a, b string) int {
		return cmp.Or(cmp.Compare(n[b], n[a]), cmp.Compare(a, b))
	})
	if len(p.families) > len(familyMarks) {
		p.families = p.families[:len(familyMarks)-1]
	}
}

// mark is the number of a family's mark.
func (p *mapPlan) mark(family string) int {
	if i := slices.Index(p.families, family); i >= 0 {
		return i
	}
	return len(familyMarks) - 1
}

func (p *mapPlan) glyph(mark int, radius vg.Length) draw.GlyphStyle {
	return draw.GlyphStyle{Color: familyMarks[mark].colour, Radius: radius, Shape: familyMarks[mark].shape}
}

func (p *mapPlan) keys() legend {
	var l legend
	add := func(mark int, text string) {
		l = append(l, key{func(c draw.Canvas) { c.DrawGlyph(p.glyph(mark, 2.6), c.Center()) }, text})
	}
	for i, f := range p.families {
		add(i, f)
	}
	if slices.ContainsFunc(p.rows, func(r experiments.MapRow) bool { return !slices.Contains(p.families, r.Family) }) {
		add(len(familyMarks)-1, "other")
	}
	return l
}

var methodTitles = map[string]string{"pca": "Principal components", "mds": "Classical scaling", "tsne": "t-SNE"}

func (p *mapPlan) panels(w Width) [][]*plot.Plot {
	var all []*plot.Plot
	for _, m := range p.methods {
		all = append(all, p.panel(m))
	}
	return sideBySide(w, all...)
}

func (p *mapPlan) panel(method string) *plot.Plot {
	panel := newPlot(methodTitles[method])
	xs, ys := newRange(), newRange()
	for i := range p.rows {
		if p.rows[i].Method == method {
			xs.add(float64(p.rows[i].X))
			ys.add(float64(p.rows[i].Y))
		}
	}
	panel.X.Min, panel.X.Max = xs.padded()
	panel.Y.Min, panel.Y.Max = ys.padded()
	panel.X.Tick.Marker, panel.Y.Tick.Marker = plot.ConstantTicks{}, plot.ConstantTicks{}
	panel.X.Label.Text, panel.Y.Label.Text = "first dimension", "second dimension"
	panel.Add(drawing(func(c draw.Canvas, pl *plot.Plot) {
		x, y := axes(c, pl)
		// The commonest first, so that rare families lie on top.
		for mark := range familyMarks {
			for i := range p.rows {
				if row := &p.rows[i]; row.Method == method && p.mark(row.Family) == mark {
					c.DrawGlyph(p.glyph(mark, 2.2), vg.Point{X: x(float64(row.X)), Y: y(float64(row.Y))})
				}
			}
		}
	}))
	return panel
}

// extent is the range of some numbers.
type extent struct{ low, high float64 }

func newRange() *extent { return &extent{math.Inf(1), math.Inf(-1)} }

func (e *extent) add(v float64) { e.low, e.high = min(e.low, v), max(e.high, v) }

// padded is the range with a twentieth more at each end.
func (e *extent) padded() (low, high float64) {
	pad := max(e.high-e.low, 1e-9) / 20
	return e.low - pad, e.high + pad
}

// fit is the share of variance in the map by principal components.
func (p *mapPlan) fit() string {
	for i := range p.rows {
		if p.rows[i].Method == "pca" {
			return percentText(p.rows[i].Fit)
		}
	}
	return "n/a"
}

func (p *mapPlan) alt() string {
	n := map[string]int{}
	for i := range p.rows {
		if p.rows[i].Method == p.methods[0] {
			n[p.rows[i].Family]++
		}
	}
	var b strings.Builder
	b.WriteString("Points in the plane, near where vectors are alike. Points of each family: ")
	for _, f := range p.families {
		fmt.Fprintf(&b, "%s %d; ", f, n[f])
	}
	return strings.TrimRight(b.String(), "; ") + "."
}
