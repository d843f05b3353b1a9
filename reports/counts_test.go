package reports

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/datasets"
	"tickle/experiments"
)

// of is a result of an experiment with rows and the provenance of small.
func of[T any](t *testing.T, name string, rows []T) *experiments.Result {
	t.Helper()
	entry, err := experiments.Find(name)
	require.NoError(t, err)
	p := small().Provenance
	return &experiments.Result{
		Schema: experiments.Schema, Experiment: name, Title: entry.Title, Config: map[string]string{}, Provenance: p,
		Columns: experiments.ColumnsOf(rows), Rows: rows, Warnings: []experiments.Warning{},
	}
}

const na = -1 // stands for n/a in these tables

func number(v float64) experiments.Number {
	if v == na {
		return experiments.NA
	}
	return experiments.Number(v)
}

// classRows is a tree with so many releases in each family.
func classRows(releases int) []experiments.ClassRow {
	var rows []experiments.ClassRow
	for _, h := range []string{"kernel", "distribution"} {
		for _, os := range []string{"Linux", "A system of a very long name indeed"} {
			rows = append(rows, experiments.ClassRow{Hierarchy: h, Label: os, Machines: 90, Images: 40, Share: 0.5, Modelled: 30, Below: 2})
			for i := range 2 {
				family := fmt.Sprintf("%s %d", os, i)
				rows = append(rows, experiments.ClassRow{Hierarchy: h, Level: 1, Label: family, Parent: os, Machines: 45, Images: 20, Share: 0.25, Below: releases})
				for j := range releases {
					rows = append(rows, experiments.ClassRow{Hierarchy: h, Level: 2, Label: fmt.Sprintf("%s.%d", family, j), Parent: family, Machines: 40 - j, Images: 1 + (40-j)/2, Share: 0.1, Modelled: j % 3})
				}
			}
		}
	}
	return rows
}

func sourceRows() []experiments.SourceRow {
	rows := make([]experiments.SourceRow, datasets.NumFields)
	for f := range rows {
		rows[f] = experiments.SourceRow{Field: datasets.FieldID(f).String(), OS: "×", Set: "prone", Paper: "no", Columns: 500, Constant: f, Reason: "RFC 9293 & a_b."}
		if f%2 == 0 {
			rows[f].Network, rows[f].Set = "·", "vetted"
		} else {
			rows[f].Random = "×"
		}
	}
	return rows
}

func probeCountRows(end int) []experiments.ProbeCountRow {
	var rows []experiments.ProbeCountRow
	for _, set := range []string{"vetted", "prone"} {
		for n := 1; n <= end; n *= 5 {
			mean := experiments.Number(200 - 190/float64(n))
			rows = append(rows, experiments.ProbeCountRow{Fields: set, Probes: n, Mean: mean, SpreadLow: mean - 8, SpreadHigh: mean, Share: mean / 200, Pairs: 200, SameImage: 4})
		}
		if set == "vetted" {
			rows[len(rows)-1].Paper = experiments.PaperValue{Relation: "=", Value: 30}
		}
	}
	return rows
}

// uniqueRows has one value often, and many values here and there.
func uniqueRows(distinct ...int) []experiments.UniqueRow {
	rows := []experiments.UniqueRow{{Distinct: 1, Fields: 7000, Absent: 5000, Vetted: 4000, Share: 0.9, Which: "ip.ihl 10"}}
	for i, d := range distinct {
		rows = append(rows, experiments.UniqueRow{Distinct: d, Fields: 1 + i*i%90, Share: 0.001, Which: "tcp.seq 1"})
	}
	return rows
}

func repeatsRows(repeats, full int) []experiments.RepeatsRow {
	var rows []experiments.RepeatsRow
	for plan, last := range map[string]int{"repeats": repeats} {
		for _, set := range []string{experiments.AllFields, experiments.NoChecksums} {
			for k := 1; k <= last; k = max(k+1, k*3/2) {
				row := experiments.RepeatsRow{Plan: plan, Set: set, Repeats: k, Deterministic: 8600 - min(k, 9)*30, Expected: number(8600 - float64(min(k, 9))*31), FirstVaried: 30, Found: 1, Fields: 8600}
				if k == 6 {
					row.Paper = experiments.PaperValue{Relation: "=", Value: 1}
				}
				rows = append(rows, row)
			}
		}
	}
	for _, set := range []string{experiments.AllFields, experiments.NoChecksums} {
		for k := 1; k <= full; k++ {
			rows = append(rows, experiments.RepeatsRow{Plan: "random", Set: set, Repeats: k, Deterministic: 1_700_000, Expected: experiments.NA, FirstVaried: 100_000 / (k * k) * (k % 2), Found: number(na), Fields: 1_784_500})
		}
	}
	return rows
}

