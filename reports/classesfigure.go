package reports

import (
	"fmt"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/experiments"
)

// classesFigure draws each hierarchy as an indented list with a bar for the
// machines of each label.
func classesFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.ClassRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &classesPlan{}
	for _, row := range rows {
		p.most = max(p.most, row.Machines)
		if n := len(p.trees); n == 0 || p.trees[n-1][0].Hierarchy != row.Hierarchy {
			p.trees = append(p.trees, nil)
		}
		p.trees[len(p.trees)-1] = append(p.trees[len(p.trees)-1], row)
	}
	tick := key{func(c draw.Canvas) {
		c.StrokeLine2(imageLine, c.Center().X, c.Min.Y, c.Center().X, c.Max.Y)
	}, "different images (in brackets where fewer)"}
	var l legend
	if r.Provenance.Real > 0 {
		name := "real machines"
		if r.Provenance.Table {
			name = "rows"
		}
		l = append(l, boxKey(name, blue, false))
	}
	if r.Provenance.Modelled > 0 {
		l = append(l, boxKey("models of a stack", tint(blue, 2), false))
	}
	p.sheet = sheet{legend: append(l, tick), footer: footer{provenanceLine(r)}}
	return &Figure{Title: r.Title, Alt: p.alt(), height: p.height, draw: p.draw}, nil
}

// classesPlan is what the figure shows: a tree a hierarchy, side by side.
type classesPlan struct {
	sheet sheet
	trees [][]experiments.ClassRow
	most  int // machines of any label
}

// treeLine is a line of the list; with more set it stands for labels that are
// left out.
type treeLine struct {
	experiments.ClassRow
	more int
}

// Sizes of the list.
const (
	classLine   = 9.2 // from line to line
	classHead   = 14
	classIndent = 6
	mostLines   = 72 // in a column, so that the figure stays on a page
)

var imageLine = draw.LineStyle{Color: ink, Width: vg.Points(1.4)}

// columns cuts the trees into columns: one a tree, or two where the page is
// wide and the tree is long.
func (p *classesPlan) columns(w Width) (columns [][]treeLine, heads []string) {
	each := 1
	if w == Page && p.longest() > mostLines*2/3 {
		each = 2
	}
	for _, tree := range p.trees {
		lines := shorten(tree, each*mostLines)
		at := (len(lines) + each - 1) / each
		for i := range each {
			part := lines[min(i*at, len(lines)):min((i+1)*at, len(lines))]
			head := capital(tree[0].Hierarchy) + " hierarchy"
			if i > 0 {
				head += ", continued"
			}
			columns, heads = append(columns, part), append(heads, head)
		}
	}
	return columns, heads
}

func (p *classesPlan) longest() int {
	n := 0
	for _, t := range p.trees {
		n = max(n, len(t))
	}
	return n
}

// shorten shows as many labels of the finest level below each parent, those
// with the most machines, as leave no more than most lines.
func shorten(tree []experiments.ClassRow, most int) []treeLine {
	for keep := len(tree); ; keep-- {
		var lines []treeLine
		below := 0 // labels of the finest level since the last parent
		for _, row := range tree {
			switch {
			case row.Below > 0:
				below = 0
				lines = append(lines, treeLine{ClassRow: row})
			case below < keep:
				below++
				lines = append(lines, treeLine{ClassRow: row})
			case below == keep:
				below++
				lines = append(lines, treeLine{ClassRow: row, more: 1})
			default:
				lines[len(lines)-1].more++
			}
		}
		if len(lines) <= most || keep == 0 {
			return lines
		}
	}
}

func (p *classesPlan) height(w Width) vg.Length {
	columns, _ := p.columns(w)
	most := 0
	for _, lines := range columns {
		most = max(most, len(lines))
	}
	return p.sheet.around(w) + classHead + vg.Length(most)*classLine + 2
}

func (p *classesPlan) draw(c draw.Canvas, w Width) {
	body := p.sheet.frame(c)
	columns, heads := p.columns(w)
	const gap = 10
	width := (body.Size().X - gap*vg.Length(len(columns)-1)) / vg.Length(len(columns))
	for i, lines := range columns {
		names := p.names(lines, width)
		left := body.Min.X + vg.Length(i)*(width+gap)
		c.FillText(textStyle(titleSize), vg.Point{X: left, Y: body.Max.Y - titleSize - 1}, fit(heads[i], textStyle(titleSize), width))
		for j := range lines {
			y := body.Max.Y - classHead - vg.Length(j+1)*classLine
			p.drawLine(c, &lines[j], vg.Rectangle{Min: vg.Point{X: left, Y: y}, Max: vg.Point{X: left + width, Y: y + classLine}}, names)
		}
	}
}

