package main

import (
	"fmt"
	"image/color"
	"io"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"tickle/datasets"
)

// The colours of the stages: two of Okabe and Ito's, which the colour-blind
// tell apart.
var stageColours = map[string]color.Color{
	collectStage: color.RGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff},
	storeStage:   color.RGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff},
}

const (
	figureWidth  = 20 * vg.Centimeter
	figureHeight = 16 * vg.Centimeter
)

// draw writes scale.svg and scale.png: time and memory against probes and
// machines, on logarithmic axes, each point and the fitted lines.
func (g *growth) draw(dir string) error {
	panels, err := g.panels()
	if err != nil {
		return err
	}
	svg, png := vgsvg.New(figureWidth, figureHeight), vgimg.New(figureWidth, figureHeight)
	for _, c := range []vg.CanvasSizer{svg, png} {
		whole := draw.New(c)
		tiles := draw.Tiles{Rows: len(panels), Cols: len(panels[0]), PadX: 6 * vg.Millimeter, PadY: 6 * vg.Millimeter}
		for i, row := range plot.Align(panels, tiles, whole) {
			for j, tile := range row {
				if panels[i][j] != nil {
					panels[i][j].Draw(tile)
				}
			}
		}
	}
	if err := writeCanvas(filepath.Join(dir, "scale.svg"), svg); err != nil {
		return err
	}
	return writeCanvas(filepath.Join(dir, "scale.png"), vgimg.PngCanvas{Canvas: png})
}

func writeCanvas(path string, c io.WriterTo) error {
	f, err := datasets.CreateWhole(nil, path)
	if err != nil {
		return err
	}
	if _, err := c.WriteTo(f); err != nil {
		f.Abort()
		return fmt.Errorf("%s: %w", path, err)
	}
	return f.Close()
}

// panels gives a row a quantity, a column an axis; nil where nothing is known.
func (g *growth) panels() ([][]*plot.Plot, error) {
	var rows [][]*plot.Plot
	for _, quantity := range []string{cpuTime, peakMemory} {
		var row []*plot.Plot
		for _, axis := range []string{byProbes, byMachines} {
			p, err := g.panel(quantity, axis)
			if err != nil {
				return nil, err
			}
			row = append(row, p)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (g *growth) panel(quantity, axis string) (*plot.Plot, error) {
	p := plot.New()
	fixed := fmt.Sprintf("%d machines", g.Base.Machines)
	if axis == byMachines {
		fixed = fmt.Sprintf("%d probes", g.Base.Probes)
	}
	p.X.Label.Text, p.Y.Label.Text = axis+", at "+fixed, quantity
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	p.Legend.Top, p.Legend.Left = true, true
	drawn := false
	for _, l := range g.Slopes {
		if l.Quantity != quantity || l.Axis != axis {
			continue
		}
		drawn = true
		if err := g.curve(p, l); err != nil {
			return nil, err
		}
	}
	if !drawn {
		return nil, nil
	}
	p.Y.Max *= 4 // room for the key
	return p, nil
}

// curve adds a stage's points and line.
func (g *growth) curve(p *plot.Plot, l slope) error {
	x, y := along(g.Base, g.Points, l)
	points := make(plotter.XYs, len(x))
	for i := range x {
		points[i] = plotter.XY{X: x[i], Y: y[i]}
	}
	marks, err := plotter.NewScatter(points)
	if err != nil {
		return err
	}
	marks.GlyphStyle = draw.GlyphStyle{Color: stageColours[l.Stage], Radius: vg.Points(2.5), Shape: draw.CircleGlyph{}}
	if l.Stage == storeStage {
		marks.GlyphStyle.Shape = draw.SquareGlyph{}
	}
	line := plotter.NewFunction(l.at)
	line.Color, line.Samples = stageColours[l.Stage], 2
	line.XMin, line.XMax, _, _ = plotter.XYRange(points)
	p.Add(line, marks)
	p.Legend.Add(fmt.Sprintf("%s: exponent %.2f ± %.2f", l.Stage, l.Exponent, l.StdErr), line, marks)
	return nil
}
