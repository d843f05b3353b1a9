package experiments_test

import (
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
