package experiments_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/experiments"
	"tickle/probegen"
)

const dialogueRepeats = 4

// windowsOf are the windows of a machine's answers to a step of a dialogue: step 1
// draws one; step 2 of the first dialogue none from the third sending on, which
// only a0 keeps up; step 3 two, of which the second's window is a counter; the
// others draw none.
func windowsOf(machine, probe, step, repeat int) []uint64 {
	switch {
	case step == 1:
		return []uint64{uint64(100 + machine)}
	case step == 2 && probe == 0 && (machine == 0 || repeat < 2):
		return []uint64{7}
	case step == 3:
		return []uint64{8, uint64(repeat)}
	}
	return nil
}

// writeDialogues writes a run of three dialogues with runMachines, and gives the
// probe set.
func writeDialogues(t *testing.T) (string, *probegen.Set) {
	t.Helper()
	set, err := probegen.Generate("dialogue", probegen.Config{N: 3, Seed: 5})
	require.NoError(t, err)
	run, now := t.TempDir(), time.Unix(0, 0).UTC()
	m := &datasets.Manifest{Format: datasets.RunFormat, Pool: "lab", Seed: 1, Observations: "all", SourcePort: "fixed", Machines: runMachines, Finished: &now}
	p := datasets.Plan{Name: "dialogue", Probes: set.Header, SHA256: set.Hash(), N: 3, Repeats: dialogueRepeats, Order: datasets.Shuffled}
	for i := range set.Probes {
		p.Rows += datasets.AnswersPerStep * len(set.Probes[i].Steps)
	}
	m.Plans = []datasets.Plan{p}
	for i := range runMachines {
		writeDialogueMachine(t, run, set, i)
	}
	require.NoError(t, m.Write(nil, run))
	return run, set
}

func writeDialogueMachine(t *testing.T, run string, set *probegen.Set, machine int) {
	t.Helper()
	name := runMachines[machine].Name
	header := datasets.SummaryHeader{Machine: name, Plan: "dialogue", Probes: set.Hash(), Seed: 1, Layout: datasets.Dialogues}
	summaries, err := datasets.CreateSummary(datasets.SummaryPath(run, "dialogue", name), header)
	require.NoError(t, err)
	summaries.SetCounts(datasets.Counts{Paced: int64(machine)})
	singles, err := datasets.CreateObservations(datasets.ObservationPath(run, "dialogue", name), datasets.ObservationHeader{SummaryHeader: header})
	require.NoError(t, err)
	var texts datasets.Interner
	for probe := range set.Probes {
		steps := len(set.Probes[probe].Steps)
		for step := 1; step <= steps; step++ {
			for answer := 1; answer <= datasets.AnswersPerStep; answer++ {
				obs, answered := make([]datasets.Observation, dialogueRepeats), make([]bool, dialogueRepeats)
				for repeat := range dialogueRepeats {
					if windows := windowsOf(machine, probe, step, repeat); len(windows) >= answer {
						answered[repeat] = true
						obs[repeat].Set(datasets.AnswerKind, uint64(datasets.KindTCP))
						obs[repeat].Set(datasets.TCPWindow, windows[answer-1])
					}
				}
				s := datasets.Summary{Probe: int32(probe), Step: uint8(step), Answer: uint8(answer)}
				datasets.Summarize(&s, obs, answered)
				require.NoError(t, summaries.Write(&s, &texts))
			}
		}
		for repeat := range dialogueRepeats {
			x := datasets.Exchange{Probe: int32(probe), Repeat: uint16(repeat)}
			for step := 1; step <= steps; step++ {
				for _, w := range windowsOf(machine, probe, step, repeat) {
					x.Answers = append(x.Answers, datasets.Answer{At: int64(step), Step: uint8(step), Kind: datasets.KindTCP, Bytes: []byte{byte(w)}})
				}
			}
			require.NoError(t, singles.Write(&x, &texts))
		}
	}
	require.NoError(t, summaries.Close())
	require.NoError(t, singles.Close())
}

// dialogueInput is the run with the data set that is built of it.
func dialogueInput(t *testing.T) (experiments.Input, *probegen.Set) {
	t.Helper()
	run, set := writeDialogues(t)
	d, err := datasets.Build(context.Background(), run, datasets.BuildOptions{})
	require.NoError(t, err)
	return experiments.Input{Data: experiments.Of("lab/data", d), Run: run}, set
}

func stepsOf(set *probegen.Set) (n int) {
	for i := range set.Probes {
		n += len(set.Probes[i].Steps)
	}
	return n
}

func TestLossOfDialogues(t *testing.T) {
	in, set := dialogueInput(t)
	r, rows := rowsOf[experiments.LossRow](t, "loss", in)
	require.Equal(t, "dialogue", r.Provenance.Plan)
	steps := 3 * stepsOf(set)
	counts := map[string]int{}
	for _, row := range rows {
		counts[row.Counted+", "+row.Outcome] = row.Count
		require.False(t, row.Paper.Given())
		if row.Counted == "steps" {
			require.Equal(t, steps, row.Of)
		}
	}
	// Of three machines and dialogues steps 1 and 3 are answered always, and
	// step 2 of the first dialogue by a0; by the others twice.
	require.Equal(t, map[string]int{
		"steps, 0 answers": steps - 3*3*2 - 1 - 2, "steps, 1 answer": 0, "steps, 2 answers": 2, "steps, 3 answers": 0, "steps, 4 answers": 3*3*2 + 1,
		"dialogues, lossy on some machine": 1, "dialogues, dropped from the data set": 0,
	}, counts)
}

