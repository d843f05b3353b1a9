package reports

import (
	"image/color"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// column is a bar of a histogram of counts on a logarithmic axis.
type column struct {
	at, width float64 // in the unit of the x axis
	height    int     // nothing is drawn for 0 but its number
	colour    color.Color
	label     string // above it
}

// countFloor is where logarithmic axes of counts begin: below 1, so that a
// bar of 1 is seen.
const countFloor = 0.5

// labelColumns writes each column's height above it.
func labelColumns(columns []column) {
	for i := range columns {
		columns[i].label = thousands(columns[i].height)
	}
}

// columnsOn draws columns from the bottom of the panel, and the labels that
// are clear of other columns and labels.
func columnsOn(columns []column) drawing {
	return func(c draw.Canvas, p *plot.Plot) {
		x, y := axes(c, p)
		taken := make([]vg.Rectangle, len(columns))
		for i, b := range columns {
			top := c.Min.Y
			if b.height > 0 {
				top = y(float64(b.height))
			}
			taken[i] = vg.Rectangle{Min: vg.Point{X: x(b.at - b.width/2), Y: c.Min.Y}, Max: vg.Point{X: x(b.at + b.width/2), Y: top}}
			if b.height > 0 {
				fillBox(c, taken[i], b.colour, false)
			}
		}
		sty := withAlign(textStyle(smallSize), draw.XCenter)
		for i, b := range columns {
			half := sty.Width(b.label)/2 + 1
			at := vg.Point{X: x(b.at), Y: taken[i].Max.Y + 1}
			label := vg.Rectangle{Min: vg.Point{X: at.X - half, Y: at.Y}, Max: vg.Point{X: at.X + half, Y: at.Y + smallSize}}
			if b.label == "" || label.Min.X < c.Min.X || slices.ContainsFunc(taken, func(r vg.Rectangle) bool { return overlap(r, label) }) {
				continue
			}
			taken = append(taken, label)
			if b.height == 0 { // a grid line runs there
				fillBox(c, label, paper, false)
			}
			c.FillText(sty, vg.Point{X: at.X, Y: at.Y + 0.5}, b.label)
		}
	}
}

func overlap(a, b vg.Rectangle) bool {
	return a.Min.X < b.Max.X && b.Min.X < a.Max.X && a.Min.Y < b.Max.Y && b.Min.Y < a.Max.Y
}

// wholeTicks labels the whole numbers from 0 to last, or as many of them as
// keep apart.
func wholeTicks(last int) plot.ConstantTicks {
	step := max(1, (last+9)/10)
	var ticks plot.ConstantTicks
	for k := 0; k <= last; k += step {
		ticks = append(ticks, plot.Tick{Value: float64(k), Label: strconv.Itoa(k)})
	}
	return ticks
}

// shareAxis makes an axis of percent from 0 to high, with four or five ticks
// at round numbers, be they below one.
func shareAxis(a *plot.Axis, high float64) {
	a.Min, a.Max = 0, high
	step := math.Pow(10, math.Floor(math.Log10(high)))
	decimals := max(0, -int(math.Floor(math.Log10(high))))
	for _, k := range []float64{0.2, 0.5, 1} {
		if high/(k*step) <= 5 {
			if k < 1 {
				decimals = max(0, 1-int(math.Floor(math.Log10(high))))
			}
			step *= k
			break
		}
	}
	var ticks plot.ConstantTicks
	for i := 0; float64(i)*step <= high; i++ {
		v := float64(i) * step
		ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'f', decimals, 64)})
	}
	a.Tick.Marker = ticks
}
