package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/nmap4"
)

// gvisorDatabase has two references; the first is what gvisor-02 of the pool demo
// answers, but for what is random.
const gvisorDatabase = `MatchPoints
SEQ(SP=25%GCD=75%ISR=25%TI=100%CI=50%II=100%SS=80%TS=100)
ECN(R=100%DF=20%T=15%TG=15%W=15%O=15%CC=100%Q=20)
T1(R=100%DF=20%T=15%TG=15%S=20%A=20%F=30%RD=20%Q=20)

Fingerprint gVisor
Class Google | gVisor || general purpose
SEQ(TI=Z%TS=A|U)
ECN(R=Y%DF=Y%CC=N%Q=)
T1(R=Y%DF=Y%S=O%A=S+%F=AS%RD=0%Q=)

Fingerprint Silence
Class Nobody | Nothing || general purpose
SEQ(TI=RD)
T1(R=N)
`

func TestNmap4Scan(t *testing.T) {
	dir := t.TempDir()
	db := filepath.Join(dir, "db")
	require.NoError(t, os.WriteFile(db, []byte(gvisorDatabase), 0o644))
	scan := func(args ...string) string {
		return tickle(t, append([]string{"nmap4", "scan", "--quiet", "--pool", "demo"}, args...)...)
	}
	once := scan("--machine", "gvisor-02", "--db", db)
	require.Contains(t, once, "# gvisor-02, scan 1\nSCAN(V=tickle%E=4%OT=22%CT=1%CU=40125)\nSEQ(SP=")
	require.True(t, strings.HasSuffix(once, "# 100% gVisor\n"), once)
	require.Equal(t, once, scan("--machine", "gvisor-02", "--db", db), "the same seed")

	out := filepath.Join(dir, "prints")
	scan("--machine", "gvisor-02", "--machine", "windows-7-7601.17514", "--repeats", "2", "-o", out)
	f, err := os.Open(out)
	require.NoError(t, err)
	defer f.Close()
	prints, err := nmap4.ParseAll(f, out)
	require.NoError(t, err)
	require.Len(t, prints, 4)

	var result struct {
		Scans []struct {
			Machine     string
			Repeat      int
			Modelled    bool
			Fingerprint string
			Matches     []struct {
				Name     string
				Accuracy int
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(scan("--machine", "windows-7-7601.17514", "--db", db, "--json")), &result))
	require.Len(t, result.Scans, 1)
	require.True(t, result.Scans[0].Modelled)
	require.Contains(t, result.Scans[0].Fingerprint, "T1(R=Y%")

	report := scan("--machine", "gvisor-02", "--db", db, "--report")
	require.Contains(t, report, "100%  gVisor\n")
	require.Contains(t, report, "family: 1 of 1 scans named rightly, 0 of kinds that the database has not\n")
}

func TestNmap4ScanErrors(t *testing.T) {
	for want, args := range map[string][]string{
		"want either --machine NAME or --all":          {},
		`pool demo: no machine "nobody"`:               {"--machine", "nobody"},
		"--report: needs --db":                         {"--machine", "gvisor-02", "--report"},
		"--repeats 0: want 1 or more":                  {"--machine", "gvisor-02", "--repeats", "0"},
		`--dialect: dialect "8": want 7.93 or current`: {"--machine", "gvisor-02", "--dialect", "8"},
		"no such file":                                 {"--machine", "gvisor-02", "--db", "nowhere"},
	} {
		require.Contains(t, fails(t, append([]string{"nmap4", "scan"}, args...)...), want)
	}
}

func TestDatabaseClasses(t *testing.T) {
	for _, c := range []struct {
		kernel                [3]string
		families, generations []string
	}{
		{[3]string{"Linux", "Linux 2.6", "Linux 2.6.18"}, []string{"Linux"}, []string{"2.6.X"}},
		{[3]string{"Linux", "Linux 2.4", "Linux 2.4.x"}, []string{"Linux"}, []string{"2.4.X"}},
		{[3]string{"Linux", "Linux 5", "Linux 5.10"}, []string{"Linux"}, []string{"5.X"}},
		{[3]string{"BSD", "FreeBSD", "FreeBSD 12"}, []string{"FreeBSD"}, []string{"12.X"}},
		{[3]string{"Windows", "Windows NT 5", "Windows NT 5.1"}, []string{"Windows"}, []string{"XP"}},
		{[3]string{"Solaris", "SunOS 5.10", "SunOS 5.10 Generic"}, []string{"Solaris", "OpenSolaris"}, []string{"10"}},
		{[3]string{"gVisor", "gVisor netstack", "gVisor v0"}, []string{"gVisor"}, []string{"v0.X"}},
	} {
		families, generations := databaseClass(c.kernel)
		require.Equal(t, c.families, families)
		require.Equal(t, c.generations, generations)
	}
}

// TestPersonalitiesAreNamed checks the models: of each personality of sim,
// Nmap's own database names family and generation among the best matches. What
// it does not name, and why, is listed.
func TestPersonalitiesAreNamed(t *testing.T) {
	if _, err := os.Stat(nmap4Database); err != nil {
		t.Skipf("no %s: install Debian's nmap-common to run this", nmap4Database)
	}
	var report struct {
		Machines []struct {
			Machine            string
			Family, Generation standing
			Best               []scanMatch
		}
	}
	out := tickle(t, "nmap4", "scan", "--quiet", "--pool", "personalities", "--all", "--db", nmap4Database, "--report", "--json")
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.GreaterOrEqual(t, len(report.Machines), 69)
	otherwise := map[string]string{
		"netbsd-5": "NetBSD 7.99 is printed alike, with other bounds for SP",
	}
	for _, m := range report.Machines {
		require.Equal(t, namedRight, m.Family, "%s: %v", m.Machine, m.Best)
		require.GreaterOrEqual(t, m.Best[0].Accuracy, 95, m.Machine)
		if otherwise[m.Machine] == "" {
			require.NotEqual(t, namedWrong, m.Generation, "%s: %v", m.Machine, m.Best)
		}
	}
}
