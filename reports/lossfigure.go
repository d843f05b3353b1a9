package reports

import (
	"fmt"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/experiments"
)

// lossFigure draws the sets by answers, and the probes that loss costs.
func lossFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.LossRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var sets, probes []experiments.LossRow
	for i := range rows {
		if rows[i].Answered.IsNA() {
			probes = append(probes, rows[i])
		} else {
			sets = append(sets, rows[i])
		}
	}
	keys, set := legend{boxKey("all or none answered", blue, false), boxKey("some answered, some not: lossy", vermillion, false)}, "probe"
	if sets[0].Counted == "steps" {
		set = "step of a dialogue"
	} else {
		keys = append(keys, diamondKey("the paper: 121 of 50,000 probes"))
	}
	s := &sheet{
		legend: keys,
		footer: footer{fmt.Sprintf("%s A set is all sendings of one %s to one machine.", provenanceLine(r), set)},
		panels: func(w Width) [][]*plot.Plot { return sideBySide(w, answersPanel(sets), lossyPanel(probes)) },
	}
	var alt strings.Builder
	alt.WriteString("Histogram of sets of sendings by answers, on a logarithmic axis. ")
	for i := range rows {
		fmt.Fprintf(&alt, "%s, %s: %s of %s. ", rows[i].Counted, rows[i].Outcome, thousands(rows[i].Count), thousands(rows[i].Of))
	}
	return s.figure(r, strings.TrimSpace(alt.String())), nil
}

// answersPanel has a bar for each number of answers.
func answersPanel(sets []experiments.LossRow) *plot.Plot {
	panel := newPlot("Sets by sendings answered")
	panel.X.Label.Text = fmt.Sprintf("sendings answered, of %d", len(sets)-1)
	panel.Y.Label.Text = "sets (log)"
	most, columns := 0, make([]column, len(sets))
	for k := range sets {
		most = max(most, sets[k].Count)
		columns[k] = column{at: float64(k), width: 0.7, height: sets[k].Count, colour: vermillion}
		if k == 0 || k == len(sets)-1 {
			columns[k].colour = blue
		}
	}
	labelColumns(columns)
	logAxis(&panel.Y, countFloor, logCeiling(most))
	panel.X.Min, panel.X.Max = -0.6, float64(len(sets))-0.4
	panel.X.Tick.Marker, panel.X.Tick.Length = wholeTicks(len(sets)-1), 0
	panel.Add(drawing(gridLines), columnsOn(columns))
	return panel
}

// lossyPanel has a bar for each thing that loss did to probes.
func lossyPanel(probes []experiments.LossRow) *plot.Plot {
	panel := newPlot("Probes that it costs")
	panel.Y.Label.Text = "share of probes (%)"
	highest := 0.1
	var ticks plot.ConstantTicks
	for i := range probes {
		row := &probes[i]
		highest = max(highest, percent(row.Share), percent(row.Paper.Value))
		ticks = append(ticks, plot.Tick{Value: float64(i), Label: breakLine(row.Outcome)})
	}
	panel.X.Tick.Marker, panel.X.Tick.Length = ticks, 0
	panel.X.Min, panel.X.Max = -0.7, float64(len(probes))-0.3
	shareAxis(&panel.Y, highest*1.3)
	panel.Add(drawing(gridLines), drawing(func(c draw.Canvas, p *plot.Plot) {
		x, y := axes(c, p)
		for i := range probes {
			row, half := &probes[i], 0.2
			box := vg.Rectangle{Min: vg.Point{X: x(float64(i) - half), Y: y(0)}, Max: vg.Point{X: x(float64(i) + half), Y: y(percent(row.Share))}}
			fillBox(c, box, vermillion, false)
			c.FillText(withAlign(textStyle(smallSize), draw.XCenter), vg.Point{X: (box.Min.X + box.Max.X) / 2, Y: box.Max.Y + 1.5}, fmt.Sprintf("%s of %s", thousands(row.Count), thousands(row.Of)))
			if row.Paper.Given() {
				drawDiamond(c, vg.Point{X: box.Max.X + 8, Y: y(percent(row.Paper.Value))})
			}
		}
	}))
	return panel
}

// breakLine breaks a text of several words into two lines of about the same
// length.
func breakLine(s string) string {
	best := -1
	for i, r := range s {
		if r == ' ' && (best < 0 || abs(2*i-len(s)) < abs(2*best-len(s))) {
			best = i
		}
	}
	if best < 0 {
		return s
	}
	return s[:best] + "\n" + s[best+1:]
}

func abs(n int) int { return max(n, -n) }
