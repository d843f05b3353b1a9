package collector

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
	"tickle/datasets"
	"tickle/probegen"
)

func TestCollectSummarisesWhatMachinesAnswer(t *testing.T) {
	dir := t.TempDir()
	set := setOf(
		[]probegen.Step{tcpStep(probegen.OpenTCP, probegen.SYN, 100)},
		[]probegen.Step{tcpStep(probegen.OpenTCP, probegen.FIN, 100)},
		[]probegen.Step{tcpStep(probegen.ClosedTCP, probegen.SYN, 100)},
		[]probegen.Step{udpStep()},
		[]probegen.Step{icmpStep(0x00070001)},
	)
	var links []*virtualLink
	b := backend{configure: func(_ *pool.Machine, l *virtualLink) { links = append(links, l) }}
	cfg := Config{Dir: dir, Pool: testPool(1), Backends: map[string]pool.Backend{"test": b}, Plans: []Plan{{Name: "p", Set: set}}, Workers: 1}
	report, err := Collect(context.Background(), cfg)
	require.NoError(t, err)
	require.Equal(t, Counts{Sent: 30, Exchanges: 30, Answered: 24, Answers: 24, Teardowns: 6}, report.Total)
	require.Empty(t, links[0].stack.conns, "half-open connections are left")

	got, texts := summaries(t, dir, "p", "m00")
	require.Len(t, got, 5)
	const present, nondet, absent = datasets.Present, datasets.Nondet, datasets.Absent
	syn := &got[0]
	require.EqualValues(t, 6, syn.Answered)
	require.Equal(t, uint64(datasets.KindTCP), field(syn, datasets.AnswerKind).Value)
	require.Equal(t, nondet, field(syn, datasets.TCPSeq).State)
	require.EqualValues(t, 6, field(syn, datasets.TCPSeq).Distinct)
	require.EqualValues(t, 101, field(syn, datasets.TCPAck).Value)
	require.EqualValues(t, 1460, field(syn, datasets.TCPMSS).Value)
	require.Equal(t, "MSS,SACKOK,NOP,NOP", texts.Text(field(syn, datasets.TCPOptionsOrder).Value))
	silent := &got[1]
	require.EqualValues(t, 0, silent.Answered)
	require.Equal(t, datasets.FieldSummary{State: present, Value: uint64(datasets.KindNone), Distinct: 1}, field(silent, datasets.AnswerKind))
	reset := &got[2]
	require.EqualValues(t, probegen.RST|probegen.ACK, field(reset, datasets.TCPFlags).Value)
	unreachable := &got[3]
	require.EqualValues(t, 3, field(unreachable, datasets.ICMPCode).Value)
	require.EqualValues(t, 28, field(unreachable, datasets.QuoteLen).Value)
	for _, f := range []datasets.FieldID{datasets.QuoteIPID, datasets.QuoteIPChecksum, datasets.QuotePayload, datasets.QuoteIPTOS} {
		require.Equal(t, uint64(datasets.EchoSame), field(unreachable, f).Value, f)
		require.Equal(t, present, field(unreachable, f).State, f)
	}
	require.EqualValues(t, 0, field(unreachable, datasets.QuoteIPTTL).Value)
	echo := &got[4]
	require.EqualValues(t, 0x00070001, field(echo, datasets.ICMPRest).Value)
	require.Equal(t, absent, field(echo, datasets.QuoteLen).State)
}

func TestCollectIsTheSameForAnyWorkersAndMood(t *testing.T) {
	mood := mood{delay: 300, window: 3, duplicate: 5, late: 7, stray: 6, malformed: 8, lossy: 9}
	var want map[string]string
	for _, workers := range []int{1, 2, 5} {
		cfg := testConfig(t, t.TempDir(), backend{mood: mood})
		cfg.Workers, cfg.Keep = workers, KeepRaw
		report, err := Collect(context.Background(), cfg)
		require.NoError(t, err)
		total := report.Total
		require.Positive(t, total.Late)
		require.Positive(t, total.Unmatched)
		require.Positive(t, total.Malformed)
		require.Positive(t, total.Duplicates)
		require.Equal(t, total.Answers, total.Answered+total.Duplicates)
		got := data(t, cfg.Dir)
		require.Len(t, got, 4*2*4) // summaries, exchanges, pcapng and index
		if want == nil {
			want = got
		}
		requireSame(t, want, got)
	}
}

