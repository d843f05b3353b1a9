package nmap4_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/nmap4"
)

func matcher(t testing.TB, text string, d nmap4.Dialect) *nmap4.Matcher {
	m, err := nmap4.NewMatcher(read(t, text), d)
	require.NoError(t, err)
	return m
}

// describe prints matches as "name line:percent".
func describe(list []nmap4.Match) string {
	var b strings.Builder
	for _, m := range list {
		fmt.Fprintf(&b, "%s %d:%d ", m.Reference.Name, m.Reference.Line, m.Percent())
	}
	return strings.TrimSpace(b.String())
}

// TestMatch's scores are worked by hand from small's points.
func TestMatch(t *testing.T) {
	for _, c := range []struct {
		name, subject string
		old, current  string
		scores        []string // current, as matched/possible
	}{
		{"everything of one",
			"SEQ(SP=105%TI=Z)OPS(O1=M5B4)T1(R=Y%DF=Y%T=40)T2(R=N)",
			// SEQ 125, OPS 20, T1 135, T2 80; the third has T1 and T2 alone.
			"Anvil 1 9:100", "Anvil 1 9:100",
			[]string{"360/360", "195/360", "215/215", "0/180"}},
		{"the prefix rule of 7.93",
			// The first Anvil 1 loses OPS in current alone: 340/360 = 0.944.
			"SEQ(SP=105%TI=Z)OPS(O1=M5B4NNT11)T1(R=Y%DF=Y%T=40)T2(R=N)",
			"Anvil 1 9:100", "Anvil 1 26:100",
			[]string{"340/360", "215/360", "215/215", "0/180"}},
		{"best reference of a name",
			// The first loses SP (25): 340/360; the second loses nothing.
			"SEQ(SP=10B%TI=Z)OPS(O1=M400)T1(R=Y%DF=Y%T=40)T2(R=N)",
			"Anvil 1 26:100", "Anvil 1 26:100",
			[]string{"335/360", "195/360", "215/215", "0/180"}},
		{"below the cut",
			// 180 of 215 is 0.837, 200 is 0.930.
			"T1(R=Y%DF=N%T=50)T2(R=N)",
			"Anvil 2 18:93", "Anvil 2 18:93",
			[]string{"180/215", "200/215", "180/215", "0/180"}},
		{"points of nothing", "SEQ(R=N)", "", "", []string{"0/0", "0/0", "0/0", "0/0"}},
		{"points of two tests", "T1(R=N)T2(R=Y%DF=Y%W=10)", "Far 32:100", "Far 32:100", []string{"0/180", "0/180", "0/180", "205/205"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := parse(t, c.subject)
			old, current := matcher(t, small, nmap4.Dialect793), matcher(t, small, nmap4.DialectCurrent)
			require.Equal(t, c.old, describe(old.Match(f)))
			require.Equal(t, c.current, describe(current.Match(f)))
			for i := range current.Database().References {
				e, err := current.Explain(f, &current.Database().References[i])
				require.NoError(t, err)
				require.Equal(t, c.scores[i], fmt.Sprintf("%d/%d", e.Matched, e.Possible), "reference %d", i)
			}
			requirePlain(t, old, f)
			requirePlain(t, current, f)
		})
	}
}

// references makes a database of references named p0, p1, …, each T1(R=Y)
// with as much more as more says.
func references(points string, n int, more func(i int) string) string {
	var b strings.Builder
	b.WriteString("MatchPoints\n" + points + "\n\n")
	for i := range n {
		fmt.Fprintf(&b, "Fingerprint p%d\nT1(R=Y)\n%s\n\n", i, strings.TrimSpace(more(i)))
	}
	return b.String()
}

// TestLimits' cases were asked of Nmap 7.93 in the same form: see
// match_root_test.go.
func TestLimits(t *testing.T) {
	f := parse(t, "T1(R=Y)T2(R=N)T3(R=N)T4(R=N)")
	for _, c := range []struct {
		name           string
		db             string
		kept, printed  int
		first, percent int
	}{
		{"perfect ones are printed all", references("T1(R=90)\nT2(R=6)", 36, func(int) string { return "" }), 36, 36, 0, 100},
		{"no more than 36 are kept", references("T1(R=90)\nT2(R=6)", 50, func(int) string { return "" }), 36, 36, 0, 100},
		{"ten are printed", references("T1(R=90)\nT2(R=6)", 50, func(int) string { return "T2(R=Y)" }), 36, 10, 0, 93},
		{"0.85 is kept", references("T1(R=85)\nT2(R=15)", 1, func(int) string { return "T2(R=Y)" }), 1, 1, 0, 85},
		{"0.849 is not", references("T1(R=849)\nT2(R=151)", 1, func(int) string { return "T2(R=Y)" }), 0, 0, 0, 0},
		{"0.09 below the best is printed", references("T1(R=87)\nT2(R=4)\nT3(R=9)", 2, func(i int) string { return "T2(R=Y)\nT3(R=" + "NY"[i:i+1] + ")" }), 2, 2, 0, 96},
		{"0.10 is not", references("T1(R=86)\nT2(R=4)\nT3(R=10)", 2, func(i int) string { return "T2(R=Y)\nT3(R=" + "NY"[i:i+1] + ")" }), 2, 1, 0, 96},
		{"the last may be the best", references("T1(R=90)\nT2(R=6)", 50, func(i int) string {
			if i == 49 {
				return ""
			}
			return "T2(R=Y)"
		}), 36, 1, 49, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := matcher(t, c.db, nmap4.Dialect793)
			list := m.Match(f)
			require.Len(t, list, c.kept)
			require.Len(t, nmap4.Printed(list), c.printed)
			if c.kept > 0 {
				require.Equal(t, fmt.Sprintf("p%d", c.first), list[0].Reference.Name)
				require.Equal(t, c.percent, list[0].Percent())
			}
			requirePlain(t, m, f)
		})
	}
}

func TestMatchMerged(t *testing.T) {
	m := matcher(t, small, nmap4.Dialect793)
	f := parse(t, "T1(R=N)T1(R=Y)T2(R=Y%W=10)")
	require.Equal(t, "Far 32:100", describe(m.Match(f)))
	requirePlain(t, m, f)
}

func TestMatcherErrors(t *testing.T) {
	_, err := nmap4.NewMatcher(read(t, small), nmap4.Dialect(0))
	require.ErrorContains(t, err, "no such dialect")
	db := read(t, small)
	db.References[1].Tests[0].Attrs[0].Value = "9-1"
	_, err = nmap4.NewMatcher(db, nmap4.Dialect793)
	require.EqualError(t, err, `reference "Anvil 2" of line 18: SEQ: SP=9-1: range 9-1 is upside down`)
	empty, err := nmap4.NewMatcher(&nmap4.Database{}, nmap4.Dialect793)
	require.NoError(t, err)
	require.Empty(t, empty.Match(parse(t, subject)))
}

// TestMatchConcurrently runs one matcher from many goroutines.
func TestMatchConcurrently(t *testing.T) {
	m := matcher(t, small, nmap4.Dialect793)
	f := parse(t, "SEQ(SP=105%TI=Z)OPS(O1=M5B4)T1(R=Y%DF=Y%T=40)T2(R=N)")
	for range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for range 100 {
				require.Equal(t, "Anvil 1 9:100", describe(m.Match(f)))
			}
		})
	}
}
