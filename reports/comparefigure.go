package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/datasets"
	"tickle/experiments"
)

func init() { figures["compare"] = compareFigure }

// mostPairs is how many pairs a panel shows of each level; of more learners
// only the first is shown against the others.
const mostPairs = 10

// comparePlan is what the figure of comparisons shows: a panel a hierarchy,
// a line a pair and level.
type comparePlan struct {
	hierarchies []string
	lines       map[string][]compareLine // by hierarchy, from the top
	fields      []string
	learners    []string
	legend      legend
	footer      footer
}

// compareLine is a pair at a level, one row for each field set.
type compareLine struct {
	pair  string
	level int
	rows  []experiments.CompareRow
}

// compareFigure draws mean ranks where learners were ranked over data sets,
// and else the differences of the pairs.
func compareFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.CompareRow](r)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(rows, func(r experiments.CompareRow) bool { return r.Kind == "rank" }) {
		return rankFigure(r, rows), nil
	}
	rows = slices.DeleteFunc(slices.Clone(rows), func(c experiments.CompareRow) bool {
		return c.Kind != "pair" || c.Split != rows[0].Split || c.Data != rows[0].Data
	})
	if len(rows) == 0 {
		return nil, nil
	}
	p := &comparePlan{lines: make(map[string][]compareLine)}
	for i := range rows {
		p.learners = addOnce(addOnce(p.learners, rows[i].A), rows[i].B)
	}
	note := ""
	if n := len(p.learners); n*(n-1)/2 > mostPairs {
		first := p.learners[0]
		rows = slices.DeleteFunc(rows, func(c experiments.CompareRow) bool { return c.A != first })
		note = " Only pairs with " + first + " are shown; the table has all."
	}
	for i := range rows {
		p.add(rows[i])
	}
	p.legend = p.keys()
	p.footer = footer{provenanceLine(r) + " " + capital(rows[0].Split) + " folds. Intervals are 95 %, over groups; p adjusted by Holm." + note}
	return &Figure{Title: r.Title, Alt: compareAlt(rows), height: p.height, draw: p.draw}, nil
}

func (p *comparePlan) add(row experiments.CompareRow) {
	p.hierarchies, p.fields = addOnce(p.hierarchies, row.Hierarchy), addOnce(p.fields, row.Fields)
	lines := p.lines[row.Hierarchy]
	pair := row.A + " − " + row.B
	i := slices.IndexFunc(lines, func(l compareLine) bool { return l.pair == pair && l.level == row.Level })
	if i < 0 {
		i = len(lines)
		lines = append(lines, compareLine{pair: pair, level: row.Level})
	}
	lines[i].rows = append(lines[i].rows, row)
	p.lines[row.Hierarchy] = lines
}

// compareStep is the height of a line in points; levels lie half a line apart.
const compareStep = 14

// place is the ordinate of each line, in lines from the top, and the height of all.
func place(lines []compareLine) (at []float64, height float64) {
	y := 0.0
	for i := range lines {
		if i == 0 || lines[i].level != lines[i-1].level {
			y += 0.8
		}
		at = append(at, y+0.5)
		y++
	}
	return at, y + 0.2
}

func (p *comparePlan) across(w Width) int {
	if w == Page {
		return len(p.hierarchies)
	}
	return 1
}

func (p *comparePlan) panelHeight() vg.Length {
	most := 0.0
	for _, lines := range p.lines {
		_, h := place(lines)
		most = max(most, h)
	}
	return vg.Length(most)*compareStep + 40
}

func (p *comparePlan) height(w Width) vg.Length {
	x := w.Length() - 2*figureMargin
	down := (len(p.hierarchies) + p.across(w) - 1) / p.across(w)
	return 2*figureMargin + p.legend.height(x) + p.footer.height(x) + vg.Length(down)*(p.panelHeight()+panelGap) + panelGap
}

func (p *comparePlan) draw(c draw.Canvas, w Width) {
	c = draw.Crop(c, figureMargin, -figureMargin, figureMargin, -figureMargin)
	p.legend.draw(c)
	p.footer.draw(c)
	body := draw.Crop(c, 0, 0, p.footer.height(c.Size().X)+panelGap, -p.legend.height(c.Size().X)-panelGap)
	across := p.across(w)
	down := (len(p.hierarchies) + across - 1) / across
	plots := make([][]*plot.Plot, down)
	for i := range plots {
		plots[i] = make([]*plot.Plot, across)
	}
	for i, h := range p.hierarchies {
		plots[i/across][i%across] = p.panel(h)
	}
	canvases := plot.Align(plots, draw.Tiles{Rows: down, Cols: across, PadX: 2 * panelGap, PadY: panelGap}, body)
	for i, row := range plots {
		for j, panel := range row {
			if panel != nil {
				panel.Draw(canvases[i][j])
			}
		}
	}
}

// panel is the plot of one hierarchy. Ordinates run downwards.
func (p *comparePlan) panel(hierarchy string) *plot.Plot {
	panel := newPlot(capital(hierarchy))
	lines := p.lines[hierarchy]
	at, height := place(lines)
	var ticks plot.ConstantTicks
	for i, l := range lines {
		ticks = append(ticks, plot.Tick{Value: -at[i], Label: l.pair})
	}
	low, high := p.span()
	panel.Add(&differences{plan: p, lines: lines, at: at})
	panel.X.Label.Text = "difference of accuracy (points)"
	panel.X.Tick.Marker = pointTicks(low, high)
	panel.Y.Tick.Marker, panel.Y.Tick.Length = ticks, 0
	panel.X.Min, panel.X.Max, panel.Y.Min, panel.Y.Max = low, high, -height, 0
	return panel
}

