package reports

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/datasets"
	"tickle/experiments"
)

// sourcesFigure draws the matrix of fields and sources.
func sourcesFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.SourceRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	vetted := 0
	for i := range rows {
		if rows[i].Set == string(datasets.Vetted) {
			vetted++
		}
	}
	p := &sourcesPlan{rows: rows}
	p.sheet = sheet{
		legend: legend{
			{func(c draw.Canvas) { drawCross(c, c.Center(), ink) }, "likely, by the system's own code"},
			{func(c draw.Canvas) { drawCross(c, c.Center(), vermillion) }, "likely, by anything else"},
			{func(c draw.Canvas) { drawDot(c, c.Center()) }, "barely possible"},
			boxKey("vetted field", tint(green, 2), false),
		},
		footer: footer{fmt.Sprintf("%d fields, %d of them vetted: no source but the operating system is likely. Raw checksums are never vetted. The marks come from standards and code, not from data; the reasons are in the table.", len(rows), vetted)},
	}
	return &Figure{Title: r.Title, Alt: p.alt(), height: p.height, draw: p.draw}, nil
}

// sourcesPlan is what the figure shows.
type sourcesPlan struct {
	sheet sheet
	rows  []experiments.SourceRow
}

// Sizes of the matrix.
const (
	sourceLine = 9
	sourceHead = 44 // height of the upright names of sources
	sourceStep = 20 // from source to source
)

// marks gives a row's marks in the order of datasets.SourceNames.
func marks(r *experiments.SourceRow) [datasets.NumSources]string {
	return [...]string{r.OS, r.Config, r.Application, r.Hardware, r.Network, r.State, r.Random}
}

// parts lays the rows out in columns: where there are two, the fields of one
// header stay together, and the longest go first, each to the shorter column.
func (p *sourcesPlan) parts(w Width) [][]experiments.SourceRow {
	if w == Column {
		return [][]experiments.SourceRow{p.rows}
	}
	var headers []string
	size := make(map[string]int)
	for i := range p.rows {
		h := header(p.rows[i].Field)
		headers = addOnce(headers, h)
		size[h]++
	}
	longest := slices.SortedStableFunc(slices.Values(headers), func(a, b string) int { return size[b] - size[a] })
	var length [2]int
	side := make(map[string]int)
	for _, h := range longest {
		if length[1] < length[0] {
			side[h] = 1
		}
		length[side[h]] += size[h]
	}
	var parts [2][]experiments.SourceRow
	for _, row := range p.rows {
		at := side[header(row.Field)] ^ side[headers[0]] // the first field stands to the left
		parts[at] = append(parts[at], row)
	}
	return parts[:]
}

// header is what stands before the first dot of a field's name.
func header(field string) string {
	head, _, _ := strings.Cut(field, ".")
	return head
}

func (p *sourcesPlan) height(w Width) vg.Length {
	most := 0
	for _, part := range p.parts(w) {
		most = max(most, len(part))
	}
	return p.sheet.around(w) + sourceHead + vg.Length(most)*sourceLine + 4
}

func (p *sourcesPlan) draw(c draw.Canvas, w Width) {
	body := p.sheet.frame(c)
	parts := p.parts(w)
	const gap = 24
	width := (body.Size().X - gap*vg.Length(len(parts)-1)) / vg.Length(len(parts))
	for i, part := range parts {
		left := body.Min.X + vg.Length(i)*(width+gap)
		p.drawPart(c, part, vg.Rectangle{Min: vg.Point{X: left, Y: body.Min.Y}, Max: vg.Point{X: left + width, Y: body.Max.Y}})
	}
}

func (p *sourcesPlan) drawPart(c draw.Canvas, rows []experiments.SourceRow, r vg.Rectangle) {
	sty := textStyle(smallSize)
	upright := textStyle(labelSize)
	upright.Rotation = math.Pi / 2
	names := r.Size().X - vg.Length(datasets.NumSources)*sourceStep
	x := func(s int) vg.Length { return r.Min.X + names + (vg.Length(s)+0.5)*sourceStep }
	top := r.Max.Y - sourceHead
	for s, name := range datasets.SourceNames {
		if name == "os" {
			name = "OS"
		}
		c.FillText(upright, vg.Point{X: x(s) + labelSize/2.5, Y: top + 3}, name)
	}
	line := draw.LineStyle{Color: ink, Width: vg.Points(0.5)}
	hair := draw.LineStyle{Color: rule, Width: vg.Points(0.5)}
	for i := range rows {
		y := top - vg.Length(i+1)*sourceLine
		if rows[i].Set == string(datasets.Vetted) {
			fillBox(c, vg.Rectangle{Min: vg.Point{X: r.Min.X, Y: y}, Max: vg.Point{X: r.Max.X, Y: y + sourceLine}}, tint(green, 2), false)
		}
		if i > 0 && header(rows[i].Field) != header(rows[i-1].Field) {
			c.StrokeLine2(line, r.Min.X, y+sourceLine, r.Max.X, y+sourceLine)
		} else if i > 0 {
			c.StrokeLine2(hair, r.Min.X, y+sourceLine, r.Max.X, y+sourceLine)
		}
		c.FillText(sty, vg.Point{X: r.Min.X + 2, Y: y + 1.2}, fit(rows[i].Field, sty, names-4))
		for s, mark := range marks(&rows[i]) {
			at := vg.Point{X: x(s), Y: y + sourceLine/2}
			switch {
			case mark == experiments.LikelyMark && datasets.Source(s) == datasets.SourceOS:
				drawCross(c, at, ink)
			case mark == experiments.LikelyMark:
				drawCross(c, at, vermillion)
			case mark == experiments.BarelyMark:
				drawDot(c, at)
			}
		}
	}
	bottom := top - vg.Length(len(rows))*sourceLine
	c.StrokeLine2(line, r.Min.X, top, r.Max.X, top)
	c.StrokeLine2(line, r.Min.X, bottom, r.Max.X, bottom)
}

func (p *sourcesPlan) alt() string {
	var b strings.Builder
	b.WriteString("Matrix of fields and what their values depend on. Likely sources beside the operating system: ")
	for i := range p.rows {
		var likely []string
		for s, mark := range marks(&p.rows[i]) {
			if mark == experiments.LikelyMark && datasets.Source(s) != datasets.SourceOS {
				likely = append(likely, datasets.SourceNames[s])
			}
		}
		if likely != nil {
			fmt.Fprintf(&b, "%s: %s; ", p.rows[i].Field, strings.Join(likely, ", "))
		}
	}
	return strings.TrimSuffix(b.String(), "; ") + "."
}

// drawCross draws a diagonal cross.
func drawCross(c draw.Canvas, at vg.Point, colour color.Color) {
	const r = 2.2
	style := draw.LineStyle{Color: colour, Width: vg.Points(1.2)}
	c.StrokeLine2(style, at.X-r, at.Y-r, at.X+r, at.Y+r)
	c.StrokeLine2(style, at.X-r, at.Y+r, at.X+r, at.Y-r)
}

// drawDot draws a small disc.
func drawDot(c draw.Canvas, at vg.Point) {
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: dark, Radius: 1, Shape: draw.CircleGlyph{}}, at)
}