func TestRepeatsOfDialogues(t *testing.T) {
	in, set := dialogueInput(t)
	r, rows := rowsOf[experiments.RepeatsRow](t, "repeats", in)
	require.Len(t, rows, 2*dialogueRepeats)
	fields := 3 * stepsOf(set) * datasets.AnswersPerStep * len(datasets.Dialogues.Fields())
	for _, row := range rows[:dialogueRepeats] {
		require.Equal(t, "dialogue", row.Plan)
		require.Equal(t, fields, row.Fields)
		// The window of the second answer to step 3 differs at the second
		// sending, on each machine in each dialogue.
		varied := 3 * 3
		if row.Repeats == 1 {
			varied = 0
		}
		require.Equal(t, fields-varied, row.Deterministic)
		require.True(t, row.Expected.IsNA())
	}
	require.Equal(t, "tcp.window 9", rows[1].Which)
	require.Equal(t, 3*stepsOf(set)*datasets.AnswersPerStep, rows[0].Fields-rows[dialogueRepeats].Fields, "there is one raw checksum")
	require.Contains(t, r.Warnings, experiments.Warning{Code: experiments.WarnNoPlan, Text: in.Run + ` has no plan "repeats": it has dialogue; no rows of it`})
	require.Contains(t, r.Warnings[len(r.Warnings)-1].Text, "3 fields varied only when")
}

func TestUniqueValuesOfDialogues(t *testing.T) {
	in, set := dialogueInput(t)
	in.Options = map[string]string{"plan": "dialogue"}
	_, rows := rowsOf[experiments.UniqueRow](t, "unique-values", in)
	fields := 3 * stepsOf(set) * datasets.AnswersPerStep * len(datasets.Dialogues.Fields())
	require.Len(t, rows, 2)
	require.Equal(t, []int{1, fields - 9}, []int{rows[0].Distinct, rows[0].Fields})
	require.Equal(t, []int{4, 9}, []int{rows[1].Distinct, rows[1].Fields})
	require.InDelta(t, 1, float64(rows[0].Share+rows[1].Share), 1e-12)

	in.Options = nil
	r, rows := rowsOf[experiments.UniqueRow](t, "unique-values", in)
	require.Empty(t, rows)
	require.Contains(t, r.Warnings[len(r.Warnings)-1].Text, `has no plan "repeats": it has dialogue; want one that sends few probes very often`)
}

func TestExampleOfADialogue(t *testing.T) {
	in, set := dialogueInput(t)
	in.Options = map[string]string{"machine": "b0", "probe": "0", "sendings": "3"}
	in.AnswerLadder = func(p *probegen.Probe, answers []datasets.Answer) ([][]string, error) {
		require.Equal(t, set.Probes[0].Name, p.Name)
		lines := make([][]string, len(p.Steps))
		for _, a := range answers {
			lines[a.Step-1] = append(lines[a.Step-1], fmt.Sprint("window ", a.Bytes[0]))
		}
		return lines, nil
	}
	_, rows := rowsOf[experiments.ExampleRow](t, "example", in)
	row := map[string]experiments.ExampleRow{}
	for _, x := range rows {
		require.Equal(t, []any{"b0", 0}, []any{x.Machine, x.Number})
		x.Machine = ""
		row[x.Field] = x
	}
	ladder := set.Probes[0].Ladder()
	for i := range ladder {
		require.Equal(t, strings.Fields(ladder[i])[1:], strings.Fields(row[fmt.Sprintf("step %d", i+1)].Probe))
	}
	require.Len(t, row, 2*len(ladder)+2*4, "kind and window of four places")
	require.Equal(t, experiments.ExampleRow{Field: "step 1 answers", Answers: "window 102 | window 102 | window 102", State: "all answered", Value: "4 of 4"}, row["step 1 answers"])
	require.Equal(t, experiments.ExampleRow{Field: "step 2 answers", Answers: "window 7 | window 7 | silent", State: "lossy", Value: "2 of 4"}, row["step 2 answers"])
	require.Equal(t, "window 8; window 0 | window 8; window 1 | window 8; window 2", row["step 3 answers"].Answers)
	require.Equal(t, experiments.ExampleRow{Field: "1.1 tcp.window", State: "value", Value: "102", Cell: "102", Set: "prone"}, row["1.1 tcp.window"])
	require.Equal(t, experiments.ExampleRow{Field: "2.1 tcp.window", State: "value, lossy", Value: "7", Cell: "?", Set: "prone"}, row["2.1 tcp.window"])
	require.Equal(t, experiments.ExampleRow{Field: "3.2 tcp.window", State: "nondet", Value: "4 outcomes", Cell: "?", Set: "prone"}, row["3.2 tcp.window"])
	require.Equal(t, "tcp", row["3.2 answer.kind"].Cell)

	// Without a reader of answers, and where nothing is chosen.
	in.Options, in.AnswerLadder = nil, nil
	_, rows = rowsOf[experiments.ExampleRow](t, "example", in)
	require.Equal(t, "a0", rows[0].Machine)
	require.Equal(t, "tcp | tcp | tcp | tcp", rows[1].Answers)
}