func lossRows(repeats int) []experiments.LossRow {
	var rows []experiments.LossRow
	for k := range repeats + 1 {
		rows = append(rows, experiments.LossRow{Counted: "sets", Outcome: fmt.Sprintf("%d answers", k), Answered: experiments.Number(k), Count: (k % 3) * 16_450_000 / repeats, Of: 16_450_000, Share: 0.1, Machines: 3})
	}
	sum := experiments.LossRow{Counted: "probes", Outcome: "lossy on some machine", Answered: experiments.NA, Count: 121, Of: 50_000, Share: 0.00242, Paper: experiments.PaperValue{Relation: "=", Value: 0.0024}}
	dropped := sum
	dropped.Outcome, dropped.Count, dropped.Share, dropped.Paper = "dropped from the data set", 0, 0, experiments.PaperValue{}
	return append(rows, sum, dropped)
}

func exampleRows(sendings int) []experiments.ExampleRow {
	answers := func(of func(i int) string) string {
		var list []string
		for i := range sendings {
			list = append(list, of(i))
		}
		return strings.Join(list, experiments.AnswerBar)
	}
	alike := func(s string) string { return answers(func(int) string { return s }) }
	row := experiments.ExampleRow{Machine: "linux-2.6.32-a-very-long-name-of-a-machine-that-nobody-would-choose", Number: 41234}
	rows := []experiments.ExampleRow{row, row, row, row, row}
	rows[0].Field, rows[0].Answers = "delay (µs)", answers(func(i int) string { return fmt.Sprint(100_000 + i) })
	rows[1].Field, rows[1].Answers, rows[1].State, rows[1].Value = "answers", alike("1"), "all answered", "6 of 6"
	rows[2].Field, rows[2].Probe, rows[2].Answers, rows[2].State, rows[2].Value, rows[2].Cell, rows[2].Set = "tcp.seq", "4294967295", answers(func(i int) string { return fmt.Sprint(4294967295 - i) }), "nondet", "6 outcomes", "?", "prone"
	rows[3].Field, rows[3].Probe, rows[3].Answers, rows[3].State, rows[3].Value, rows[3].Cell, rows[3].Set = "tcp.options.order", "NOP,NOP,TS,NOP,SACKOK,NOP,WS,NOP,NOP,MSS,EOL", alike("MSS,SACKOK,TS,NOP,WS,NOP,NOP,NOP,NOP,NOP,NOP"), "value", "MSS", "MSS,SACKOK,TS,NOP,WS,NOP,NOP,NOP,NOP,NOP,NOP", "vetted"
	rows[4].Field, rows[4].Answers, rows[4].State, rows[4].Cell, rows[4].Set = "icmp.type", alike("absent"), "absent", "absent", "prone"
	return rows
}

// dialogueRows are those of a dialogue of so many steps.
func dialogueRows(steps int) []experiments.ExampleRow {
	var rows []experiments.ExampleRow
	row := experiments.ExampleRow{Machine: "linux-2.6.32-a-very-long-name-of-a-machine-that-nobody-would-choose", Number: 3}
	for i := range steps {
		sent, drew := row, row
		sent.Field, sent.Probe = fmt.Sprintf("step %d", i+1), "SYN, ECE, CWR seq 3390471523 win 64240 <Maximum segment size: 1460 bytes; SACK permitted; Timestamps: TSval 637230774>"
		drew.Field, drew.Answers, drew.State, drew.Value = fmt.Sprintf("step %d answers", i+1), strings.Repeat("SA seq 0 ack 1 win 5792 <MSS,SACKOK,TS,NOP,WS> ecr 0 | ", 5)+"silent", "lossy", "5 of 6"
		rows = append(rows, sent, drew)
	}
	for i := range steps {
		for k, field := range []string{"ip.id", "tcp.flags", "tcp.window", "tcp.options.order", "tcp.timestamps.ecr.rel"} {
			r := row
			r.Field, r.State, r.Value, r.Cell, r.Set = fmt.Sprintf("%d.1 %s", i+1, field), "value", "MSS,SACKOK,TS,NOP,WS", "MSS,SACKOK,TS,NOP,WS", "vetted"
			if k == 0 {
				r.State, r.Value, r.Cell, r.Set = "nondet", "6 outcomes", "?", "prone"
			}
			rows = append(rows, r)
		}
	}
	return rows
}

// many is so many numbers of values all over the axis.
func many(n int) []int {
	var list []int
	for i := range n {
		list = append(list, 3+i*7+i%5)
	}
	return list
}

