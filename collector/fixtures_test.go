package collector

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tickle/collector/pool"
	"tickle/datasets"
	"tickle/probegen"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testPool has n machines, whose answers differ by seed only.
func testPool(n int) *pool.Pool {
	p := &pool.Pool{Name: "test"}
	for i := range n {
		p.Machines = append(p.Machines, pool.Machine{Name: fmt.Sprintf("m%02d", i), Backend: "test", Image: fmt.Sprintf("image%d", i/2),
			Ports: pool.Ports{Open: 22, Closed: 1, UDP: 40125}})
	}
	return p
}

func randomSet(t testing.TB, n int) *probegen.Set {
	t.Helper()
	s, err := probegen.Generate("random", probegen.Config{N: n, Seed: 7})
	require.NoError(t, err)
	return s
}

// setOf makes a set of the given probes.
func setOf(probes ...[]probegen.Step) *probegen.Set {
	s := &probegen.Set{Header: probegen.Header{Format: "tickle-probes/1", Family: "test", Version: 1, N: len(probes)}}
	for i, steps := range probes {
		s.Probes = append(s.Probes, probegen.Probe{ID: i, Steps: steps})
	}
	return s
}

func tcpStep(port probegen.PortClass, flags uint8, seq uint32) probegen.Step {
	return probegen.Step{Packet: &probegen.Packet{Port: port, IP: probegen.IPv4{TTL: 64, ID: 77, DF: true},
		TCP: &probegen.TCP{Flags: flags, Seq: seq, Window: 1000}}}
}

func icmpStep(rest uint32) probegen.Step {
	return probegen.Step{Packet: &probegen.Packet{Port: probegen.NoPort, IP: probegen.IPv4{TTL: 64},
		ICMP: &probegen.ICMP{Type: 8, Rest: rest}, Payload: probegen.Hex("hello")}}
}

func udpStep() probegen.Step {
	return probegen.Step{Packet: &probegen.Packet{Port: probegen.ClosedUDP, IP: probegen.IPv4{TTL: 64, ID: 0x1234},
		UDP: &probegen.UDP{}, Payload: probegen.Hex("hello")}}
}

// testConfig is a run of a random and an ordered plan.
func testConfig(t testing.TB, dir string, b backend) Config {
	ordered := setOf([]probegen.Step{tcpStep(probegen.OpenTCP, probegen.SYN, 100)}, []probegen.Step{icmpStep(5)}, []probegen.Step{udpStep()})
	return Config{Dir: dir, Pool: testPool(4), Backends: map[string]pool.Backend{"test": b}, Seed: 3, files: quickDisk(), Plans: []Plan{
		{Name: "random", Set: randomSet(t, 40)},
		{Name: "ordered", Set: ordered, Order: Ordered, Repeats: 3},
	}}
}

// data reads all files of a run that must be the same for the same seed.
func data(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Dir(path) == dir {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = string(b)
		return err
	}))
	return files
}

// requireSame compares two runs without printing megabytes.
func requireSame(t testing.TB, want, got map[string]string) {
	t.Helper()
	for name := range got {
		require.Contains(t, want, name, "a file too many")
	}
	for name, b := range want {
		require.Contains(t, got, name)
		require.True(t, b == got[name], "%s differs", name)
	}
}

func summaries(t testing.TB, dir, plan, machine string) ([]datasets.Summary, *datasets.Interner) {
	t.Helper()
	f, err := datasets.OpenSummary(datasets.SummaryPath(dir, plan, machine))
	require.NoError(t, err)
	defer f.Close()
	texts := new(datasets.Interner)
	var all []datasets.Summary
	for g := range f.Groups() {
		s, err := f.Read(g, texts)
		require.NoError(t, err)
		all = append(all, s...)
	}
	return all, texts
}

func field(s *datasets.Summary, f datasets.FieldID) datasets.FieldSummary { return s.Fields[f] }
