package reports

import (
	"fmt"
	"image/color"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/experiments"
)

// confusionFigure draws confusion matrices, one a level, learner and field
// set, with classes in the order of the hierarchy.
func confusionFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.ConfusionRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &confusionPlan{}
	at := make(map[matrixOf]int)
	for i := range rows {
		row := &rows[i]
		k := matrixOf{levelOf{row.Hierarchy, row.Level}, accuracySeries{row.Learner, row.Fields}}
		if _, ok := at[k]; !ok {
			at[k] = len(p.matrices)
			p.matrices = append(p.matrices, confusionMatrix{of: k})
		}
		m := &p.matrices[at[k]]
		m.rows = append(m.rows, *row)
		if len(m.classes) <= row.Order {
			m.classes = append(m.classes, *row)
		}
		m.abstains = m.abstains || row.Predicted == ""
	}
	p.legend = p.keys()
	text, alt := provenanceLine(r)+" Grouped folds. Rows are true classes, columns the answers, numbered alike; shade is the share of the true class.", p.alt()
	for i := range p.matrices {
		p.matrices[i].trim()
		if all := p.matrices[i].of.level; p.matrices[i].leftOut > 0 {
			text += fmt.Sprintf(" Of %s the %d classes with the most rows; %d more are in the table.", all, confusionMost, p.matrices[i].leftOut)
		}
	}
	p.footer = footer{text}
	return &Figure{Title: r.Title, Alt: alt, height: p.height, draw: p.draw}, nil
}

// confusionMost is how many classes a matrix shows, for names to be legible and
// the figure to fit a page.
const confusionMost = 80

// trim leaves the classes with the most rows, the first of equals, and the answers
// among them.
func (m *confusionMatrix) trim() {
	if len(m.classes) <= confusionMost {
		return
	}
	order := make([]int, len(m.classes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return m.classes[b].Of - m.classes[a].Of })
	m.leftOut = len(order) - confusionMost
	kept := order[:confusionMost]
	slices.Sort(kept)
	var classes, rows []experiments.ConfusionRow
	place := make(map[string]int)
	for at, i := range kept {
		place[m.classes[i].Truth] = at
		classes = append(classes, m.classes[i])
	}
	for _, row := range m.rows {
		at, shown := place[row.Truth]
		if _, answer := place[row.Predicted]; shown && (answer || row.Predicted == "") {
			row.Order = at
			rows = append(rows, row)
		}
	}
	m.classes, m.rows = classes, rows
}

// matrixOf names a matrix.
type matrixOf struct {
	level  levelOf
	series accuracySeries
}

// confusionPlan is what the figure shows.
type confusionPlan struct {
	matrices []confusionMatrix
	legend   legend
	footer   footer
}

type confusionMatrix struct {
	of       matrixOf
	rows     []experiments.ConfusionRow
	classes  []experiments.ConfusionRow // the first row of each class, in order
	abstains bool
	leftOut  int // classes, see trim
}

// confusionLine is the height of a class, which is that of its name.
const confusionLine = 8

// across is how many matrices stand side by side.
func (p *confusionPlan) across(w Width) int {
	if w == Page {
		return min(2, len(p.matrices))
	}
	return 1
}

// height of a matrix with its title and the numbers below it.
func (m *confusionMatrix) height() vg.Length {
	return titleSize*1.6 + confusionLine*vg.Length(len(m.classes)) + labelSize*1.6
}

// lines gives the matrices that stand side by side, and how high they are.
func (p *confusionPlan) lines(w Width) (lines [][]confusionMatrix, heights []vg.Length) {
	for i := 0; i < len(p.matrices); i += p.across(w) {
		line := p.matrices[i:min(len(p.matrices), i+p.across(w))]
		high := vg.Length(0)
		for k := range line {
			high = max(high, line[k].height())
		}
		lines, heights = append(lines, line), append(heights, high)
	}
	return lines, heights
}

func (p *confusionPlan) height(w Width) vg.Length {
	x := w.Length() - 2*figureMargin
	sum := 2*figureMargin + p.legend.height(x) + p.footer.height(x) + panelGap
	_, heights := p.lines(w)
	for _, h := range heights {
		sum += h + panelGap
	}
	return sum
}

func (p *confusionPlan) draw(c draw.Canvas, w Width) {
	c = draw.Crop(c, figureMargin, -figureMargin, figureMargin, -figureMargin)
	p.legend.draw(c)
	p.footer.draw(c)
	top := c.Max.Y - p.legend.height(c.Size().X) - panelGap
	lines, heights := p.lines(w)
	wide := (c.Size().X - vg.Length(p.across(w)-1)*panelGap) / vg.Length(p.across(w))
	for i, line := range lines {
		for k := range line {
			left := c.Min.X + vg.Length(k)*(wide+panelGap)
			line[k].draw(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
				Min: vg.Point{X: left, Y: top - line[k].height()}, Max: vg.Point{X: left + wide, Y: top},
			}})
		}
		top -= heights[i] + panelGap
	}
}

// commonColour is how near an answer is to the truth.
func commonColour(common string) color.Color {
	switch common {
	case "right":
		return blue
	case "level 1":
		return skyBlue
	case "level 0":
		return orange
	}
	return vermillion
}

