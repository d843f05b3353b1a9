package reports

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/datasets"
	"tickle/experiments"
)

// exampleFigure draws what became of each field of a probe's answers, as a
// table: a value that all sendings share stands once. Of a dialogue it has what
// each step sent and drew, and some of the fields.
func exampleFigure(r *experiments.Result) (*Figure, error) {
	rows, err := experiments.RowsOf[experiments.ExampleRow](r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &examplePlan{dialogue: strings.HasPrefix(rows[0].Field, "step ")}
	absent, left := 0, 0
	for i := range rows {
		if p.dialogue && (len(p.lines) == exampleMost || rows[i].Set != "" && !shownOfDialogue(&rows[i])) {
			left++
			continue
		}
		row := exampleLine{ExampleRow: rows[i], answers: strings.Split(rows[i].Answers, experiments.AnswerBar)}
		row.alike = len(slices.Compact(slices.Clone(row.answers))) == 1
		if row.alike && row.answers[0] == experiments.AnswerAbsent && row.Probe == "" {
			absent++
			continue
		}
		p.lines = append(p.lines, row)
		if rows[i].Answers != "" {
			p.sendings = len(row.answers)
		}
	}
	note := count(absent, "field") + " absent from probe and answers"
	if p.dialogue {
		note = count(left, "row") + " of the table"
	}
	p.head = fmt.Sprintf("Probe %d to %s", rows[0].Number, rows[0].Machine)
	p.sheet = sheet{
		legend: legend{boxKey("vetted field", green, false), boxKey("answers differ: not deterministic", differs, false)},
		footer: footer{fmt.Sprintf("%s Left out: %s. A question mark is a missing cell.", provenanceLine(r), note)},
	}
	return &Figure{Title: r.Title, Alt: p.alt(), height: p.height, draw: p.draw}, nil
}

// shownOfDialogue says which fields of a dialogue's answers the figure has:
// those that vary, and those that say most of the connection.
func shownOfDialogue(row *experiments.ExampleRow) bool {
	_, name, _ := strings.Cut(row.Field, " ")
	f, known := datasets.FieldByName(name)
	return strings.HasPrefix(row.State, "nondet") ||
		known && slices.Contains([]datasets.FieldID{datasets.TCPFlags, datasets.TCPSeqRel, datasets.TCPAckRel, datasets.TCPWindow, datasets.TCPOptionsOrder, datasets.StepAnswers}, f)
}

// examplePlan is what the figure shows.
type examplePlan struct {
	dialogue bool
	sheet    sheet
	head     string
	lines    []exampleLine
	sendings int
}

// exampleLine is a row of the table.
type exampleLine struct {
	experiments.ExampleRow
	answers []string
	alike   bool // all answers are
}

// Sizes of the table.
const (
	exampleRow  = 9
	exampleHead = 26
	exampleMost = 64 // of a dialogue: what a page holds
)

var differs = tint(vermillion, 2)

// exampleColumns are the left edges of the table's columns, and the right one
// of the last. There is a column an answer on a wide page and one for all in
// a narrow one, which has no column for the summary.
type exampleColumns struct {
	probe, answers, summary, cell, end vg.Length
	each                               vg.Length // width of an answer; 0: one for all
}

func (p *examplePlan) columns(c draw.Canvas, w Width) exampleColumns {
	x := func(share float64) vg.Length { return c.Min.X + c.Size().X*vg.Length(share) }
	if w == Column {
		return exampleColumns{probe: x(0.31), answers: x(0.49), summary: x(0.79), cell: x(0.79), end: c.Max.X}
	}
	e := exampleColumns{probe: x(0.155), answers: x(0.275), summary: x(0.785), cell: x(0.885), end: c.Max.X}
	if shown := vg.Length(p.sendings); !p.dialogue && (e.summary-e.answers)/shown > 40 {
		e.each = (e.summary - e.answers) / shown
	}
	return e
}

func (p *examplePlan) height(w Width) vg.Length {
	return p.sheet.around(w) + exampleHead + vg.Length(len(p.lines))*exampleRow + 4
}

func (p *examplePlan) draw(c draw.Canvas, w Width) {
	body := p.sheet.frame(c)
	e := p.columns(body, w)
	sty := textStyle(smallSize)
	c.FillText(textStyle(titleSize), vg.Point{X: body.Min.X, Y: body.Max.Y - titleSize - 1}, fit(p.head, textStyle(titleSize), body.Size().X))
	top := body.Max.Y - exampleHead
	head := func(x, end vg.Length, s string) {
		c.FillText(sty, vg.Point{X: x, Y: top + 1}, fit(s, sty, end-x-2))
	}
	head(body.Min.X, e.probe, "field")
	if p.dialogue {
		head(e.probe, e.summary, fmt.Sprintf("sent, and what %s drew", count(p.sendings, "sending")))
	} else {
		p.answerHeads(e, head)
	}
	if e.summary < e.cell {
		head(e.summary, e.cell, "summary")
	}
	head(e.cell, e.end, "learner's row")
	line := draw.LineStyle{Color: ink, Width: vg.Points(0.5)}
	c.StrokeLine2(line, body.Min.X, top, body.Max.X, top)
	for i := range p.lines {
		p.drawLine(c, &p.lines[i], e, vg.Point{X: body.Min.X, Y: top - vg.Length(i+1)*exampleRow})
	}
	bottom := top - vg.Length(len(p.lines))*exampleRow
	c.StrokeLine2(line, body.Min.X, bottom, body.Max.X, bottom)
}

// answerHeads heads the columns of what is sent and of the answers.
func (p *examplePlan) answerHeads(e exampleColumns, head func(x, end vg.Length, s string)) {
	head(e.probe, e.answers, "sent")
	if e.each == 0 {
		head(e.answers, e.summary, count(p.sendings, "answer"))
		return
	}
	for i := range p.sendings {
		at := e.answers + vg.Length(i)*e.each
		head(at, at+e.each, fmt.Sprintf("answer %d", i+1))
	}
}

// drawLine draws a row whose lower left corner is at.
func (p *examplePlan) drawLine(c draw.Canvas, row *exampleLine, e exampleColumns, at vg.Point) {
	sty := textStyle(smallSize)
	base := at.Y + 1.2
	put := func(x, end vg.Length, s string) { c.FillText(sty, vg.Point{X: x, Y: base}, fit(s, sty, end-x-3)) }
	if strings.HasPrefix(row.State, "nondet") {
		fillBox(c, vg.Rectangle{Min: at, Max: vg.Point{X: e.end, Y: at.Y + exampleRow}}, differs, false)
	}
	c.StrokeLine2(draw.LineStyle{Color: rule, Width: vg.Points(0.4)}, at.X, at.Y, e.end, at.Y)
	if row.Set == string(datasets.Vetted) {
		fillBox(c, vg.Rectangle{Min: vg.Point{X: at.X, Y: at.Y + 2.2}, Max: vg.Point{X: at.X + 3.5, Y: at.Y + 6.6}}, green, false)
	}
	put(at.X+6, e.probe, row.Field)
	if p.dialogue {
		p.drawDialogue(row, e, put)
		return
	}
	put(e.probe, e.answers, row.Probe)
	if e.summary < e.cell {
		put(e.summary, e.cell, summaryText(row))
	}
	put(e.cell, e.end+3, row.Cell)
	switch {
	case row.alike:
		end := e.answers + drawAlike(c, sty, row.answers[0], vg.Rectangle{Min: vg.Point{X: e.answers, Y: base}, Max: vg.Point{X: e.summary - 6, Y: at.Y + exampleRow/2}})
		if e.each > 0 && end+4 < e.summary-6 {
			c.StrokeLine2(draw.LineStyle{Color: grey, Width: vg.Points(0.6)}, end+4, at.Y+exampleRow/2, e.summary-8, at.Y+exampleRow/2)
		}
	case e.each == 0:
		put(e.answers, e.summary, strings.Join(row.answers, ", "))
	default:
		for i, a := range row.answers {
			x := e.answers + vg.Length(i)*e.each
			put(x, x+e.each+1, a)
		}
	}
}

// drawDialogue draws a row of a dialogue, whose sendings stand one behind the
// other where they differ.
func (p *examplePlan) drawDialogue(row *exampleLine, e exampleColumns, put func(x, end vg.Length, s string)) {
	end := e.summary
	if row.Answers == "" {
		end = e.end
	}
	put(e.probe, end, row.Probe+strings.Join(slices.Compact(slices.Clone(row.answers)), " | "))
	if e.summary < e.cell {
		put(e.summary, e.cell, row.Value)
	}
	put(e.cell, e.end+3, row.Cell)
}

// drawAlike writes a value that all answers share and gives its width.
func drawAlike(c draw.Canvas, sty text.Style, s string, r vg.Rectangle) vg.Length {
	s = fit(s, sty, r.Size().X)
	c.FillText(sty, r.Min, s)
	return sty.Width(s)
}

// summaryText is a row's summary without the value, which the answers show.
func summaryText(row *exampleLine) string {
	if strings.HasPrefix(row.State, "nondet") || row.Set == "" && row.State != "" {
		return row.Value
	}
	return row.State
}

func (p *examplePlan) alt() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Table of the fields of %s, and of the answers. ", p.head)
	for i := range p.lines {
		row := &p.lines[i]
		if row.Set != "" {
			fmt.Fprintf(&b, "%s: %s, in the learner's row %s; ", row.Field, row.State, row.Cell)
		}
	}
	return strings.TrimSuffix(b.String(), "; ") + "."
}
