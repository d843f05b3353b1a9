package reports

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/datasets"
	"tickle/experiments"
)

// sheet is a figure of panels, with a legend above them and a footer below.
type sheet struct {
	legend legend
	footer footer
	panels func(Width) [][]*plot.Plot // in rows of equal length
}

// figure gives the sheet as r's figure.
func (s *sheet) figure(r *experiments.Result, alt string) *Figure {
	return &Figure{Title: r.Title, Alt: alt, height: s.height, draw: s.draw}
}

func (s *sheet) height(w Width) vg.Length {
	return s.around(w) + vg.Length(len(s.panels(w)))*(panelHeight(w)+panelGap)
}

// around is the height of everything but the panels.
func (s *sheet) around(w Width) vg.Length {
	x := w.Length() - 2*figureMargin
	return 2*figureMargin + s.legend.height(x) + s.footer.height(x) + panelGap
}

// frame draws legend and footer and gives the space between them.
func (s *sheet) frame(c draw.Canvas) draw.Canvas {
	c = draw.Crop(c, figureMargin, -figureMargin, figureMargin, -figureMargin)
	s.legend.draw(c)
	s.footer.draw(c)
	x := c.Size().X
	return draw.Crop(c, 0, 0, s.footer.height(x)+panelGap, -s.legend.height(x)-panelGap)
}

func (s *sheet) draw(c draw.Canvas, w Width) {
	body := s.frame(c)
	panels := s.panels(w)
	tiles := draw.Tiles{Rows: len(panels), Cols: len(panels[0]), PadX: 2 * panelGap, PadY: panelGap}
	canvases := plot.Align(panels, tiles, body)
	for i, row := range panels {
		for j, panel := range row {
			if panel != nil {
				panel.Draw(canvases[i][j])
			}
		}
	}
}

// sideBySide puts panels into one row where they fit, else each into its own.
func sideBySide(w Width, panels ...*plot.Plot) [][]*plot.Plot {
	if w == Page {
		return [][]*plot.Plot{panels}
	}
	rows := make([][]*plot.Plot, len(panels))
	for i, p := range panels {
		rows[i] = []*plot.Plot{p}
	}
	return rows
}

// fieldSetColour is a field set's colour in figures that show no learner.
func fieldSetColour(set string) color.Color {
	switch set {
	case string(datasets.Vetted):
		return green
	case experiments.VettedSameKind:
		return purple
	}
	return vermillion
}

// drawing is a plotter that is a function.
type drawing func(c draw.Canvas, p *plot.Plot)

// Plot implements plot.Plotter.
func (d drawing) Plot(c draw.Canvas, p *plot.Plot) { d(c, p) }

// point is a place in the units of the axes.
type point struct{ x, y float64 }

// curve draws a line through points, those with NaN left out.
func curve(points []point, style draw.LineStyle) drawing {
	return func(c draw.Canvas, p *plot.Plot) {
		if line := onCanvas(c, p, points); len(line) > 1 {
			c.StrokeLines(style, c.ClipLinesXY(line)...)
		}
	}
}

// dots draws a small disc at each point, those with NaN left out.
func dots(points []point, colour color.Color) drawing {
	return func(c draw.Canvas, p *plot.Plot) {
		for _, at := range onCanvas(c, p, points) {
			c.DrawGlyph(draw.GlyphStyle{Color: colour, Radius: 1.5, Shape: draw.CircleGlyph{}}, at)
		}
	}
}

// band fills the space between two curves over the same abscissas.
func band(low, high []point, colour color.Color) drawing {
	return func(c draw.Canvas, p *plot.Plot) {
		edge := onCanvas(c, p, high)
		back := onCanvas(c, p, low)
		for i := len(back) - 1; i >= 0; i-- {
			edge = append(edge, back[i])
		}
		if len(edge) > 3 {
			c.FillPolygon(colour, c.ClipPolygonXY(edge))
		}
	}
}

func onCanvas(c draw.Canvas, p *plot.Plot, points []point) []vg.Point {
	x, y := axes(c, p)
	var line []vg.Point
	for _, at := range points {
		if !math.IsNaN(at.x) && !math.IsNaN(at.y) {
			line = append(line, vg.Point{X: x(at.x), Y: y(at.y)})
		}
	}
	return line
}