// pointTicks marks zero and a few steps to either side.
func pointTicks(low, high float64) plot.ConstantTicks {
	step := 5.0
	for (high-low)/step > 7 {
		step *= 2
	}
	var ticks plot.ConstantTicks
	for v := math.Ceil(low/step) * step; v <= high; v += step {
		ticks = append(ticks, plot.Tick{Value: v, Label: strings.Replace(fmt.Sprint(int(v)), "-", "−", 1)})
	}
	return ticks
}

// span is that of all panels, so that they compare.
func (p *comparePlan) span() (low, high float64) {
	low, high = -5, 5
	for _, lines := range p.lines {
		for _, l := range lines {
			for i := range l.rows {
				r := &l.rows[i]
				for _, v := range []experiments.Number{r.Difference, r.Low, r.High} {
					if !v.IsNA() {
						low, high = min(low, float64(v)), max(high, float64(v))
					}
				}
			}
		}
	}
	return math.Floor(low/5) * 5, math.Ceil(high/5) * 5
}

// differences draws the lines of a panel.
type differences struct {
	plan  *comparePlan
	lines []compareLine
	at    []float64
}

// Plot draws what cannot be told from nothing as a band, and on it the
// differences with their intervals.
func (d *differences) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	for i, l := range d.lines {
		if i == 0 || d.lines[i-1].level != l.level {
			y := toY(-d.at[i] + 0.85)
			c.FillText(withAlign(textStyle(smallSize), draw.XRight), vg.Point{X: c.Max.X, Y: y - 2.5}, fmt.Sprintf("level %d", l.level))
			if i > 0 {
				c.StrokeLine2(draw.LineStyle{Color: rule, Width: vg.Points(0.5)}, c.Min.X, y+6, c.Max.X, y+6)
			}
		}
		step := 0.8 / float64(len(l.rows))
		for j := range l.rows {
			r := &l.rows[j]
			y := -d.at[i] + 0.4 - step*(float64(j)+0.5)
			if !r.Detectable.IsNA() {
				half := step * 0.42
				left, right := max(c.Min.X, toX(-float64(r.Detectable))), min(c.Max.X, toX(float64(r.Detectable)))
				c.FillPolygon(rule, []vg.Point{{X: left, Y: toY(y - half)}, {X: right, Y: toY(y - half)}, {X: right, Y: toY(y + half)}, {X: left, Y: toY(y + half)}})
			}
		}
	}
	c.StrokeLine2(dashedLine, toX(0), c.Min.Y, toX(0), c.Max.Y)
	for i, l := range d.lines {
		step := 0.8 / float64(len(l.rows))
		for j := range l.rows {
			d.mark(c, &l.rows[j], toX, toY(-d.at[i]+0.4-step*(float64(j)+0.5)))
		}
	}
}

// mark draws one difference.
func (d *differences) mark(c draw.Canvas, r *experiments.CompareRow, toX func(float64) vg.Length, y vg.Length) {
	if !r.Low.IsNA() {
		c.StrokeLine2(intervalLine, toX(float64(r.Low)), y, toX(float64(r.High)), y)
	}
	ahead := r.A
	if r.Difference < 0 {
		ahead = r.B
	}
	drawDifference(c, vg.Point{X: toX(float64(r.Difference)), Y: y}, draw.GlyphStyle{Color: LearnerColour(ahead), Radius: 2.4}, differenceMark{r.Fields == string(datasets.Vetted), r.Holm < 0.05})
}

// differenceMark says how the mark of a difference looks.
type differenceMark struct{ square, filled bool }

func drawDifference(c draw.Canvas, at vg.Point, g draw.GlyphStyle, m differenceMark) {
	solid, open := draw.GlyphDrawer(draw.CircleGlyph{}), draw.GlyphDrawer(draw.RingGlyph{})
	if m.square {
		solid, open = draw.BoxGlyph{}, draw.SquareGlyph{}
	}
	if m.filled {
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: g.Color, Radius: g.Radius, Shape: solid}, at)
		return
	}
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: paper, Radius: g.Radius, Shape: solid}, at)
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: g.Color, Radius: g.Radius, Shape: open}, at)
}

func (p *comparePlan) keys() legend {
	mark := func(m differenceMark) func(draw.Canvas) {
		return func(c draw.Canvas) {
			drawDifference(c, c.Center(), draw.GlyphStyle{Color: dark, Radius: 2.4}, m)
		}
	}
	l := legend{
		{func(c draw.Canvas) {
			c.StrokeLine2(intervalLine, c.Min.X, c.Center().Y, c.Max.X, c.Center().Y)
			mark(differenceMark{filled: true})(c)
		}, "difference shown (p < 0.05)"},
		{mark(differenceMark{}), "not shown"},
	}
	if slices.Contains(p.fields, string(datasets.Vetted)) {
		l = append(l, key{mark(differenceMark{square: true}), "vetted fields (round: prone)"})
	}
	l = append(l, key{func(c draw.Canvas) {
		c.FillPolygon(rule, []vg.Point{c.Min, {X: c.Max.X, Y: c.Min.Y}, c.Max, {X: c.Min.X, Y: c.Max.Y}})
	}, "found in less than 80 of 100 such studies"})
	for _, name := range p.learners {
		l = append(l, boxKey(name+" ahead", LearnerColour(name), false))
	}
	return l
}

// compareAlt says in words what the figure shows.
func compareAlt(rows []experiments.CompareRow) string {
	var b strings.Builder
	b.WriteString("Differences of accuracy in points. ")
	for i := range rows {
		r := &rows[i]
		fmt.Fprintf(&b, "%s level %d, %s fields, %s minus %s: %s. ", r.Hierarchy, r.Level, r.Fields, r.A, r.B, r.Difference.Format(1))
	}
	return strings.TrimSpace(b.String())
}