// names is the width for labels in a column: what they need, but no more than
// leaves room for bars.
func (p *classesPlan) names(lines []treeLine, width vg.Length) vg.Length {
	var need vg.Length
	for i := range lines {
		need = max(need, vg.Length(lines[i].Level)*classIndent+textStyle(smallSize).Width(lines[i].Label)+6)
	}
	return min(need, (width-numbersWidth())*0.68)
}

// numbersWidth is the width for what stands behind a bar.
func numbersWidth() vg.Length { return textStyle(smallSize).Width("100 (10) ") }

// drawLine draws a label, its bar and its numbers.
func (p *classesPlan) drawLine(c draw.Canvas, line *treeLine, r vg.Rectangle, names vg.Length) {
	sty, numbers := textStyle(smallSize), numbersWidth()
	indent := vg.Length(line.Level) * classIndent
	if line.more > 0 {
		c.FillText(sty, vg.Point{X: r.Min.X + indent, Y: r.Min.Y + 1.7}, fit(fmt.Sprintf("and %d more", line.more), sty, r.Size().X-indent))
		return
	}
	c.FillText(sty, vg.Point{X: r.Min.X + indent, Y: r.Min.Y + 1.7}, fitEnd(line.Label, sty, names-indent-3))
	if line.Level == 0 {
		c.StrokeLine2(draw.LineStyle{Color: rule, Width: vg.Points(0.5)}, r.Min.X, r.Max.Y+0.6, r.Max.X, r.Max.Y+0.6)
	}
	x0, scale := r.Min.X+names, (r.Size().X-names-numbers)/vg.Length(p.most)
	x := func(n int) vg.Length { return x0 + scale*vg.Length(n) }
	bottom, top := r.Min.Y+1.8, r.Max.Y-1.4
	box := func(from, to int) vg.Rectangle {
		return vg.Rectangle{Min: vg.Point{X: x(from), Y: bottom}, Max: vg.Point{X: x(to), Y: top}}
	}
	real := line.Machines - line.Modelled
	fillBox(c, box(0, real), blue, false)
	fillBox(c, box(real, line.Machines), tint(blue, 2), false)
	c.StrokeLine2(imageLine, x(line.Images), bottom-0.7, x(line.Images), top+0.7)
	label := fmt.Sprint(line.Machines)
	if line.Images < line.Machines {
		label += fmt.Sprintf(" (%d)", line.Images)
	}
	c.FillText(sty, vg.Point{X: x(line.Machines) + 3, Y: r.Min.Y + 1.7}, label)
}

// fit cuts a text so that it is no wider than width, which an ellipsis shows.
func fit(s string, sty text.Style, width vg.Length) string {
	if sty.Width(s) <= width {
		return s
	}
	runes := []rune(s)
	for n := len(runes) - 1; n > 0; n-- {
		if cut := strings.TrimRight(string(runes[:n]), " ") + "…"; sty.Width(cut) <= width {
			return cut
		}
	}
	return "…"
}

// fitEnd drops words from the beginning of a label, for what is below a label
// mostly begins with it, and cuts the last word if that is still too wide.
func fitEnd(s string, sty text.Style, width vg.Length) string {
	words := strings.Fields(s)
	for n := range words {
		rest := strings.Join(words[n:], " ")
		if n > 0 {
			rest = "…" + rest
		}
		if sty.Width(rest) <= width {
			return rest
		}
	}
	return fit(s, sty, width)
}

func (p *classesPlan) alt() string {
	var b strings.Builder
	for _, tree := range p.trees {
		fmt.Fprintf(&b, "%s hierarchy, machines of each label: ", capital(tree[0].Hierarchy))
		for i := range tree {
			if tree[i].Level < 2 {
				fmt.Fprintf(&b, "%s %d; ", tree[i].Label, tree[i].Machines)
			}
		}
	}
	return strings.TrimSpace(b.String())
}
