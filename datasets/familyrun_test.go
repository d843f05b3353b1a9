package datasets_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
)

func TestFamilyRun(t *testing.T) {
	r, err := datasets.OpenFamilyRun("../testdata/nmap6/run", "nmap6")
	require.NoError(t, err)
	require.Equal(t, r.Plan.N, len(r.Probes.Probes))
	rows, err := r.Exchanges("gvisor-2024-20240306")
	require.NoError(t, err)
	require.Len(t, rows, r.Plan.N*r.Plan.Repeats)
	bytes := 0
	for i := range rows {
		for _, a := range rows[i].Answers {
			bytes += len(a.Bytes)
		}
	}
	require.NotZero(t, bytes)
	require.Empty(t, r.Missing("gvisor-2024-20240306"))
	require.Equal(t, "not reached", r.Missing("nobody"))
	_, err = r.Exchanges("nobody")
	require.ErrorContains(t, err, r.Path("nobody"))
}

// Runs without the plan, with several, and with other probes than the family
// has now.
func TestFamilyRunRefuses(t *testing.T) {
	for want, change := range map[string]func(*datasets.Manifest){
		"no plan of the family nmap6": func(m *datasets.Manifest) { m.Plans[0].Probes.Family = "nmap4" },
		"plans nmap6 and more are both of the family nmap6: want one": func(m *datasets.Manifest) {
			more := m.Plans[0]
			more.Name = "more"
			m.Plans = append(m.Plans, more)
		},
		"plan nmap6: its probes, of version ": func(m *datasets.Manifest) { m.Plans[0].Probes.Seed++ },
	} {
		m, err := datasets.ReadManifest("../testdata/nmap6/run")
		require.NoError(t, err)
		dir := t.TempDir()
		change(m)
		require.NoError(t, m.Write(nil, dir))
		_, err = datasets.OpenFamilyRun(dir, "nmap6")
		require.ErrorContains(t, err, datasets.ManifestPath(dir)+": "+want)
	}
}
