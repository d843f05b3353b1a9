package reports

import (
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// textBoxes is a canvas that keeps where text is written. It follows moves
// and quarter turns, which is all that figures use.
type textBoxes struct {
	size  vg.Point
	state []frame
	boxes []textBox
}

type frame struct {
	origin vg.Point
	turned bool
}

type textBox struct {
	text     string
	size     vg.Length
	min, max vg.Point
}

func (c *textBoxes) Size() (x, y vg.Length) { return c.size.X, c.size.Y }
func (c *textBoxes) top() *frame            { return &c.state[len(c.state)-1] }
func (c *textBoxes) Push()                  { c.state = append(c.state, *c.top()) }
func (c *textBoxes) Pop()                   { c.state = c.state[:len(c.state)-1] }
func (c *textBoxes) Rotate(rad float64)     { c.top().turned = c.top().turned != (rad != 0) }
func (c *textBoxes) Translate(p vg.Point)   { c.top().origin = c.at(p) }

// at is where p is on the page.
func (c *textBoxes) at(p vg.Point) vg.Point {
	if c.top().turned {
		p = vg.Point{X: -p.Y, Y: p.X}
	}
	return c.top().origin.Add(p)
}

func (*textBoxes) SetLineWidth(vg.Length)              {}
func (*textBoxes) SetLineDash([]vg.Length, vg.Length)  {}
func (*textBoxes) SetColor(color.Color)                {}
func (*textBoxes) Scale(x, y float64)                  {}
func (*textBoxes) Stroke(vg.Path)                      {}
func (*textBoxes) Fill(vg.Path)                        {}
func (*textBoxes) DrawImage(vg.Rectangle, image.Image) {}

func (c *textBoxes) FillString(f font.Face, p vg.Point, s string) {
	if s == "" {
		return
	}
	e := f.Extents()
	a := c.at(vg.Point{X: p.X, Y: p.Y - e.Descent})
	b := c.at(vg.Point{X: p.X + f.Width(s), Y: p.Y + e.Ascent})
	c.boxes = append(c.boxes, textBox{s, f.Font.Size, vg.Point{X: min(a.X, b.X), Y: min(a.Y, b.Y)}, vg.Point{X: max(a.X, b.X), Y: max(a.Y, b.Y)}})
}

func TestNoTextIsCutOrSmallOrOverOther(t *testing.T) {
	fig, err := FigureOf(small())
	require.NoError(t, err)
	for _, width := range []Width{Column, Page} {
		c := &textBoxes{size: vg.Point{X: width.Length(), Y: fig.height(width)}, state: []frame{{}}}
		fig.draw(draw.New(c), width)
		require.Greater(t, len(c.boxes), 40)
		for i, b := range c.boxes {
			require.GreaterOrEqual(t, b.size, vg.Length(7), b.text)
			require.GreaterOrEqual(t, b.min.X, vg.Length(0), b.text)
			require.GreaterOrEqual(t, b.min.Y, vg.Length(-1), b.text)
			require.LessOrEqual(t, b.max.X, c.size.X+0.5, b.text)
			require.LessOrEqual(t, b.max.Y, c.size.Y+0.5, b.text)
			for _, o := range c.boxes[:i] {
				// Boxes hold descent and ascent, so that lines may touch.
				const touch = 2.5
				over := b.min.X+touch < o.max.X && o.min.X+touch < b.max.X && b.min.Y+touch < o.max.Y && o.min.Y+touch < b.max.Y
				require.False(t, over, "%q over %q", b.text, o.text)
			}
		}
	}
}

func TestWrapKeepsEveryWord(t *testing.T) {
	sty := textStyle(smallSize)
	lines := wrap("one two  three fourteen\nfive", sty, sty.Width("three fourteen"))
	require.Equal(t, []string{"one two three", "fourteen five"}, lines)
	require.Equal(t, []string{"unbreakable", "word"}, wrap("unbreakable word", sty, 10))
}

// TestTextsCarryTheirWidth: a reader without the font squeezes or stretches a
// text into the place that it was laid out for.
func TestTextsCarryTheirWidth(t *testing.T) {
	fig, err := FigureOf(small())
	require.NoError(t, err)
	s := fig.svg(Page)
	texts := strings.Count(s, "<text ")
	require.NotZero(t, texts)
	require.Equal(t, texts, strings.Count(s, `<text textLength="`))
	require.NotContains(t, s, `textLength="0"`)
}