func TestCollectGoesOnWhereItWasStopped(t *testing.T) {
	undisturbed := testConfig(t, t.TempDir(), backend{mood: mood{duplicate: 4}})
	undisturbed.Pool = testPool(2)
	_, err := Collect(context.Background(), undisturbed)
	require.NoError(t, err)
	want := data(t, undisturbed.Dir)
	for moment := range 20 {
		ctx, stop := context.WithCancel(context.Background())
		packets := 0
		b := backend{mood: mood{duplicate: 4}, configure: func(_ *pool.Machine, l *virtualLink) {
			l.onSend = func() {
				if packets++; packets == 3+moment*32 {
					stop()
				}
			}
		}}
		cfg := testConfig(t, t.TempDir(), b)
		cfg.Workers, cfg.Pool = 1, testPool(2)
		_, err := Collect(ctx, cfg)
		require.ErrorIs(t, err, context.Canceled)
		requireNoPartials(t, cfg.Dir)
		cfg.Workers = 2
		cfg.Backends["test"] = backend{mood: mood{duplicate: 4}}
		_, err = Collect(context.Background(), cfg)
		require.NoError(t, err)
		requireSame(t, want, data(t, cfg.Dir))
		stop()
	}
}

func requireNoPartials(t testing.TB, dir string) {
	t.Helper()
	for _, pattern := range []string{"*.part", "*/*.part", lockName} {
		left, err := filepath.Glob(filepath.Join(dir, pattern))
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

func TestCollectGoesOnWithoutMachinesThatFail(t *testing.T) {
	sick := true
	closed := 0
	b := backend{configure: func(m *pool.Machine, l *virtualLink) {
		l.closed = &closed
		if m.Name == "m01" && sick {
			l.stack.mood.dieAfter = 50
		}
		l.stack.mood.endless = m.Name == "m03" && sick
	}}
	cfg := testConfig(t, t.TempDir(), b)
	cfg.Plans = cfg.Plans[:1]
	cfg.Workers = 1
	cfg.Pool.Machines[0].Options = map[string]string{"broken": "yes"}
	report, err := Collect(context.Background(), cfg)
	require.ErrorIs(t, err, ErrMachines)
	require.ErrorContains(t, err, "3 of 4")
	require.ErrorContains(t, err, "m00")
	require.Equal(t, "it is broken", report.Machines[0].Error)
	require.Equal(t, "send: link closed", report.Machines[1].Error)
	require.Empty(t, report.Machines[2].Error)
	require.Contains(t, report.Machines[3].Error, "without end")
	require.Equal(t, 3+2, closed, "the one that died is started again twice")
	require.EqualValues(t, 2, report.Machines[1].Restarts)
	require.Zero(t, report.Machines[3].Restarts, "what the model does once it does again")
	m, err := datasets.ReadManifest(cfg.Dir)
	require.NoError(t, err)
	require.NotNil(t, m.Finished, "every machine was tried")
	require.Equal(t, "it is broken", m.Parts[0].Missing)
	d, err := datasets.Build(context.Background(), cfg.Dir, datasets.BuildOptions{Plan: cfg.Plans[0].Name})
	require.NoError(t, err)
	require.Equal(t, []string{"m00", "m01", "m03"}, d.Meta.Missing)
	require.Len(t, data(t, cfg.Dir), 2)

	sick = false
	cfg.Pool.Machines[0].Options = map[string]string{"broken": ""}
	_, err = Collect(context.Background(), cfg)
	require.ErrorContains(t, err, "pool's SHA-256") // the options are part of it
	cfg.Pool.Machines[0].Options = map[string]string{"broken": "yes"}
	report, err = Collect(context.Background(), cfg)
	require.ErrorContains(t, err, "1 of 4")
	require.Equal(t, report.Machines[1].Counts, report.Machines[2].Counts)
	require.Len(t, data(t, cfg.Dir), 6)
}

func TestCollectRefusesTheFolderOfAnotherRun(t *testing.T) {
	dir := t.TempDir()
	cfg := testConfig(t, dir, backend{})
	_, err := Collect(context.Background(), cfg)
	require.NoError(t, err)
	before := data(t, dir)
	for want, change := range map[string]func(*Config){
		"the seed is 3 there and 4 here":      func(c *Config) { c.Seed++ },
		"pool's SHA-256":                      func(c *Config) { c.Pool = testPool(5) },
		"probe set's SHA-256 of plan random":  func(c *Config) { c.Plans[0].Set = randomSet(t, 41) },
		"number of repeats of plan random":    func(c *Config) { c.Plans[0].Repeats = 7 },
		"the spacing in µs of plan random":    func(c *Config) { c.Plans[0].Pace = 7 },
		"the order of plan random":            func(c *Config) { c.Plans[0].Order = Ordered },
		"the name of plan random":             func(c *Config) { c.Plans[0].Name = "other" },
		"the number of plans":                 func(c *Config) { c.Plans = c.Plans[:1] },
		"the list of machines of plan random": func(c *Config) { c.Plans[0].Machines = []string{"m01"} },
		"the source port is block there":      func(c *Config) { c.SourcePort = Fixed },
		"the deadline":                        func(c *Config) { c.Deadline = 7 },
		"observations is all there":           func(c *Config) { c.Observations = ObserveNone },
		"keeping raw packets is false there":  func(c *Config) { c.Keep = KeepRaw },
	} {
		other := testConfig(t, dir, backend{})
		change(&other)
		_, err := Collect(context.Background(), other)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "manifest.json")
		require.NotContains(t, err.Error(), "\n")
	}
	requireSame(t, before, data(t, dir))
	report, err := Collect(context.Background(), cfg)
	require.NoError(t, err)
	require.EqualValues(t, 4*(240+9), report.Total.Exchanges)
}

func TestCollectNamesAFileThatIsNotSound(t *testing.T) {
	cfg := testConfig(t, t.TempDir(), backend{})
	_, err := Collect(context.Background(), cfg)
	require.NoError(t, err)
	path := datasets.SummaryPath(cfg.Dir, "random", "m02")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, whole[:len(whole)/2], 0o666))
	_, err = Collect(context.Background(), cfg)
	require.ErrorContains(t, err, path)
	other, err := os.ReadFile(datasets.SummaryPath(cfg.Dir, "random", "m01"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, other, 0o666))
	_, err = Collect(context.Background(), cfg)
	require.ErrorContains(t, err, "not the summaries of 40 probes of plan random to machine m02")
}

