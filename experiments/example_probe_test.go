package experiments_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/experiments"
)

// exampleRun is a run with one machine's single exchanges, and the data set
// of its second probe: the flags are kept, the window is nondeterministic,
// and the TTL was dropped.
func exampleRun(t *testing.T) experiments.Input {
	run := writeRun(t, sentPlan{name: "random", n: 3, repeats: 3, singles: true, answer: func(machine, probe, repeat int) map[datasets.FieldID]uint64 {
		switch {
		case probe == 0:
			return nil
		case probe == 2 && repeat == 1:
			return nil
		case probe == 2:
			return map[datasets.FieldID]uint64{datasets.IPFlags: 2, datasets.IPTTL: 64, datasets.TCPWindow: 1, datasets.TCPMSS: 1460, datasets.TCPUrgent: 0}
		}
		values := map[datasets.FieldID]uint64{datasets.IPFlags: 2, datasets.IPTTL: 64, datasets.TCPWindow: uint64(repeat / 2), datasets.TCPOptionsOrder: 0}
		if repeat == 0 {
			values[datasets.TCPMSS] = 1460
		}
		return values
	}})
	g := datasets.NewGrouper(runMachines)
	g.Add(datasets.Column{Probe: 1, Field: datasets.AnswerKind}, []datasets.Code{0, 0, 0}, []datasets.Value{{State: datasets.Present, Number: uint64(datasets.KindTCP)}})
	g.Add(datasets.Column{Probe: 1, Field: datasets.IPFlags}, []datasets.Code{0, 0, 0}, []datasets.Value{{State: datasets.Present, Number: 2}})
	g.Add(datasets.Column{Probe: 1, Field: datasets.TCPWindow}, []datasets.Code{datasets.Missing, datasets.Missing, datasets.Missing}, nil)
	d := runData()
	d.Matrix = g.Matrix(nil)
	return experiments.Input{Data: d, Run: run}
}

func TestExample(t *testing.T) {
	in := exampleRun(t)
	in.Options = map[string]string{"machine": "a1"}
	r, rows := rowsOf[experiments.ExampleRow](t, "example", in)
	row := make(map[string]experiments.ExampleRow)
	for _, x := range rows {
		require.Equal(t, "a1", x.Machine)
		require.Equal(t, 1, x.Number, "the answered probe with the most fields")
		x.Machine, x.Number = "", 0
		row[x.Field] = x
	}
	require.Len(t, row, datasets.NumFields+2)
	require.Equal(t, experiments.ExampleRow{Field: "delay (µs)", Answers: "100 | 101 | 102"}, row["delay (µs)"])
	require.Equal(t, experiments.ExampleRow{Field: "answers", Answers: "1 | 1 | 1", State: "all answered", Value: "3 of 3"}, row["answers"])
	flags, window, mss, order := row["ip.flags"], row["tcp.window"], row["tcp.mss"], row["tcp.options.order"]
	require.NotEmpty(t, flags.Probe)
	flags.Probe, window.Probe, mss.Probe, order.Probe = "", "", "", ""
	require.Equal(t, experiments.ExampleRow{Field: "ip.flags", Answers: "2 | 2 | 2", State: "value", Value: "2", Cell: "2", Set: "vetted"}, flags)
	require.Equal(t, experiments.ExampleRow{Field: "tcp.window", Answers: "0 | 0 | 1", State: "nondet", Value: "2 outcomes", Cell: "?", Set: "prone"}, window)
	require.Equal(t, experiments.ExampleRow{Field: "tcp.mss", Answers: "1460 | absent | absent", State: "nondet", Value: "2 outcomes", Cell: "dropped", Set: "prone"}, mss)
	require.Equal(t, "MSS,NOP,WS | MSS,NOP,WS | MSS,NOP,WS", order.Answers)
	require.Equal(t, "tcp", row["answer.kind"].Cell)
	require.Equal(t, "absent", row["icmp.type"].State)
	require.Equal(t, []int{1, 1, 3}, []int{r.Provenance.Machines, r.Provenance.Probes, r.Provenance.Repeats})
	// The probe's own header, made again from the seed of its set.
	require.Equal(t, "4", row["ip.version"].Probe)
	require.Equal(t, "6", row["ip.proto"].Probe)
	require.Empty(t, row["tcp.checksum"].Probe)
	require.Empty(t, row["icmp.type"].Probe)
}

func TestExampleOfALossyProbe(t *testing.T) {
	in := exampleRun(t)
	in.Options = map[string]string{"probe": "2", "sendings": "2"}
	r, rows := rowsOf[experiments.ExampleRow](t, "example", in)
	require.Equal(t, "a0", rows[0].Machine)
	require.Equal(t, "lossy, 2 of 3", rows[1].State+", "+rows[1].Value)
	for _, row := range rows[2:] {
		require.True(t, strings.HasSuffix(row.Answers, " | silent"), row.Answers)
		require.True(t, strings.HasSuffix(row.State, ", lossy"), row.State)
		require.Equal(t, experiments.CellDropped, row.Cell)
	}
	require.Contains(t, r.Warnings, experiments.Warning{Code: experiments.WarnCut, Text: "the first 2 of 3 sendings are shown; the summary is of all"})

	in.Options = map[string]string{"probe": "0"}
	_, rows = rowsOf[experiments.ExampleRow](t, "example", in)
	require.Equal(t, "none answered, 0 of 3", rows[1].State+", "+rows[1].Value)
	require.Equal(t, "none", rows[2].Value, "silence is a kind of answer")
}

func TestExampleErrorsAndWarnings(t *testing.T) {
	in := exampleRun(t)
	for options, want := range map[string]string{
		"machine=zz": `experiment example: option machine=zz: no such machine in plan "random" of the run (see tickle pool list)`,
		"probe=3":    "experiment example: option probe=3: want auto or a number from 0 to 2",
		"probe=x":    "experiment example: option probe=x: want auto or a number from 0 to 2",
		"sendings=0": "experiment example: option sendings=0: want a whole number from 1 on",
	} {
		name, value, _ := strings.Cut(options, "=")
		in.Options = map[string]string{name: value}
		require.EqualError(t, failing(t, "example", in), want)
	}
	in.Options = nil
	in.Data.Origin.Plan = "another"
	r, rows := rowsOf[experiments.ExampleRow](t, "example", in)
	require.Equal(t, experiments.WarnOtherPlan, r.Warnings[len(r.Warnings)-1].Code)
	require.Empty(t, rows[5].Cell)

	m, err := datasets.ReadManifest(in.Run)
	require.NoError(t, err)
	m.Plans[0].SHA256 = "ff"
	require.NoError(t, m.Write(nil, in.Run))
	r, rows = rowsOf[experiments.ExampleRow](t, "example", in)
	require.Equal(t, experiments.WarnNoProbe, r.Warnings[len(r.Warnings)-2].Code)
	require.Empty(t, rows[5].Probe)

	silent := writeRun(t, sentPlan{name: "random", n: 1, repeats: 2, answer: steady})
	r, rows = rowsOf[experiments.ExampleRow](t, "example", experiments.Input{Data: runData(), Run: silent})
	require.Empty(t, rows)
	require.Equal(t, experiments.WarnNoSingles, r.Warnings[len(r.Warnings)-1].Code)
	require.ErrorContains(t, failing(t, "example", experiments.Input{Data: runData(), Run: silent, Options: map[string]string{"machine": "a1"}}),
		"option machine=a1: the run keeps no single exchanges of it: stat "+filepath.Join(silent, "random", "a1.exchanges.parquet"))
}
