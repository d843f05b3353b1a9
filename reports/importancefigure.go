package reports

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/experiments"
)

// importanceShown is how many fields a panel has at most.
const importanceShown = 12

// importanceFigure draws the fields that matter most at the finest level of
// each hierarchy: the gain as bars, the fall without the field as rings.
func importanceFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.ImportanceRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &importancePlan{}
	finest := make(map[string]int)
	var hierarchies []string
	for i := range rows {
		hierarchies = addOnce(hierarchies, rows[i].Hierarchy)
		finest[rows[i].Hierarchy] = max(finest[rows[i].Hierarchy], rows[i].Level)
	}
	for _, h := range hierarchies {
		panel := importancePanel{level: levelOf{h, finest[h]}}
		for _, row := range rows {
			if row.Hierarchy == h && row.Level == finest[h] && row.Fields == rows[0].Fields && row.Kind == "field" && row.Rank <= importanceShown {
				panel.rows = append(panel.rows, row)
				p.most = max(p.most, float64(row.GainShare), float64(row.Permutation))
			}
		}
		p.panels = append(p.panels, panel)
	}
	s := &sheet{
		legend: legend{
			boxKey("vetted field: share of the gain", fieldSetColour("vetted"), false),
			boxKey("prone field: share of the gain", fieldSetColour("prone"), false),
			key{func(c draw.Canvas) { drawRing(c, c.Center()) }, "points of accuracy lost when the field is permuted over all probes"},
		},
		footer: footer{fmt.Sprintf("%s Learner %s on %s fields, fitted to all machines; accuracy out of the bags. The %d fields with the most gain at the finest level.", provenanceLine(r), rows[0].Learner, rows[0].Fields, importanceShown)},
		panels: p.draw,
	}
	f := s.figure(r, p.alt())
	f.height = func(w Width) vg.Length {
		return s.around(w) + vg.Length(len(p.draw(w)))*(p.panelHeight()+panelGap)
	}
	return f, nil
}

// importancePlan is what the figure shows, a panel a hierarchy.
type importancePlan struct {
	panels []importancePanel
	most   float64 // the axis' end, a share
}

type importancePanel struct {
	level levelOf
	rows  []experiments.ImportanceRow // by rank
}

// panelHeight gives every field a line.
func (p *importancePlan) panelHeight() vg.Length {
	lines := 1
	for _, panel := range p.panels {
		lines = max(lines, len(panel.rows))
	}
	return 42 + 10*vg.Length(lines)
}

func (p *importancePlan) draw(w Width) [][]*plot.Plot {
	var panels []*plot.Plot
	for i := range p.panels {
		panels = append(panels, p.panel(&p.panels[i]))
	}
	return sideBySide(w, panels...)
}

func (p *importancePlan) panel(of *importancePanel) *plot.Plot {
	panel := newPlot(of.level.String())
	panel.X.Label.Text = "share of the gain (%); accuracy lost (points)"
	end := max(5, math.Ceil(p.most*105))
	countAxis(&panel.X, 0, end)
	for i := range of.rows {
		panel.X.Min = min(panel.X.Min, percent(of.rows[i].Permutation)-end*0.02)
	}
	last := float64(len(of.rows) - 1)
	panel.Y.Min, panel.Y.Max = -0.6, last+0.6
	var ticks plot.ConstantTicks
	for i := range of.rows {
		ticks = append(ticks, plot.Tick{Value: last - float64(i), Label: of.rows[i].Name})
	}
	panel.Y.Tick.Marker, panel.Y.Tick.Length = ticks, 0
	panel.Add(drawing(func(c draw.Canvas, pl *plot.Plot) {
		x, y := axes(c, pl)
		for i := range of.rows {
			row := &of.rows[i]
			at := last - float64(i)
			set := "prone"
			if row.Vetted == "yes" {
				set = "vetted"
			}
			fillBox(c, vg.Rectangle{Min: vg.Point{X: x(0), Y: y(at - 0.36)}, Max: vg.Point{X: x(percent(row.GainShare)), Y: y(at + 0.36)}}, fieldSetColour(set), false)
			drawRing(c, vg.Point{X: x(percent(row.Permutation)), Y: y(at)})
		}
		if panel.X.Min < 0 { // a ring left of it gains when the field is permuted
			c.StrokeLine2(dashedLine, x(0), c.Min.Y, x(0), c.Max.Y)
		}
	}))
	return panel
}

func (p *importancePlan) alt() string {
	var b strings.Builder
	b.WriteString("Bars of the fields that a forest gains most from. ")
	for _, panel := range p.panels {
		for i := range panel.rows {
			row := &panel.rows[i]
			fmt.Fprintf(&b, "%s, %s: %s percent of the gain, %s points lost without it. ", panel.level, row.Name, (100 * row.GainShare).Format(1), (100 * row.Permutation).Format(1))
		}
	}
	return strings.TrimSpace(b.String())
}