func (m *confusionMatrix) draw(c draw.Canvas) {
	title := withAlign(textStyle(titleSize), draw.XCenter)
	c.FillText(title, vg.Point{X: c.Center().X, Y: c.Max.Y - titleSize*1.4}, fmt.Sprintf("%s: %s, %s fields", m.of.level, m.of.series.learner, m.of.series.fields))
	name := withAlign(textStyle(smallSize), draw.XRight)
	room := c.Size().X * 0.4
	left := vg.Length(0)
	labels := make([]string, len(m.classes))
	for i := range m.classes {
		labels[i] = fmt.Sprintf("%s (%d)", ellipsis(m.classes[i].Truth, room), i+1)
		left = max(left, name.Width(labels[i]))
	}
	columns := len(m.classes)
	if m.abstains {
		columns++
	}
	body := vg.Rectangle{
		Min: vg.Point{X: c.Min.X + left + 3, Y: c.Max.Y - titleSize*1.6 - confusionLine*vg.Length(len(m.classes))},
		Max: vg.Point{X: c.Max.X - 4, Y: c.Max.Y - titleSize*1.6},
	}
	step := body.Size().X / vg.Length(columns)
	for i, label := range labels {
		c.FillText(name, vg.Point{X: body.Min.X - 3, Y: body.Max.Y - confusionLine*vg.Length(i+1) + 0.5}, label)
	}
	m.cells(c, body, step)
	m.frame(c, body, step)
}

// cells fills what is not empty.
func (m *confusionMatrix) cells(c draw.Canvas, body vg.Rectangle, step vg.Length) {
	column := make(map[string]int, len(m.classes))
	for i := range m.classes {
		column[m.classes[i].Truth] = i
	}
	for i := range m.rows {
		row := &m.rows[i]
		at, known := column[row.Predicted]
		shade := commonColour(row.Common)
		if !known {
			at, shade = len(m.classes), grey
		}
		x, y := body.Min.X+vg.Length(at)*step, body.Max.Y-confusionLine*vg.Length(row.Order)
		fillBox(c, vg.Rectangle{Min: vg.Point{X: x, Y: y - confusionLine}, Max: vg.Point{X: x + step, Y: y}}, faint(shade, float64(row.Share)), false)
	}
}

// faint is a colour as strong as a share, but never too weak to be seen.
func faint(c color.Color, share float64) color.Color {
	r, g, b, _ := c.RGBA()
	keep := 0.25 + 0.75*share
	mix := func(v uint32) uint8 { return uint8(255 - keep*(255-float64(v>>8)) + 0.5) }
	return color.RGBA{mix(r), mix(g), mix(b), 0xFF}
}

// frame draws the edge, lines between families and the columns' numbers.
func (m *confusionMatrix) frame(c draw.Canvas, body vg.Rectangle, step vg.Length) {
	fine := draw.LineStyle{Color: rule, Width: vg.Points(0.4)}
	strong := draw.LineStyle{Color: dark, Width: vg.Points(0.6)}
	for i := 1; i < len(m.classes); i++ {
		a, b := &m.classes[i-1], &m.classes[i]
		style := strong
		if a.Ancestor0 == b.Ancestor0 {
			if style = fine; a.Ancestor1 == b.Ancestor1 {
				continue
			}
		}
		x, y := body.Min.X+vg.Length(i)*step, body.Max.Y-confusionLine*vg.Length(i)
		c.StrokeLine2(style, body.Min.X, y, body.Max.X, y)
		c.StrokeLine2(style, x, body.Min.Y, x, body.Max.Y)
	}
	c.StrokeLines(solidLine, []vg.Point{body.Min, {X: body.Max.X, Y: body.Min.Y}, body.Max, {X: body.Min.X, Y: body.Max.Y}, body.Min})
	number := withAlign(textStyle(smallSize), draw.XCenter)
	every := 1
	for _, every = range []int{1, 2, 5, 10, 20} {
		if vg.Length(every)*step > number.Width("00")+2 {
			break
		}
	}
	for i := every; i <= len(m.classes); i += every {
		c.FillText(number, vg.Point{X: body.Min.X + (vg.Length(i)-0.5)*step, Y: body.Min.Y - smallSize - 2}, strconv.Itoa(i))
	}
}

// ellipsis cuts a name so that it fits, with an ellipsis.
func ellipsis(s string, room vg.Length) string {
	sty := textStyle(smallSize)
	if sty.Width(s) <= room {
		return s
	}
	letters := []rune(s)
	for len(letters) > 1 && sty.Width(string(letters)+"…") > room {
		letters = letters[:len(letters)-1]
	}
	return string(letters) + "…"
}

func (p *confusionPlan) keys() legend {
	l := legend{boxKey("right", commonColour("right"), false)}
	finest, abstains := 0, false
	for i := range p.matrices {
		finest, abstains = max(finest, p.matrices[i].of.level.level), abstains || p.matrices[i].abstains
	}
	for level := finest - 1; level >= 0; level-- {
		name := fmt.Sprintf("level %d", level)
		l = append(l, boxKey("wrong, but of one class at "+name, commonColour(name), false))
	}
	l = append(l, boxKey("wrong altogether", commonColour("none"), false))
	if abstains {
		l = append(l, boxKey("no answer", grey, false))
	}
	return l
}

func (p *confusionPlan) alt() string {
	var b strings.Builder
	b.WriteString("Confusion matrices. ")
	for i := range p.matrices {
		m := &p.matrices[i]
		right, all := 0, 0
		for k := range m.rows {
			all += m.rows[k].N
			if m.rows[k].Common == "right" {
				right += m.rows[k].N
			}
		}
		fmt.Fprintf(&b, "%s, %s with %s fields: %d of %d on the diagonal. ", m.of.level, m.of.series.learner, m.of.series.fields, right, all)
	}
	return strings.TrimSpace(b.String())
}
