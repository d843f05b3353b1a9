package experiments_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/experiments"
	"tickle/probegen"
)

// sentPlan is a plan of a run that a test writes. answer gives the answer of
// a machine to a sending, nil for silence.
type sentPlan struct {
	name       string
	n, repeats int
	machines   []string // nil: all
	singles    bool     // keep single exchanges
	answer     func(machine, probe, repeat int) map[datasets.FieldID]uint64
}

var runMachines = func() (machines []datasets.Machine) {
	for i, name := range []string{"a0", "a1", "b0"} {
		l := [datasets.Levels]string{"os" + name[:1], "os" + name[:1], "os" + name}
		machines = append(machines, datasets.Machine{
			Name: name, Group: name[:1], Backend: "sim", Stack: "sim", Modelled: i > 0,
			Labels: datasets.Labels{Kernel: l, Distribution: l},
		})
	}
	return machines
}()

// writeRun writes a run folder of these plans over runMachines.
func writeRun(t *testing.T, plans ...sentPlan) string {
	t.Helper()
	run := t.TempDir()
	m := &datasets.Manifest{Format: datasets.RunFormat, Pool: "lab", Seed: 1, Observations: "all", SourcePort: "block", Machines: runMachines}
	for _, p := range plans {
		set, err := probegen.Generate("random", probegen.Config{N: p.n, Seed: 5})
		require.NoError(t, err)
		m.Plans = append(m.Plans, datasets.Plan{
			Name: p.name, Probes: set.Header, SHA256: set.Hash(), N: p.n, Repeats: p.repeats, Order: datasets.Shuffled, Machines: p.machines,
		})
		for i := range runMachines {
			if p.machines == nil || contains(p.machines, runMachines[i].Name) {
				writeMachine(t, run, &p, i)
			}
		}
	}
	require.NoError(t, m.Write(nil, run))
	return run
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// writeMachine writes the files of a machine under a plan.
func writeMachine(t *testing.T, run string, p *sentPlan, machine int) {
	t.Helper()
	header := datasets.SummaryHeader{Machine: runMachines[machine].Name, Plan: p.name, Probes: "00"}
	summaries, err := datasets.CreateSummary(datasets.SummaryPath(run, p.name, header.Machine), header)
	require.NoError(t, err)
	singles, err := datasets.CreateObservations(datasets.ObservationPath(run, p.name, header.Machine), datasets.ObservationHeader{SummaryHeader: header})
	require.NoError(t, err)
	var texts datasets.Interner
	texts.ID([]byte("MSS,NOP,WS"))
	for probe := range p.n {
		obs, answered := make([]datasets.Observation, p.repeats), make([]bool, p.repeats)
		for repeat := range p.repeats {
			x := datasets.Exchange{Probe: int32(probe), Repeat: uint16(repeat), Sent: 1000 * int64(repeat), First: &obs[repeat]}
			if values := p.answer(machine, probe, repeat); values != nil {
				answered[repeat] = true
				obs[repeat].Set(datasets.AnswerKind, uint64(datasets.KindTCP))
				for f, v := range values {
					obs[repeat].Set(f, v)
				}
				x.Answers = []datasets.Answer{{At: x.Sent + 100 + int64(repeat), Kind: datasets.KindTCP}}
			}
			require.NoError(t, singles.Write(&x, &texts))
		}
		var s datasets.Summary
		datasets.Summarize(&s, obs, answered)
		s.Probe, s.Answers = int32(probe), uint32(s.Answered)
		require.NoError(t, summaries.Write(&s, &texts))
	}
	require.NoError(t, summaries.Close())
	if !p.singles {
		singles.Abort()
		return
	}
	require.NoError(t, singles.Close())
}

// runData is a data set with the machines of writeRun and no columns.
func runData() *experiments.Data {
	return experiments.Of("lab/data", &datasets.Dataset{
		Meta: datasets.Meta{
			Pool: "lab", Plan: "random", Sent: 4, Repeats: 6, LossyProbes: []int32{3},
			Loss: datasets.DropProbe, Nondet: datasets.MaskNondet, Filter: datasets.FilterAll, Sources: datasets.DefaultSources(),
		},
		Matrix: datasets.NewGrouper(runMachines).Matrix(nil),
	})
}

// rowsOf runs an experiment and gives its rows.
func rowsOf[T any](t *testing.T, name string, in experiments.Input) (*experiments.Result, []T) {
	t.Helper()
	entry, err := experiments.Find(name)
	require.NoError(t, err)
	r, err := experiments.Run(context.Background(), entry, &in)
	require.NoError(t, err)
	rows, err := experiments.RowsOf[T](r)
	require.NoError(t, err)
	return r, rows
}

// failing runs an experiment that must fail, and gives its error.
func failing(t *testing.T, name string, in experiments.Input) error {
	t.Helper()
	entry, err := experiments.Find(name)
	require.NoError(t, err)
	_, err = experiments.Run(context.Background(), entry, &in)
	require.Error(t, err)
	return err
}

// steady answers with one value of two fields, and a counter in a third.
func steady(machine, probe, repeat int) map[datasets.FieldID]uint64 {
	return map[datasets.FieldID]uint64{datasets.IPTTL: 64, datasets.TCPWindow: uint64(machine), datasets.IPID: uint64(repeat)}
}

var onRuns = []string{"unique-values", "repeats", "loss", "example"}

func TestExperimentsOnRunsSayWhatTheyMiss(t *testing.T) {
	run := writeRun(t, sentPlan{name: "other", n: 2, repeats: 3, answer: steady})
	options := map[string]map[string]string{
		"repeats": {"full": "random"}, "loss": {"plan": "random"}, "example": {"plan": "random"},
	}
	for _, name := range onRuns {
		require.EqualError(t, failing(t, name, experiments.Input{Data: runData()}),
			"experiment "+name+": looks at single exchanges: want --run with the run folder")
		entry, err := experiments.Find(name)
		require.NoError(t, err)
		r, err := experiments.Run(context.Background(), entry, &experiments.Input{Data: runData(), Run: run, Options: options[name]})
		require.NoError(t, err)
		require.Empty(t, r.Cells(), name)
		require.Equal(t, experiments.WarnNoPlan, r.Warnings[len(r.Warnings)-1].Code)
		require.Contains(t, r.Warnings[len(r.Warnings)-1].Text, "it has other; ")

		d := runData()
		d.Origin.Pool = "cloud"
		require.ErrorContains(t, failing(t, name, experiments.Input{Data: d, Run: run, Options: options[name]}), `manifest.json: pool "lab": want "cloud", the data set's`)
		require.ErrorContains(t, failing(t, name, experiments.Input{Data: d, Run: t.TempDir()}), "run folder")
	}
}

func TestProvenanceIsOfThePlan(t *testing.T) {
	run := writeRun(t, sentPlan{name: "repeats", n: 2, repeats: 30, machines: []string{"a1", "b0"}, answer: steady})
	r, _ := rowsOf[experiments.UniqueRow](t, "unique-values", experiments.Input{Data: runData(), Run: run})
	p := r.Provenance
	require.Equal(t, []int{2, 0, 2, 2, 2, 30, 0}, []int{p.Machines, p.Real, p.Modelled, p.Groups, p.Probes, p.Repeats, p.Dropped})
	require.Equal(t, "repeats", p.Plan)
	require.Equal(t, "2 of 2 machines are models of a stack: what is shown holds for the models", r.Warnings[0].Text)
}

func TestMachinesWithoutFilesAreLeftOut(t *testing.T) {
	run := writeRun(t, sentPlan{name: "random", n: 2, repeats: 3, machines: []string{"a0", "b0"}, answer: steady})
	m, err := datasets.ReadManifest(run)
	require.NoError(t, err)
	m.Plans[0].Machines = nil
	require.NoError(t, m.Write(nil, run))
	r, rows := rowsOf[experiments.LossRow](t, "loss", experiments.Input{Data: runData(), Run: run})
	require.Equal(t, 4, rows[3].Count)
	require.Contains(t, r.Warnings, experiments.Warning{Code: experiments.WarnMissing, Cell: `plan random`, Text: "1 machines have no summaries and are left out: a1"})
}

func TestRunsStop(t *testing.T) {
	run := writeRun(t, sentPlan{name: "random", n: 2, repeats: 3, singles: true, answer: steady}, sentPlan{name: "repeats", n: 2, repeats: 3, singles: true, answer: steady})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, name := range onRuns {
		entry, err := experiments.Find(name)
		require.NoError(t, err)
		_, err = experiments.Run(ctx, entry, &experiments.Input{Data: runData(), Run: run})
		require.ErrorIs(t, err, context.Canceled, name)
	}
}