// gridLines draws hair lines across at the labelled ticks of the y axis.
func gridLines(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	hair := draw.LineStyle{Color: rule, Width: vg.Points(0.4)}
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if t.Label != "" && t.Value > p.Y.Min && t.Value <= p.Y.Max {
			c.StrokeLine2(hair, c.Min.X, y(t.Value), c.Max.X, y(t.Value))
		}
	}
}

// upright draws a line across the panel at an abscissa.
func upright(at float64, style draw.LineStyle) drawing {
	return func(c draw.Canvas, p *plot.Plot) {
		x, _ := axes(c, p)
		c.StrokeLine2(style, x(at), c.Min.Y, x(at), c.Max.Y)
	}
}

// level draws a line across the panel at an ordinate.
func level(at float64, style draw.LineStyle) drawing {
	return func(c draw.Canvas, p *plot.Plot) {
		_, y := axes(c, p)
		c.StrokeLine2(style, c.Min.X, y(at), c.Max.X, y(at))
	}
}

// logTicks are the ticks of a logarithmic axis. Such an axis is linear in
// the decimal logarithm, for gonum's LogScale (plot 0.17) takes the middle of
// the axis for the label's place to be that of the numbers.
type logTicks []plot.Tick

// Ticks implements plot.Ticker.
func (t logTicks) Ticks(float64, float64) []plot.Tick { return t }

// axes is p.Transforms for axes that may be logarithmic.
func axes(c draw.Canvas, p *plot.Plot) (x, y func(float64) vg.Length) {
	x, y = p.Transforms(&c)
	return scaled(p.X, x), scaled(p.Y, y)
}

func scaled(a plot.Axis, place func(float64) vg.Length) func(float64) vg.Length {
	if _, ok := a.Tick.Marker.(logTicks); ok {
		return func(v float64) vg.Length { return place(math.Log10(v)) }
	}
	return place
}

// logAxis makes an axis logarithmic from low to high, both positive, with
// ticks at the powers of ten and small ones between, which have labels too where
// there is no second power. What is drawn on it must find its place by axes.
func logAxis(a *plot.Axis, low, high float64) {
	a.Min, a.Max = math.Log10(low), math.Log10(high)
	var ticks logTicks
	for ten := 1.0; ten <= high; ten *= 10 {
		for k := 1.0; k < 10; k++ {
			if v := k * ten; v >= low && v <= high {
				label := ""
				if k == 1 || high < 10 {
					label = thousands(int(v))
				}
				ticks = append(ticks, plot.Tick{Value: math.Log10(v), Label: label})
			}
		}
	}
	a.Tick.Marker = ticks
}

// countAxis makes an axis linear from low to high with about five labelled
// ticks at round whole numbers.
func countAxis(a *plot.Axis, low, high float64) {
	step := math.Pow(10, math.Floor(math.Log10(max(high-low, 1))))
	for _, k := range []float64{0.1, 0.2, 0.5, 1, 2} {
		if n := (high - low) / (k * step); n <= 6 {
			step *= k
			break
		}
	}
	step = max(1, math.Round(step))
	a.Min, a.Max = low, high
	var ticks plot.ConstantTicks
	for v := math.Ceil(low/step) * step; v <= high; v += step {
		ticks = append(ticks, plot.Tick{Value: v, Label: thousands(int(v))})
	}
	a.Tick.Marker = ticks
}

// logCeiling is the top of a logarithmic axis for counts, with room above
// them for a number.
func logCeiling(most int) float64 { return 3 * float64(max(most, 4)) }

// thousands writes a whole number with commas.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// lineKey explains a line.
func lineKey(text string, style draw.LineStyle) key {
	return key{func(c draw.Canvas) {
		y := (c.Min.Y + c.Max.Y) / 2
		c.StrokeLine2(style, c.Min.X, y, c.Max.X, y)
	}, text}
}

// diamondKey explains the mark of the paper.
func diamondKey(text string) key {
	return key{func(c draw.Canvas) { drawDiamond(c, c.Center()) }, text}
}
