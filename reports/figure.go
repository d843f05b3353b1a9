package reports

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Figure is a picture that knows how high it is at each width.
type Figure struct {
	Title  string
	Alt    string // what it shows, for who cannot see it
	height func(Width) vg.Length
	draw   func(draw.Canvas, Width)
}

// pngDPI is the resolution of PNG files. Journals ask for 300 at least.
const pngDPI = 300

// Files of figures have no date, so that equal figures are equal bytes.
func init() {
	epoch := time.Unix(0, 0).UTC()
	fpdf.SetDefaultCreationDate(epoch)
	fpdf.SetDefaultModificationDate(epoch)
	fpdf.SetDefaultCatalogSort(true)
}

// Write draws the figure. It is the same bytes each time.
func (f *Figure) Write(w io.Writer, format Format, width Width) error {
	x, y := width.Length(), f.height(width)
	switch format {
	case SVG:
		_, err := io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+f.svg(width))
		return err
	case PNG:
		c := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(x, y), vgimg.UseDPI(pngDPI), vgimg.UseBackgroundColor(paper))}
		f.draw(draw.New(c), width)
		_, err := c.WriteTo(w)
		return err
	case PDF:
		c := vgpdf.New(x, y)
		f.draw(draw.New(c), width)
		_, err := c.WriteTo(w)
		return err
	}
	return fmt.Errorf("figure format %q: want svg, png or pdf", format)
}

// svg draws the figure as an <svg> element, which can stand in a page.
//
// Text stays text. Its font is named with fallbacks that have the metrics of
// Liberation Sans (Arial and Helvetica do), and each text carries its width, so
// that nothing moves or overlaps where the reader has none of them.
func (f *Figure) svg(width Width) string {
	c := &measuredSVG{Canvas: vgsvg.New(width.Length(), f.height(width))}
	f.draw(draw.New(c), width)
	var b bytes.Buffer
	c.WriteTo(&b) // a bytes.Buffer takes everything
	s := b.String()
	s = s[strings.Index(s, "<svg"):]
	s = strings.ReplaceAll(s, "font-family:Liberation Sans;", "font-family:'Liberation Sans',Arial,Helvetica,sans-serif;")
	open, rest, _ := strings.Cut(c.withWidths(s), ">")
	return fmt.Sprintf("%s role=\"img\">\n<title>%s</title>\n<desc>%s</desc>%s",
		open, html.EscapeString(f.Title), html.EscapeString(f.Alt), rest)
}

// measuredSVG is an SVG canvas that remembers how wide each text is in the font
// that the figure was laid out with.
type measuredSVG struct {
	*vgsvg.Canvas
	widths []vg.Length // in the order of the texts
}

func (c *measuredSVG) FillString(face font.Face, at vg.Point, text string) {
	c.Canvas.FillString(face, at, text)
	c.widths = append(c.widths, face.Width(text))
}

// withWidths gives each text of s the width that was measured.
func (c *measuredSVG) withWidths(s string) string {
	const element = "<text "
	parts := strings.Split(s, element)
	var b strings.Builder
	b.WriteString(parts[0])
	for i, part := range parts[1:] {
		fmt.Fprintf(&b, `%stextLength="%.5g" lengthAdjust="spacingAndGlyphs" %s`, element, c.widths[i].Points(), part)
	}
	return b.String()
}
