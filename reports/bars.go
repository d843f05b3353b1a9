package reports

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/experiments"
)

// bar is one bar with all that stands at it. Heights are in the axis' unit;
// NaN is not drawn.
type bar struct {
	colour    color.Color
	hatched   bool
	height    float64
	low, high float64 // interval
	ceiling   float64 // a short tick as wide as the bar
	other     float64 // a ring: the same quantity measured in another way
	paper     experiments.PaperValue
}

// barGroup is the bars over one tick of the axis, and the lines that run
// across all of them.
type barGroup struct {
	bars    []bar
	solid   float64 // an unbroken line across
	dashed  float64 // a broken one
	caption string  // below the axis
}

// groupedBars draws groups of bars at x = 0, 1, 2, …
type groupedBars struct{ groups []barGroup }

// groupWidth is the share of the distance of two groups that bars take.
const groupWidth = 0.86

// DataRange leaves room above 100 for marks.
func (g *groupedBars) DataRange() (xmin, xmax, ymin, ymax float64) {
	return -0.5, float64(len(g.groups)) - 0.5, 0, 112
}

// Plot draws bars first and then what stands on them.
func (g *groupedBars) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	hair := draw.LineStyle{Color: rule, Width: vg.Points(0.4)}
	for v := 25.0; v <= 100; v += 25 {
		c.StrokeLine2(hair, c.Min.X, toY(v), c.Max.X, toY(v))
	}
	for i, group := range g.groups {
		left, right := toX(float64(i)-groupWidth/2), toX(float64(i)+groupWidth/2)
		step := (right - left) / vg.Length(max(1, len(group.bars)))
		for j := range group.bars {
			b := &group.bars[j]
			gap := step * 0.08
			b.draw(c, left+vg.Length(j)*step+gap, left+vg.Length(j+1)*step-gap, toY)
		}
		over := vg.Points(2)
		if !math.IsNaN(group.dashed) {
			c.StrokeLine2(haloLine, left-over, toY(group.dashed), right+over, toY(group.dashed))
			c.StrokeLine2(dashedLine, left-over, toY(group.dashed), right+over, toY(group.dashed))
		}
		if !math.IsNaN(group.solid) {
			c.StrokeLine2(solidLine, left-over, toY(group.solid), right+over, toY(group.solid))
		}
		for j := range group.bars {
			group.bars[j].drawMarks(c, left+(vg.Length(j)+0.5)*step, step, toY)
		}
	}
}

var (
	solidLine    = draw.LineStyle{Color: ink, Width: vg.Points(0.7)}
	dashedLine   = draw.LineStyle{Color: ink, Width: vg.Points(0.7), Dashes: []vg.Length{2.2, 1.6}}
	haloLine     = draw.LineStyle{Color: paper, Width: vg.Points(1.5)} // under a dashed line, which crosses dark bars
	tickLine     = draw.LineStyle{Color: ink, Width: vg.Points(1.6)}
	intervalLine = draw.LineStyle{Color: ink, Width: vg.Points(0.6)}
)

// draw fills the bar between two abscissas.
func (b *bar) draw(c draw.Canvas, left, right vg.Length, toY func(float64) vg.Length) {
	if math.IsNaN(b.height) {
		return
	}
	fillBox(c, vg.Rectangle{Min: vg.Point{X: left, Y: toY(0)}, Max: vg.Point{X: right, Y: toY(b.height)}}, b.colour, b.hatched)
}

// fillBox fills a rectangle: solid, or white with an edge and stripes.
func fillBox(c draw.Canvas, r vg.Rectangle, colour color.Color, hatched bool) {
	corners := []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}}
	if !hatched {
		c.FillPolygon(colour, corners)
		return
	}
	c.FillPolygon(paper, corners)
	stripe := draw.LineStyle{Color: colour, Width: vg.Points(0.7)}
	const apart = 2.6
	// A stripe is x − y = k, cut at the rectangle's edges.
	for k := math.Ceil(float64(r.Min.X-r.Max.Y)/apart) * apart; k < float64(r.Max.X-r.Min.Y); k += apart {
		x0 := max(r.Min.X, r.Min.Y+vg.Length(k))
		x1 := min(r.Max.X, r.Max.Y+vg.Length(k))
		if x0 < x1 {
			c.StrokeLine2(stripe, x0, x0-vg.Length(k), x1, x1-vg.Length(k))
		}
	}
	c.StrokeLines(draw.LineStyle{Color: colour, Width: vg.Points(0.8)}, append(corners, corners[0]))
}

// drawMarks draws what stands on the bar whose middle is at x.
func (b *bar) drawMarks(c draw.Canvas, x, width vg.Length, toY func(float64) vg.Length) {
	if !math.IsNaN(b.ceiling) {
		half := width * 0.42
		c.StrokeLine2(tickLine, x-half, toY(b.ceiling), x+half, toY(b.ceiling))
	}
	if !math.IsNaN(b.low) && !math.IsNaN(b.high) {
		drawInterval(c, x, toY(b.low), toY(b.high))
	}
	if !math.IsNaN(b.other) {
		drawRing(c, vg.Point{X: x, Y: toY(b.other)})
	}
	if b.paper.Given() {
		at := vg.Point{X: x, Y: toY(100 * float64(b.paper.Value))}
		drawDiamond(c, at)
		if b.paper.Relation != "=" {
			drawRelation(c, at, b.paper.Relation)
		}
	}
}

// drawInterval draws an error bar.
func drawInterval(c draw.Canvas, x, low, high vg.Length) {
	const half = 1.6
	c.StrokeLine2(intervalLine, x, low, x, high)
	c.StrokeLine2(intervalLine, x-half, low, x+half, low)
	c.StrokeLine2(intervalLine, x-half, high, x+half, high)
}

// drawDiamond draws the mark of what the paper gives.
func drawDiamond(c draw.Canvas, at vg.Point) {
	const r = 2.6
	corners := []vg.Point{{X: at.X, Y: at.Y + r}, {X: at.X + r, Y: at.Y}, {X: at.X, Y: at.Y - r}, {X: at.X - r, Y: at.Y}}
	c.FillPolygon(paper, corners)
	c.StrokeLines(draw.LineStyle{Color: ink, Width: vg.Points(0.8)}, append(corners, corners[0]))
}

// drawRelation writes > or < above a diamond, on white, for it may stand on a
// bar.
func drawRelation(c draw.Canvas, at vg.Point, relation string) {
	c.FillPolygon(paper, []vg.Point{{X: at.X - 2.6, Y: at.Y + 3.4}, {X: at.X + 2.6, Y: at.Y + 3.4}, {X: at.X + 2.6, Y: at.Y + 8.2}, {X: at.X - 2.6, Y: at.Y + 8.2}})
	c.FillText(withAlign(textStyle(smallSize), draw.XCenter), vg.Point{X: at.X, Y: at.Y + 2.6}, relation)
}

// drawRing draws the mark of another measurement of the same quantity.
func drawRing(c draw.Canvas, at vg.Point) {
	const r = 1.9
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: paper, Radius: r, Shape: draw.CircleGlyph{}}, at)
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: ink, Radius: r, Shape: draw.RingGlyph{}}, at)
}