func TestOnlyOneCollectorWorksInAFolder(t *testing.T) {
	dir := t.TempDir()
	release, err := lockRun(dir)
	require.NoError(t, err)
	_, err = Collect(context.Background(), testConfig(t, dir, backend{}))
	require.ErrorContains(t, err, fmt.Sprintf("another collector (process %d)", os.Getpid()))
	release()
	// What a dead collector left keeps nobody out.
	require.NoError(t, os.WriteFile(filepath.Join(dir, lockName), []byte("process 1\n"), 0o666))
	_, err = Collect(context.Background(), testConfig(t, dir, backend{}))
	require.NoError(t, err)
}

func TestBadConfigurations(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"run folder":               func(c *Config) { c.Dir = "" },
		"want a pool":              func(c *Config) { c.Pool = nil },
		"want a plan":              func(c *Config) { c.Plans = nil },
		`no backend "test"`:        func(c *Config) { c.Backends = nil },
		"want a name":              func(c *Config) { c.Plans[0].Name = "" },
		"two plans are called":     func(c *Config) { c.Plans[0].Name = "ordered" },
		"want a probe set":         func(c *Config) { c.Plans[0].Set = nil },
		"repeats: want 1 to 65535": func(c *Config) { c.Plans[0].Repeats = -1 },
		"pace: want 0 or more":     func(c *Config) { c.Plans[0].Pace = -1 },
		"invalid order":            func(c *Config) { c.Plans[0].Order = 7 },
		`no machine "m77"`:         func(c *Config) { c.Plans[0].Machines = []string{"m77"} },
		"probe set: probes[0].id":  func(c *Config) { c.Plans[1].Set.Probes[0].ID = 3 },
	} {
		dir := filepath.Join(t.TempDir(), "run")
		cfg := testConfig(t, dir, backend{})
		change(&cfg)
		_, err := Collect(context.Background(), cfg)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "\n")
		require.NoDirExists(t, dir, "something was made")
	}
}

