package nmap4_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/nmap4"
)

// small is a database of our own. Every subject below has hand-worked scores.
const small = `# a database of our own
MatchPoints
SEQ(SP=25%TI=100)
OPS(O1=20)
T1(R=100%DF=20%T=15)
T2(R=80%W=25)

# first
Fingerprint Anvil 1
Class Acme | Anvil | 1.X | general purpose
CPE cpe:/o:acme:anvil:1
CPE cpe:/o:acme:anvil:1.1 auto
SEQ(SP=100-10A%TI=Z|I)
OPS(O1=M5B4|M400)
T1(R=Y%DF=Y%T=3B-45)
T2(R=N)

Fingerprint Anvil 2
Class Acme | Anvil | 2.X | general purpose
Class Bolt | embedded || router
SEQ(SP=<50%TI=I)
OPS(O1=M5B4NNT11)
T1(R=Y%DF=N%T=3B-45)
T2(R=N)

Fingerprint Anvil 1
Class Acme | Anvil | 1.X | general purpose
SEQ(R=N)
T1(R=Y%DF=Y%T=3B-45)
T2(R=N)

Fingerprint Far
Class Acme | Far || printer
T1(R=N)
T2(R=Y%W=10)
`

func read(t testing.TB, text string) *nmap4.Database {
	db, err := nmap4.ReadDatabase(strings.NewReader(text), "D")
	require.NoError(t, err)
	return db
}

func TestReadDatabase(t *testing.T) {
	db := read(t, small)
	require.Len(t, db.References, 4)
	r := &db.References[1]
	require.Equal(t, 18, r.Line)
	require.Equal(t, []nmap4.Class{
		{Vendor: "Acme", Family: "Anvil", Generation: "2.X", Type: "general purpose"},
		{Vendor: "Bolt", Family: "embedded", Type: "router"},
	}, r.Classes)
	require.Equal(t, []string{"cpe:/o:acme:anvil:1", "cpe:/o:acme:anvil:1.1 auto"}, db.References[0].Classes[0].CPEs)
	v, ok := r.Test("SEQ").Get("SP")
	require.True(t, ok)
	require.Equal(t, "<50", v)
	n, ok := db.Points.Get("T2", "W")
	require.True(t, ok)
	require.Equal(t, 25, n)
	_, ok = db.Points.Get("SEQ", "R")
	require.False(t, ok)
}

func TestWriteIsReadBackwards(t *testing.T) {
	db := read(t, small)
	var b bytes.Buffer
	require.NoError(t, db.Write(&b))
	again := read(t, b.String())
	require.Equal(t, withoutLines(db), withoutLines(again))
	require.Equal(t, db.Points.Tests, again.Points.Tests)
	var c bytes.Buffer
	require.NoError(t, again.Write(&c))
	require.Equal(t, b.String(), c.String())
}

func TestWriteErrors(t *testing.T) {
	tests := []nmap4.Test{{Name: "T2", Attrs: []nmap4.Attr{{Name: "R", Value: "N"}}}}
	for want, r := range map[string]nmap4.Reference{
		`reference "": text "": want one line`:                 {Tests: tests},
		`text "a\nb": want one line`:                           {Name: "a\nb", Tests: tests},
		`class part "x|y": want no '|'`:                        {Name: "a", Tests: tests, Classes: []nmap4.Class{{Vendor: "x|y", Family: "f", Type: "t"}}},
		"want a vendor, a family and a device type":            {Name: "a", Tests: tests, Classes: []nmap4.Class{{Vendor: "x"}}},
		`text " c": want one line without spaces around it`:    {Name: "a", Tests: tests, Classes: []nmap4.Class{{Vendor: "x", Family: "f", Type: "t", CPEs: []string{" c"}}}},
		`reference "a": no tests`:                              {Name: "a"},
		`reference "a": T2: R=1-: 1-: want a bound as >A or a`: {Name: "a", Tests: []nmap4.Test{{Name: "T2", Attrs: []nmap4.Attr{{Name: "R", Value: "1-"}}}}},
		`reference "a": unknown test T9`:                       {Name: "a", Tests: []nmap4.Test{{Name: "T9"}}},
	} {
		db := &nmap4.Database{References: []nmap4.Reference{r}}
		require.ErrorContains(t, db.Write(&bytes.Buffer{}), want)
	}
}

