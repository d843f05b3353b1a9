package reports

import (
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// lineGap is the distance of lines of running text, over its size.
const lineGap = 1.25

// wrap breaks text into lines no wider than width. A word wider than that
// has a line of its own.
func wrap(s string, sty text.Style, width vg.Length) []string {
	var lines []string
	for _, word := range strings.Fields(s) {
		if n := len(lines); n > 0 && sty.Width(lines[n-1]+" "+word) <= width {
			lines[n-1] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}

// footer is the small print below a figure.
type footer struct{ text string }

func (f footer) lines(width vg.Length) []string { return wrap(f.text, textStyle(smallSize), width) }

func (f footer) height(width vg.Length) vg.Length {
	return vg.Length(len(f.lines(width))) * smallSize * lineGap
}

// draw puts the footer at the lower edge of c.
func (f footer) draw(c draw.Canvas) {
	lines := f.lines(c.Size().X)
	y := c.Min.Y + vg.Length(len(lines)-1)*smallSize*lineGap
	for _, line := range lines {
		c.FillText(textStyle(smallSize), vg.Point{X: c.Min.X, Y: y + 1.5}, line)
		y -= smallSize * lineGap
	}
}

// key is an entry of a legend: a mark drawn into a box, and what it means.
type key struct {
	mark func(c draw.Canvas)
	text string
}

// legend lays keys out in lines, filling each from the left. It stands
// outside the panels, so that it hides nothing.
type legend []key

// Sizes of a legend in points.
const (
	keyWidth  = 13
	keyHeight = 7
	keyGap    = 3
	keyAfter  = 9
	keyLine   = 11
)

// rows breaks the keys into lines.
func (l legend) rows(width vg.Length) [][]key {
	var rows [][]key
	var x vg.Length
	for _, k := range l {
		w := keyWidth + keyGap + textStyle(labelSize).Width(k.text)
		if len(rows) == 0 || x+w > width {
			rows, x = append(rows, nil), 0
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], k)
		x += w + keyAfter
	}
	return rows
}

func (l legend) height(width vg.Length) vg.Length { return vg.Length(len(l.rows(width))) * keyLine }

// draw puts the legend at the upper edge of c.
func (l legend) draw(c draw.Canvas) {
	sty := textStyle(labelSize)
	y := c.Max.Y - keyLine
	for _, row := range l.rows(c.Size().X) {
		x := c.Min.X
		for _, k := range row {
			box := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
				Min: vg.Point{X: x, Y: y + 1}, Max: vg.Point{X: x + keyWidth, Y: y + 1 + keyHeight},
			}}
			k.mark(box)
			c.FillText(sty, vg.Point{X: x + keyWidth + keyGap, Y: y + 1.5}, k.text)
			x += keyWidth + keyGap + sty.Width(k.text) + keyAfter
		}
		y -= keyLine
	}
}