// TestCountFiguresAreLegible draws each figure at its usual size and at the
// edges: nothing is cut, small, or over other text.
func TestCountFiguresAreLegible(t *testing.T) {
	for name, r := range map[string]*experiments.Result{
		"classes":                of(t, "classes", classRows(4)),
		"classes, many":          of(t, "classes", classRows(33)),
		"sources":                of(t, "sources", sourceRows()),
		"probe-count":            of(t, "probe-count", probeCountRows(50_000)),
		"probe-count, one":       of(t, "probe-count", probeCountRows(1)),
		"unique-values":          of(t, "unique-values", uniqueRows(1012, 1027, 1028, 1029, 1030, 1457, 1460, 1486)),
		"unique-values, one":     of(t, "unique-values", uniqueRows()),
		"unique-values, spread":  of(t, "unique-values", uniqueRows(many(210)...)),
		"repeats":                of(t, "repeats", repeatsRows(1500, 6)),
		"repeats, one plan":      of(t, "repeats", repeatsRows(30, 0)),
		"repeats, long":          of(t, "repeats", repeatsRows(1500, 25)),
		"loss":                   of(t, "loss", lossRows(6)),
		"loss, long":             of(t, "loss", lossRows(40)),
		"example":                of(t, "example", exampleRows(6)),
		"example, long":          of(t, "example", exampleRows(12)),
		"example, one":           of(t, "example", exampleRows(1)),
		"example, dialogue":      of(t, "example", dialogueRows(3)),
		"example, long dialogue": of(t, "example", dialogueRows(24)),
	} {
		fig, err := FigureOf(r)
		require.NoError(t, err, name)
		require.NotEmpty(t, fig.Alt, name)
		for _, width := range []Width{Column, Page} {
			require.LessOrEqual(t, fig.height(width), 10.5*vg.Inch, "%s is higher than a page", name)
			c := &textBoxes{size: vg.Point{X: width.Length(), Y: fig.height(width)}, state: []frame{{}}}
			fig.draw(draw.New(c), width)
			require.Greater(t, len(c.boxes), 10, name)
			for i, b := range c.boxes {
				require.GreaterOrEqual(t, b.size, vg.Length(7), "%s: %s", name, b.text)
				require.GreaterOrEqual(t, b.min.X, vg.Length(0), "%s: %s", name, b.text)
				require.GreaterOrEqual(t, b.min.Y, vg.Length(-1), "%s: %s", name, b.text)
				require.LessOrEqual(t, b.max.X, c.size.X+0.5, "%s: %s", name, b.text)
				require.LessOrEqual(t, b.max.Y, c.size.Y+0.5, "%s: %s", name, b.text)
				for _, o := range c.boxes[:i] {
					const touch = 2.5
					over := b.min.X+touch < o.max.X && o.min.X+touch < b.max.X && b.min.Y+touch < o.max.Y && o.min.Y+touch < b.max.Y
					require.False(t, over, "%s, width %d: %q over %q", name, width, b.text, o.text)
				}
			}
			var svg bytes.Buffer
			require.NoError(t, fig.Write(&svg, SVG, width))
			require.NotContains(t, svg.String(), "NaN", name)
			wellFormed(t, svg.String())
		}
	}
}

func TestCountTables(t *testing.T) {
	for name, r := range map[string]*experiments.Result{
		"classes":       of(t, "classes", classRows(1)[:6]),
		"sources":       of(t, "sources", sourceRows()[:4]),
		"probe-count":   of(t, "probe-count", probeCountRows(5)),
		"unique-values": of(t, "unique-values", uniqueRows(3, 1486)),
		"repeats":       of(t, "repeats", repeatsRows(6, 2)),
		"loss":          of(t, "loss", lossRows(3)),
		"example":       of(t, "example", exampleRows(2)),
	} {
		var b bytes.Buffer
		for _, write := range []func(io.Writer, *experiments.Result) error{WriteCSV, WriteMarkdown, WriteLaTeX} {
			require.NoError(t, write(&b, r))
			b.WriteString("\n")
		}
		golden(t, "tables-"+name+".txt", b.String())
	}
}

func TestBrokenAxisKeepsOrder(t *testing.T) {
	for _, distinct := range [][]int{{}, {2}, {254, 1438, 1439, 1500}, many(210)} {
		b := breakAxis(uniqueRows(distinct...))
		require.LessOrEqual(t, b.size, mostPlaces)
		last := -1.0
		for _, d := range append([]int{1}, distinct...) {
			at := b.place(d)
			require.GreaterOrEqual(t, at, last)
			require.GreaterOrEqual(t, at, 0.0)
			last = at
		}
	}
	require.Equal(t, -1.0, breakAxis(uniqueRows(254)).place(100))
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", -1000: "-1,000", 1234567: "1,234,567", -12: "-12"} {
		require.Equal(t, want, thousands(n))
	}
}

func TestFitCutsFromTheRightEnd(t *testing.T) {
	sty := textStyle(smallSize)
	require.Equal(t, "abc", fit("abc", sty, 100))
	require.Equal(t, "…", fit("abc", sty, 1))
	require.Equal(t, "Windows Server 2019", fitEnd("Windows Server 2019", sty, 100))
	require.Equal(t, "…Server 2019", fitEnd("Windows Server 2019", sty, sty.Width("…Server 2019")))
	require.Equal(t, "Windo…", fitEnd("Windowsserver", sty, sty.Width("Windo…")))
}