func TestObservationsOfASample(t *testing.T) {
	count := func(o Observations) int {
		cfg := testConfig(t, t.TempDir(), backend{})
		cfg.Plans = cfg.Plans[:1]
		cfg.Observations = o
		_, err := Collect(context.Background(), cfg)
		require.NoError(t, err)
		n := 0
		for name := range data(t, cfg.Dir) {
			if strings.HasSuffix(name, ".exchanges.parquet") {
				n++
			}
		}
		return n
	}
	require.Equal(t, 4, count(ObserveDefault))
	require.Equal(t, 4, count(ObserveAll))
	require.Equal(t, 0, count(ObserveNone))
	require.Equal(t, 2, count(2))
}

func TestProgressEndsWithEverything(t *testing.T) {
	var last Progress
	calls := 0
	cfg := testConfig(t, t.TempDir(), backend{})
	cfg.Progress = func(p Progress) { last = p; calls++ }
	_, err := Collect(context.Background(), cfg)
	require.NoError(t, err)
	require.Positive(t, calls)
	require.Equal(t, 4, last.Machines)
	require.Equal(t, 4, last.MachinesTotal)
	require.EqualValues(t, 4*(240+9), last.Exchanges)
	require.Zero(t, last.ExchangesLeft)
}

// A stack's limit shows in answers that thin out with pace: the part is made
// again more slowly, until it is below. What a link loses stays.
func TestALimitOfTheStacksIsFoundAndKeptBelow(t *testing.T) {
	for name, c := range map[string]struct {
		backend backend
		rate    float64
		missing float64
		warning string
	}{
		"no limit": {backend: backend{timeouts: true, mood: mood{delay: 100}}},
		"a limit": {backend: backend{timeouts: true, mood: mood{delay: 100, limit: 60, noFence: true}}, rate: 1e6 / thinPace / thinSlower,
			warning: "limits its answers"},
		"a lossy link": {backend: backend{timeouts: true, loss: 50, mood: mood{delay: 100}}, missing: 0.06,
			rate: 1e6 / thinPace, warning: "lost or limited"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t, t.TempDir(), c.backend)
			cfg.Pool, cfg.Plans = testPool(1), []Plan{{Name: "random", Set: mixedSet(300)}}
			r, err := Collect(context.Background(), cfg)
			require.NoError(t, err)
			m := r.Machines[0]
			require.Equal(t, c.rate, m.Rate)
			if c.warning == "" {
				require.Empty(t, r.Warnings)
			} else {
				require.Len(t, r.Warnings, 1)
				require.Contains(t, r.Warnings[0], c.warning)
			}
			require.InDelta(t, 1200, m.Answered, 1200*c.missing+thinShare*1200)
			manifest, err := datasets.ReadManifest(cfg.Dir)
			require.NoError(t, err)
			require.Equal(t, m.Rate, manifest.Parts[0].Rate)
			again, err := Collect(context.Background(), cfg)
			require.NoError(t, err)
			require.Equal(t, m, again.Machines[0], "a rate that was found outlives the start that found it")
		})
	}
}
