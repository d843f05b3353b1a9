package reports

import (
	"fmt"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/experiments"
)

// uniqueFigure draws the histogram of distinct values on an axis that is
// broken where nothing is.
func uniqueFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.UniqueRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	fields, one := 0, 0
	for i := range rows {
		fields += rows[i].Fields
		if rows[i].Distinct == 1 {
			one = rows[i].Absent
		}
	}
	b := breakAxis(rows)
	s := &sheet{
		footer: footer{fmt.Sprintf("%s %s fields in all, of which %s are absent from every answer. The axis is broken where nothing is.", provenanceLine(r), thousands(fields), thousands(one))},
		panels: func(w Width) [][]*plot.Plot { return [][]*plot.Plot{{b.panel(r.Provenance.Repeats, w)}} },
	}
	var alt strings.Builder
	fmt.Fprintf(&alt, "Histogram of %s fields by their number of distinct values, both far apart: ", thousands(fields))
	for i := range rows {
		if i < 20 {
			fmt.Fprintf(&alt, "%s with %s; ", count(rows[i].Fields, "field"), count(rows[i].Distinct, "value"))
		}
	}
	return s.figure(r, strings.TrimSuffix(alt.String(), "; ")+"."), nil
}

// brokenAxis is a histogram whose axis leaves out long empty stretches. Its
// places are counted in bins.
type brokenAxis struct {
	rows     []experiments.UniqueRow
	bin      int // values in a bin
	segments []segment
	size     int // places in all
}

// segment is a stretch of the axis without a break: from its first bin on, at
// a place.
type segment struct{ first, last, at int }

const (
	mostPlaces = 150 // that can be told apart in a column
	breakWidth = 6   // places that a break takes
)

// breakAxis lays the histogram out with the finest bins that fit.
func breakAxis(rows []experiments.UniqueRow) *brokenAxis {
	b := &brokenAxis{rows: rows, bin: 1}
	for b.layOut(); b.size > mostPlaces; b.layOut() {
		b.bin *= 2
	}
	return b
}

// binOf numbers the bins. The fields with one value, which are those called
// deterministic, are never put together with others.
func (b *brokenAxis) binOf(distinct int) int {
	if distinct <= 1 {
		return 0
	}
	return 1 + (distinct-2)/b.bin
}

// least is the smallest number of values in a bin.
func (b *brokenAxis) least(bin int) int {
	if bin == 0 {
		return 1
	}
	return 2 + (bin-1)*b.bin
}

func (b *brokenAxis) layOut() {
	b.segments = nil
	for i := range b.rows {
		bin := b.binOf(b.rows[i].Distinct)
		if n := len(b.segments); n > 0 && bin-b.segments[n-1].last <= 2*breakWidth {
			b.segments[n-1].last = bin
			continue
		}
		at := 0
		if n := len(b.segments); n > 0 {
			s := b.segments[n-1]
			at = s.at + s.last - s.first + 1 + breakWidth
		}
		b.segments = append(b.segments, segment{bin, bin, at})
	}
	end := b.segments[len(b.segments)-1]
	b.size = end.at + end.last - end.first + 1
}

// place is where a number of values stands.
func (b *brokenAxis) place(distinct int) float64 {
	bin := b.binOf(distinct)
	for _, s := range b.segments {
		if bin >= s.first && bin <= s.last {
			return float64(s.at + bin - s.first)
		}
	}
	return -1
}

func (b *brokenAxis) panel(repeats int, w Width) *plot.Plot {
	panel := newPlot("")
	panel.X.Label.Text = fmt.Sprintf("different values among %s sendings", thousands(repeats))
	if b.bin > 1 {
		panel.X.Label.Text = fmt.Sprintf("different values among %s sendings, in bins of %d", thousands(repeats), b.bin)
	}
	panel.Y.Label.Text = "fields (log)"
	heights := make(map[float64]int)
	var places []float64
	for i := range b.rows {
		at := b.place(b.rows[i].Distinct)
		if heights[at] == 0 {
			places = append(places, at)
		}
		heights[at] += b.rows[i].Fields
	}
	most := 0
	var columns []column
	for i, at := range places {
		most = max(most, heights[at])
		c := column{at: at, width: 0.84, height: heights[at], colour: blue}
		alone := (i == 0 || at-places[i-1] > breakWidth) && (i == len(places)-1 || places[i+1]-at > breakWidth)
		if alone {
			c.width = 2.5
			c.label = thousands(c.height)
		}
		columns = append(columns, c)
	}
	panel.X.Min, panel.X.Max = -4, float64(b.size)+3
	panel.X.Tick.Marker = b.ticks(w)
	logAxis(&panel.Y, countFloor, logCeiling(most))
	panel.Add(drawing(gridLines), columnsOn(columns), drawing(b.drawBreaks))
	return panel
}

// ticks names the ends of each segment, and places within long ones, as far
// as the names keep apart.
func (b *brokenAxis) ticks(w Width) plot.ConstantTicks {
	perPlace := (w.Length() - 50) / vg.Length(b.size+7)
	sty := textStyle(labelSize)
	var ticks plot.ConstantTicks
	right := vg.Length(-1e3)
	add := func(bin int, at float64) {
		text := thousands(b.least(bin))
		half := sty.Width(text)/2 + 2
		if x := perPlace * vg.Length(at); x-half >= right {
			ticks = append(ticks, plot.Tick{Value: at, Label: text})
			right = x + half
		} else {
			ticks = append(ticks, plot.Tick{Value: at})
		}
	}
	for _, s := range b.segments {
		add(s.first, float64(s.at))
		for i, n := 1, (s.last-s.first)/25; i < n; i++ {
			bin := s.first + i*(s.last-s.first)/n
			add(bin, float64(s.at+bin-s.first))
		}
		if s.last > s.first {
			add(s.last, float64(s.at+s.last-s.first))
		}
	}
	return ticks
}

// drawBreaks draws two slanting strokes over the axis at each break.
func (b *brokenAxis) drawBreaks(c draw.Canvas, p *plot.Plot) {
	x, _ := axes(c, p)
	y := c.Min.Y - 0.5
	for _, s := range b.segments[1:] {
		at := x(float64(s.at) - float64(breakWidth+1)/2)
		c.FillPolygon(paper, []vg.Point{{X: at - 2.6, Y: y - 3}, {X: at + 0.6, Y: y - 3}, {X: at + 2.6, Y: y + 3}, {X: at - 0.6, Y: y + 3}})
		for _, dx := range []vg.Length{-1.6, 1.6} {
			c.StrokeLine2(draw.LineStyle{Color: ink, Width: vg.Points(0.7)}, at+dx-1, y-3, at+dx+1, y+3)
		}
	}
}
