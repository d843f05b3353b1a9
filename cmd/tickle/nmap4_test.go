package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ownDatabase is a database of our own in the form of nmap-os-db.
const ownDatabase = `MatchPoints
SEQ(SP=25%TI=100)
T1(R=100%DF=20%T=15)
T2(R=80%W=25)

Fingerprint Anvil 1
Class Acme | Anvil | 1.X | general purpose
SEQ(SP=100-10A%TI=Z|I)
T1(R=Y%DF=Y%T=3B-45)
T2(R=N)

Fingerprint Anvil 2
Class Acme | Anvil | 2.X | general purpose
SEQ(SP=100-10A%TI=Z|I)
T1(R=Y%DF=N%T=3B-45)
T2(R=N)
`

// 340 points are possible; with SP=10B both references lose 25, and the
// second loses DF's 20 too: 92.6 % and 86.8 %.
func TestNmap4Match(t *testing.T) {
	db := write(t, "own-os-db", ownDatabase)
	f := write(t, "f.txt", "OS:SCAN(V=7.93)SEQ(SP=10B%TI=Z)T1(R=Y%D\nOS:F=Y%T=40)T2(R=N)\n")
	require.Equal(t, "92 %  Anvil 1 (line 6)\n86 %  Anvil 2 (line 12)\n", tickle(t, "nmap4", "match", "--db", db, f))
	var answer struct {
		Matches []struct {
			Name     string
			Accuracy int
		}
	}
	require.NoError(t, json.Unmarshal([]byte(tickle(t, "nmap4", "match", "--db", db, "--json", f)), &answer))
	require.Len(t, answer.Matches, 2)
	require.Equal(t, "Anvil 2", answer.Matches[1].Name)
	require.Equal(t, 86, answer.Matches[1].Accuracy)
	text := tickle(t, "nmap4", "match", "--db", db, "--dialect", "current", "--explain", f)
	require.Contains(t, text, "315 of 340 points")
	require.Regexp(t, `−25 +SEQ\.SP +expected 100-10A +seen 10B`, text)
	require.Regexp(t, `−20 +T1\.DF +expected N +seen Y`, text)
	require.Equal(t, "no match of 85 % or more\n", tickle(t, "nmap4", "match", "--db", db, write(t, "g.txt", "T1(R=N)\n")))
}

func TestNmap4BadInput(t *testing.T) {
	db := write(t, "own-os-db", ownDatabase)
	f := write(t, "f.txt", "T2(R=N)\n")
	cut := write(t, "cut-os-db", ownDatabase[:len(ownDatabase)-3])
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--db", cut, f}, "cut-os-db:16: T2(R=: want a test"},
		{[]string{"--db", "none", f}, "--db: open none: no such file or directory: want Nmap's nmap-os-db"},
		{[]string{"--db", db, "none"}, "open none"},
		{[]string{"--db", db, db}, "own-os-db:1: MatchPoints"},
		{[]string{"--db", db, "--dialect", "8", f}, `--dialect: dialect "8": want 7.93 or current`},
		{[]string{"--db", db}, "want FINGERPRINT, have none"},
	} {
		line := fails(t, append([]string{"nmap4", "match"}, c.args...)...)
		require.Contains(t, line, c.want)
		require.NotContains(t, strings.TrimSpace(line), "\n")
	}
}

// TestImportNmapOSDB makes a data set of a database: of four references one is
// of two systems, and two have the same tests.
func TestImportNmapOSDB(t *testing.T) {
	t.Chdir(t.TempDir())
	two := "\nFingerprint Two\nClass Acme | Anvil | 1.X | general purpose\nClass Bolt | embedded || router\nT1(R=N)\n"
	same := "\nFingerprint Anvil 2 again\nClass Acme | Anvil | 2.X | general purpose\n" + ownDatabase[strings.LastIndex(ownDatabase, "SEQ("):]
	db := write(t, "own-os-db", ownDatabase+two+same)
	for _, draws := range []string{"1", "3"} {
		tickle(t, "dataset", "import", "--quiet", "--format", "nmap-os-db", "--draws", draws, db, "-o", "osdb")
		var info struct {
			Machines, Groups int
			Features         int
			Labels           []struct {
				Level int
				Label string
			}
		}
		require.NoError(t, json.Unmarshal([]byte(tickle(t, "dataset", "info", "--json", "osdb")), &info))
		require.Equal(t, map[string]int{"1": 3, "3": 9}[draws], info.Machines)
		require.Equal(t, 2, info.Groups)
		text, _ := json.Marshal(info.Labels)
		require.Equal(t, `[{"Level":0,"Label":"Acme"},{"Level":1,"Label":"Acme Anvil"},{"Level":2,"Label":"Acme Anvil 1.X"},{"Level":2,"Label":"Acme Anvil 2.X"}]`, string(text))
	}
	table := tickle(t, "dataset", "export", "osdb", "--format", "csv")
	require.Contains(t, table, "SEQ.TI")
	require.Regexp(t, `(?m)^6\.1 Anvil 1,line 6,`, table)
	tickle(t, "dataset", "import", "--quiet", "--format", "nmap-os-db", "--label", "type", db, "-o", "types")
	require.Contains(t, fails(t, "dataset", "import", "--format", "nmap-os-db", "--label", "vendr", db, "-o", "bad"), `--label: label "vendr": want one of vendor, family, generation, type; the nearest is "vendor"`)
	require.Contains(t, fails(t, "dataset", "import", "--format", "nmap-os-db", write(t, "x", "hello\n"), "-o", "bad"), "x:1: \"hello\": want MatchPoints")
}
