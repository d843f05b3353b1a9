package reports

import (
	"hash/fnv"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot"
	plotfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Width is how wide a figure is meant to be shown.
type Width uint8

// The widths.
const (
	Column Width = iota // one column of a two-column paper: 3.5 in
	Page                // across both columns, or a screen: 7.16 in
)

// Length is the width on paper.
func (w Width) Length() vg.Length {
	if w == Page {
		return 7.16 * vg.Inch
	}
	return 3.5 * vg.Inch
}

// The colours of Okabe and Ito (Color Universal Design, 2008), which are told
// apart with every common kind of colour vision.
var (
	orange     = color.RGBA{0xE6, 0x9F, 0x00, 0xFF}
	skyBlue    = color.RGBA{0x56, 0xB4, 0xE9, 0xFF}
	green      = color.RGBA{0x00, 0x9E, 0x73, 0xFF}
	yellow     = color.RGBA{0xF0, 0xE4, 0x42, 0xFF}
	blue       = color.RGBA{0x00, 0x72, 0xB2, 0xFF}
	vermillion = color.RGBA{0xD5, 0x5E, 0x00, 0xFF}
	purple     = color.RGBA{0xCC, 0x79, 0xA7, 0xFF}
	// Not theirs: darker than any of them, for when eight are too few.
	brown = color.RGBA{0x6B, 0x3F, 0x0D, 0xFF}
	night = color.RGBA{0x12, 0x1F, 0x3D, 0xFF}
)

// What is no series.
var (
	ink   = color.Gray{0x1A} // text, axes, intervals
	rule  = color.Gray{0xDD} // grid
	grey  = color.Gray{0x9C} // the majority learner
	dark  = color.Gray{0x50} // keys of no learner
	paper = color.White
)

// learnerColours are the learners of the paper and of this program.
var learnerColours = map[string]color.Color{
	"forest": blue, "smo": vermillion, "ibk": orange, "j48": green, "jrip": purple,
	"nmap4": yellow, "logistic": skyBlue, "majority": grey,
	"bayes": brown, "oner": night,
}

// LearnerColour is a learner's colour in every figure, whatever its options.
// A learner without a colour of its own gets one that follows from its name.
func LearnerColour(label string) color.Color {
	name, _, _ := strings.Cut(label, ":")
	if c, ok := learnerColours[name]; ok {
		return c
	}
	h := fnv.New32a()
	h.Write([]byte(name))
	rest := []color.Color{skyBlue, yellow, purple, green}
	return rest[h.Sum32()%uint32(len(rest))]
}

// tint is c made lighter for the n-th variant of a learner in a figure, which
// keeps the learner's hue. n = 0 is c itself.
func tint(c color.Color, n int) color.Color {
	r, g, b, _ := c.RGBA()
	keep := math.Pow(0.55, float64(n))
	mix := func(v uint32) uint8 { return uint8(255 - keep*(255-float64(v>>8)) + 0.5) }
	return color.RGBA{mix(r), mix(g), mix(b), 0xFF}
}

// Sizes of text in points, as printed.
const (
	titleSize = 8
	labelSize = 7.5
	smallSize = 7
)

// textStyle is text of the figures' font, which all backends embed or name.
// There is no bold: vgpdf cannot embed a bold face (gonum/plot 0.17 registers
// it as a regular one and then asks for a bold one).
func textStyle(size float64) text.Style {
	return text.Style{
		Color:   ink,
		Font:    plotfont.From(plotfont.Font{Typeface: "Liberation", Variant: "Sans"}, vg.Length(size)),
		YAlign:  draw.YBottom,
		Handler: plot.DefaultTextHandler,
	}
}

// newPlot is an empty panel in the figures' style.
func newPlot(title string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.Transparent
	p.Title.Text = title
	p.Title.Padding = vg.Points(1)
	p.Title.TextStyle = withAlign(textStyle(titleSize), draw.XCenter)
	p.Title.TextStyle.YAlign = draw.YTop
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle = withAlign(textStyle(labelSize), draw.XCenter)
		a.Label.Padding = vg.Points(2)
		a.Padding = 0
		a.LineStyle = draw.LineStyle{Color: ink, Width: vg.Points(0.5)}
		a.Tick.LineStyle = a.LineStyle
		a.Tick.Length = vg.Points(2.5)
	}
	p.X.Tick.Label = withAlign(textStyle(labelSize), draw.XCenter)
	p.X.Tick.Label.YAlign = draw.YTop
	p.Y.Tick.Label = withAlign(textStyle(labelSize), draw.XRight)
	p.Y.Tick.Label.YAlign = draw.YCenter
	return p
}

func withAlign(s text.Style, x text.XAlignment) text.Style {
	s.XAlign = x
	return s
}