func TestReadDatabaseErrors(t *testing.T) {
	edit := func(old, by string) string {
		require.Contains(t, small, old)
		return strings.Replace(small, old, by, 1)
	}
	for _, c := range []struct{ text, want string }{
		{"", "D:0: no MatchPoints: want a database in the form of nmap-os-db"},
		{"hello", `D:1: "hello": want MatchPoints, Fingerprint, Class, CPE or a test`},
		{"SEQ(SP=1)", "D:1: a test before MatchPoints and Fingerprint"},
		{"Fingerprint x", "D:1: Fingerprint before MatchPoints"},
		{"Class a|b|c|d", "D:1: Class before Fingerprint"},
		{"MatchPoints\n", "D:1: MatchPoints without tests"},
		{"MatchPoints\nMatchPoints\n", "D:2: a second MatchPoints: the first is on line 1"},
		{"MatchPoints\nT1(R=x)\n", "D:2: MatchPoints: T1: R=x: want points, a whole number from 0"},
		{"MatchPoints\nT1(R=-1)\n", "want points"},
		{"MatchPoints\nT1(R=9999999999)\n", "want points"},
		{"MatchPoints\nT1(R=1)\nT1(R=1)\n", "D:3: test T1 is there twice"},
		{edit("Fingerprint Anvil 2", "Fingerprint"), "D:18: Fingerprint without a name"},
		{edit("Class Bolt | embedded || router", "Class Bolt | embedded"), `D:20: class "Bolt | embedded": want vendor | family | generation | device type`},
		{edit("Class Bolt | embedded || router", "Class | embedded || router"), "D:20: class"},
		{edit("CPE cpe:/o:acme:anvil:1\n", "CPE\n"), "D:11: CPE without a name"},
		{edit("Class Acme | Anvil | 1.X | general purpose\n", ""), "D:10: CPE before Class"},
		{edit("T2(R=N)", "T2(R=N"), "D:16: T2(R=N: want a test as SEQ"},
		{edit("T2(R=N)", "T9(R=N)"), "D:16: unknown test T9"},
		{edit("T2(R=N)", "T3(R=N)"), "D:16: test T3: MatchPoints (line 2) gives it no points"},
		{edit("T2(R=N)", "T2(X=N)"), "D:16: T2: unknown attribute X"},
		{edit("T2(R=N)", "T2(R=N%R=Y)"), "D:16: T2: attribute R is there twice"},
		{edit("T2(R=N)", "T1(R=N)"), "D:16: test T1 is there twice"},
		{edit("T2(R=N)", "SCAN(R=N)"), "D:16: SCAN in a reference"},
		{edit("T=3B-45", "T=45-3B"), "D:15: T1: T=45-3B: range 45-3B is upside down"},
		{edit("T=3B-45", "T=3B-"), "D:15: T1: T=3B-: 3B-: want a bound"},
		{"MatchPoints\nT1(R=1)\nFingerprint a\nFingerprint b\n", "D:4: the reference of line 3 has no tests"},
		{"MatchPoints\nT1(R=1)\nFingerprint a\n", "D:3: the reference of line 3 has no tests"},
		{small + "# " + strings.Repeat("x", 1<<17), "line of more than 65536 bytes"},
	} {
		_, err := nmap4.ReadDatabase(strings.NewReader(c.text), "D")
		require.ErrorContains(t, err, c.want)
	}
}

// TestCutDatabase cuts the database everywhere: what is read is a beginning of
// it, or an error that names the last line.
func TestCutDatabase(t *testing.T) {
	whole := read(t, small)
	for n := range small {
		db, err := nmap4.ReadDatabase(strings.NewReader(small[:n]), "D")
		if err != nil {
			require.Regexp(t, `^D:\d+: `, err.Error())
			continue
		}
		for i := range max(0, len(db.References)-1) {
			require.Equal(t, whole.References[i], db.References[i])
		}
	}
}

func FuzzReadDatabase(f *testing.F) {
	f.Add(small)
	f.Add("MatchPoints\nT1(R=100)\nFingerprint x\nT1(R=N|)\n")
	f.Fuzz(func(t *testing.T, text string) {
		db, err := nmap4.ReadDatabase(strings.NewReader(text), "D")
		if err != nil {
			return
		}
		var b bytes.Buffer
		require.NoError(t, db.Write(&b))
		again, err := nmap4.ReadDatabase(&b, "again")
		require.NoError(t, err)
		require.Equal(t, withoutLines(db), withoutLines(again))
		for _, d := range []nmap4.Dialect{nmap4.Dialect793, nmap4.DialectCurrent} {
			m, err := nmap4.NewMatcher(db, d)
			require.NoError(t, err)
			requirePlain(t, m, parse(t, subject))
		}
	})
}
