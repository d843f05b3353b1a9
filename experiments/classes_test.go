package experiments_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/experiments"
)

func TestClasses(t *testing.T) {
	machine := func(group string, modelled bool, kernel, distribution [3]string) datasets.Machine {
		return datasets.Machine{Name: group, Group: group, Modelled: modelled, Labels: datasets.Labels{Kernel: kernel, Distribution: distribution}}
	}
	machines := []datasets.Machine{
		machine("x", true, [3]string{"Linux", "Linux 6", "Linux 6.1"}, [3]string{"Linux", "Debian", "Debian 12"}),
		machine("x", true, [3]string{"Linux", "Linux 6", "Linux 6.1"}, [3]string{"Linux", "Debian", "Debian 12"}),
		machine("y", false, [3]string{"Linux", "Linux 5", "Linux 5.15"}, [3]string{"Linux", "Debian", "Debian 11"}),
		machine("z", false, [3]string{"BSD", "FreeBSD", "FreeBSD 14"}, [3]string{"BSD", "FreeBSD", "FreeBSD 14.1"}),
	}
	d := runData()
	d.Matrix = datasets.NewGrouper(machines).Matrix(nil)
	_, rows := rowsOf[experiments.ClassRow](t, "classes", experiments.Input{Data: d})
	k, b := "kernel", "distribution"
	require.Equal(t, []experiments.ClassRow{
		{k, 0, "Linux", "", 3, 2, 0.75, 2, 2},
		{k, 1, "Linux 6", "Linux", 2, 1, 0.5, 2, 1},
		{k, 2, "Linux 6.1", "Linux 6", 2, 1, 0.5, 2, 0},
		{k, 1, "Linux 5", "Linux", 1, 1, 0.25, 0, 1},
		{k, 2, "Linux 5.15", "Linux 5", 1, 1, 0.25, 0, 0},
		{k, 0, "BSD", "", 1, 1, 0.25, 0, 1},
		{k, 1, "FreeBSD", "BSD", 1, 1, 0.25, 0, 1},
		{k, 2, "FreeBSD 14", "FreeBSD", 1, 1, 0.25, 0, 0},
		{b, 0, "Linux", "", 3, 2, 0.75, 2, 1},
		{b, 1, "Debian", "Linux", 3, 2, 0.75, 2, 2},
		{b, 2, "Debian 12", "Debian", 2, 1, 0.5, 2, 0},
		{b, 2, "Debian 11", "Debian", 1, 1, 0.25, 0, 0},
		{b, 0, "BSD", "", 1, 1, 0.25, 0, 1},
		{b, 1, "FreeBSD", "BSD", 1, 1, 0.25, 0, 1},
		{b, 2, "FreeBSD 14.1", "FreeBSD", 1, 1, 0.25, 0, 0},
	}, rows)
	_, rows = rowsOf[experiments.ClassRow](t, "classes", experiments.Input{Data: d, Options: map[string]string{"hierarchies": "distribution"}})
	require.Len(t, rows, 7)
}

