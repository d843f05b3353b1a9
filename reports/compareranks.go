package reports

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/experiments"
)

// rankPlan is the critical-difference diagrams of learners ranked over data
// sets (Demšar 2006), one a level and field set.
type rankPlan struct {
	panels []rankPanel
	footer footer
}

// rankPanel is one diagram: learners by mean rank, best first.
type rankPanel struct {
	title    string
	learners []experiments.CompareRow
	critical float64
}

func rankFigure(r *experiments.Result, rows []experiments.CompareRow) *Figure {
	p := &rankPlan{}
	var alt strings.Builder
	alt.WriteString("Critical-difference diagrams. ")
	for _, row := range rows {
		if row.Kind != "rank" {
			continue
		}
		title := fmt.Sprintf("%s level %d, %s fields, %s", capital(row.Hierarchy), row.Level, row.Fields, row.Data)
		i := slices.IndexFunc(p.panels, func(q rankPanel) bool { return q.title == title })
		if i < 0 {
			i = len(p.panels)
			p.panels = append(p.panels, rankPanel{title: title, critical: float64(row.CriticalDifference)})
		}
		p.panels[i].learners = append(p.panels[i].learners, row)
		fmt.Fprintf(&alt, "%s: %s has mean rank %s. ", title, row.A, row.Rank.Format(2))
	}
	for i := range p.panels {
		slices.SortStableFunc(p.panels[i].learners, func(a, b experiments.CompareRow) int {
			switch {
			case a.Rank < b.Rank:
				return -1
			case a.Rank > b.Rank:
				return 1
			}
			return 0
		})
	}
	p.footer = footer{"Mean ranks, 1 is best. A bar joins learners that Nemenyi's test does not tell apart at α=0.05. " + provenanceLine(r)}
	return &Figure{Title: r.Title, Alt: strings.TrimSpace(alt.String()), height: p.height, draw: p.draw}
}

func (p *rankPlan) across(w Width) int {
	if w == Page {
		return min(2, len(p.panels))
	}
	return 1
}

// Distances in a diagram, in points.
const (
	rankHead = 38 // title, the critical difference and the axis
	rankLine = 10 // a learner, or a bar
)

// bars gives the maximal runs of two learners or more that lie within the
// critical difference: first and last of each.
func (q *rankPanel) bars() [][2]int {
	var bars [][2]int
	for i := range q.learners {
		j := i
		for j+1 < len(q.learners) && float64(q.learners[j+1].Rank-q.learners[i].Rank) < q.critical {
			j++
		}
		if j > i && (len(bars) == 0 || bars[len(bars)-1][1] < j) {
			bars = append(bars, [2]int{i, j})
		}
	}
	return bars
}

func (q *rankPanel) height() vg.Length {
	return rankHead + vg.Length(len(q.bars()))*rankLine/2 + vg.Length((len(q.learners)+1)/2+1)*rankLine
}

func (p *rankPlan) panelHeight() vg.Length {
	var most vg.Length
	for i := range p.panels {
		most = max(most, p.panels[i].height())
	}
	return most
}

func (p *rankPlan) height(w Width) vg.Length {
	down := (len(p.panels) + p.across(w) - 1) / p.across(w)
	return 2*figureMargin + p.footer.height(w.Length()-2*figureMargin) + panelGap + vg.Length(down)*(p.panelHeight()+panelGap)
}

func (p *rankPlan) draw(c draw.Canvas, w Width) {
	c = draw.Crop(c, figureMargin, -figureMargin, figureMargin, -figureMargin)
	p.footer.draw(c)
	across := p.across(w)
	wide := (c.Size().X - vg.Length(across-1)*2*panelGap) / vg.Length(across)
	for i := range p.panels {
		x := c.Min.X + vg.Length(i%across)*(wide+2*panelGap)
		y := c.Max.Y - vg.Length(i/across)*(p.panelHeight()+panelGap)
		p.panels[i].draw(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{Min: vg.Point{X: x, Y: y - p.panelHeight()}, Max: vg.Point{X: x + wide, Y: y}}})
	}
}

func (q *rankPanel) draw(c draw.Canvas) {
	k := len(q.learners)
	left, right := c.Min.X+0.22*c.Size().X, c.Max.X-0.22*c.Size().X
	toX := func(rank float64) vg.Length { return left + vg.Length((rank-1)/max(1, float64(k-1)))*(right-left) }
	c.FillText(withAlign(textStyle(titleSize), draw.XCenter), vg.Point{X: c.Center().X, Y: c.Max.Y - 10}, q.title)
	ruler := c.Max.Y - 18
	c.StrokeLine2(tickLine, toX(1), ruler, min(toX(1+q.critical), c.Max.X), ruler)
	c.FillText(textStyle(smallSize), vg.Point{X: min(toX(1+q.critical)+3, c.Max.X-60), Y: ruler - 3}, fmt.Sprintf("critical difference %.2f", q.critical))
	axis := c.Max.Y - rankHead
	c.StrokeLine2(solidLine, left, axis, right, axis)
	for rank := 1; rank <= k; rank++ {
		x := toX(float64(rank))
		c.StrokeLine2(solidLine, x, axis, x, axis+2.5)
		c.FillText(withAlign(textStyle(labelSize), draw.XCenter), vg.Point{X: x, Y: axis + 3}, fmt.Sprint(rank))
	}
	y := axis
	for _, b := range q.bars() {
		y -= rankLine / 2
		c.StrokeLine2(draw.LineStyle{Color: ink, Width: vg.Points(2.2)}, toX(float64(q.learners[b[0]].Rank))-2, y, toX(float64(q.learners[b[1]].Rank))+2, y)
	}
	half := (k + 1) / 2
	for i := range q.learners {
		q.label(c, i, half, vg.Point{X: toX(float64(q.learners[i].Rank)), Y: axis}, y)
	}
}

// label leads from a learner's place on the axis to its name: the better half
// stands at the left, the others at the right.
func (q *rankPanel) label(c draw.Canvas, i, half int, at vg.Point, below vg.Length) {
	l := &q.learners[i]
	line := draw.LineStyle{Color: LearnerColour(l.A), Width: vg.Points(0.9)}
	text := fmt.Sprintf("%s %s", l.A, l.Rank.Format(2))
	if i < half {
		y := below - vg.Length(i+1)*rankLine
		x := c.Min.X + 0.2*c.Size().X
		c.StrokeLines(line, []vg.Point{at, {X: at.X, Y: y}, {X: x, Y: y}})
		c.FillText(withAlign(textStyle(labelSize), draw.XRight), vg.Point{X: x - 2, Y: y - 3.5}, text)
		return
	}
	y := below - vg.Length(len(q.learners)-i)*rankLine
	x := c.Max.X - 0.2*c.Size().X
	c.StrokeLines(line, []vg.Point{at, {X: at.X, Y: y}, {X: x, Y: y}})
	c.FillText(textStyle(labelSize), vg.Point{X: x + 2, Y: y - 3.5}, text)
}