func TestMachines(t *testing.T) {
	m := func(name string, modelled bool, factors map[string]string) datasets.Machine {
		return datasets.Machine{Name: name, Group: "i-" + name, Backend: "b", Stack: "Stack " + name, Modelled: modelled, Factors: factors,
			Labels: datasets.Labels{Kernel: [3]string{"L", "L 6", "L 6.1"}, Distribution: [3]string{"L", "D", "D 12"}}}
	}
	all := []datasets.Machine{m("a", false, map[string]string{"ttl": "64", "memory": "96"}), m("b", true, nil), m("c", false, nil)}
	d := runData()
	d.Matrix = datasets.NewGrouper(all[:2]).Matrix(nil)
	dir := filepath.Join(t.TempDir(), "run")
	write := func(run, plan, pool string, parts ...datasets.Part) {
		require.NoError(t, os.MkdirAll(run, 0o755))
		man := datasets.Manifest{Format: datasets.RunFormat, Pool: pool, Machines: all, Plans: []datasets.Plan{{Name: plan, N: 1, Repeats: 6}}, Parts: parts}
		require.NoError(t, man.Write(nil, run))
	}
	write(dir, "random", d.Origin.Pool, datasets.Part{Plan: "random", Machine: "a", Ended: []string{"a panic", "another"}}, datasets.Part{Plan: "random", Machine: "c", Missing: "it is broken"})
	reboots := datasets.Counts{Reboots: 5, RebootsByChance: 3.25, RebootCauses: map[string]int64{"value of tcp.window": 3, "other answers": 2}}
	write(dir+"-dialogue", "dialogue", d.Origin.Pool, datasets.Part{Plan: "dialogue", Machine: "c", Missing: "link closed"},
		datasets.Part{Plan: "dialogue", Machine: "a", Counts: reboots})
	write(dir+"-other", "other", "another pool", datasets.Part{Plan: "other", Machine: "a", Missing: "not ours"})
	_, rows := rowsOf[experiments.MachineRow](t, "machines", experiments.Input{Data: d, Run: dir})
	require.Equal(t, []experiments.MachineRow{
		{"a", "Stack a", "real", "L 6.1", "D 12", "memory 96, ttl 64", "", "random: a panic; random: another",
			"dialogue: 5 (3.2 by chance): other answers 2, value of tcp.window 3", "i-a", "b"},
		{"b", "Stack b", "modelled", "L 6.1", "D 12", "", "", "", "", "i-b", "b"},
		{"c", "Stack c", "real", "L 6.1", "D 12", "", "random: it is broken; dialogue: link closed", "", "", "i-c", "b"},
	}, rows)
	_, rows = rowsOf[experiments.MachineRow](t, "machines", experiments.Input{Data: d})
	require.Len(t, rows, 2, "those of the data")
}

func TestSources(t *testing.T) {
	d, _ := pairData(4, 3)
	r, rows := rowsOf[experiments.SourceRow](t, "sources", experiments.Input{Data: d})
	require.Len(t, rows, datasets.NumFields)
	require.Empty(t, r.Warnings)
	prone, vetted := rows[datasets.TCPWindow], rows[datasets.IPFlags]
	require.NotEmpty(t, prone.Reason)
	prone.Reason, vetted.Reason = "", ""
	require.Equal(t, experiments.SourceRow{Field: "tcp.window", OS: "×", Config: "×", Application: "×", Hardware: "×", Network: "·", State: "·", Set: "prone", Paper: "yes", Columns: 3}, prone)
	require.Equal(t, experiments.SourceRow{Field: "ip.flags", OS: "×", Config: "·", Application: "·", Network: "·", Set: "vetted", Paper: "yes", Columns: 3, Constant: 1}, vetted)
	require.Equal(t, "prone", rows[datasets.IPChecksum].Set)
	require.Zero(t, rows[datasets.ICMPType].Columns)

	own := datasets.DefaultSources()
	own[datasets.IPFlags][datasets.SourceNetwork] = datasets.Likely
	own[datasets.IPChecksum] = [datasets.NumSources]datasets.Influence{datasets.SourceOS: datasets.Likely}
	d.Sources = own
	r, rows = rowsOf[experiments.SourceRow](t, "sources", experiments.Input{Data: d})
	require.Equal(t, []experiments.Warning{{Code: experiments.WarnOwnSources, Text: "sources given with the data set differ from the catalogue's: ip.flags, ip.checksum"}}, r.Warnings)
	require.Equal(t, "prone", rows[datasets.IPFlags].Set)
	require.Equal(t, "prone", rows[datasets.IPChecksum].Set, "whatever a user's sources say")
	require.Contains(t, rows[datasets.IPFlags].Reason, "Given with the data set.")
}

// TestVettedFieldsAreTheDataSets holds the experiments' vetted set to that of
// package datasets.
func TestVettedFieldsAreTheDataSets(t *testing.T) {
	ds := dataset(datasets.FilterAll)
	want, err := ds.Fields(datasets.Vetted)
	require.NoError(t, err)
	require.Equal(t, want, experiments.Of("x", ds).VettedFields())
}
