package nmap4_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/nmap4"
)

// installed is where Debian puts the database of the package nmap-common.
const installed = "/usr/share/nmap/nmap-os-db"

// readInstalled reads the user's copy of nmap-os-db, and skips t where there
// is none.
func readInstalled(t testing.TB) *nmap4.Database {
	f, err := os.Open(installed)
	if err != nil {
		t.Skipf("no %s: install Debian's nmap-common to run this: %v", installed, err)
	}
	defer f.Close()
	db, err := nmap4.ReadDatabase(f, installed)
	require.NoError(t, err)
	return db
}

// TestInstalledDatabase holds the reader and the writer against the whole of
// Nmap's file; the counts are of 7.93's, from grep -c '^Fingerprint' and
// '^Class'.
func TestInstalledDatabase(t *testing.T) {
	db := readInstalled(t)
	if b, _ := os.ReadFile(installed); bytes.Contains(b, []byte("nmap-os-db 38353 ")) {
		classes := 0
		for i := range db.References {
			classes += len(db.References[i].Classes)
		}
		require.Equal(t, 5678, len(db.References))
		require.Equal(t, 6551, classes)
	}
	var b bytes.Buffer
	require.NoError(t, db.Write(&b))
	again, err := nmap4.ReadDatabase(&b, "again")
	require.NoError(t, err)
	require.Equal(t, withoutLines(db), withoutLines(again))
}

func withoutLines(db *nmap4.Database) []nmap4.Reference {
	list := slices.Clone(db.References)
	for i := range list {
		list[i].Line = 0
	}
	return list
}

// draw makes subjects of references: of each expression the first alternative
// that is a value, or a bound of its range.
func draw(db *nmap4.Database, n int, seed uint64) []*nmap4.Fingerprint {
	rng := rand.New(rand.NewPCG(seed, 4))
	list := make([]*nmap4.Fingerprint, n)
	for i := range list {
		r := &db.References[rng.IntN(len(db.References))]
		f := &nmap4.Fingerprint{}
		for _, test := range r.Tests {
			seen := nmap4.Test{Name: test.Name}
			for _, a := range test.Attrs {
				alts := strings.Split(a.Value, "|")
				v := alts[rng.IntN(len(alts))]
				if lo, _, ok := strings.Cut(v, "-"); ok {
					v = lo
				}
				seen.Attrs = append(seen.Attrs, nmap4.Attr{Name: a.Name, Value: strings.Trim(v, "<>")})
			}
			f.Tests = append(f.Tests, seen)
		}
		list[i] = f
	}
	return list
}

// TestMatchIsThePlainWay compares the index with every reference, one by one.
func TestMatchIsThePlainWay(t *testing.T) {
	db := readInstalled(t)
	for _, d := range []nmap4.Dialect{nmap4.Dialect793, nmap4.DialectCurrent} {
		m, err := nmap4.NewMatcher(db, d)
		require.NoError(t, err)
		for _, f := range draw(db, 5, 1) {
			requirePlain(t, m, f)
		}
	}
}

// requirePlain holds Match and Scores to Explain.
func requirePlain(t *testing.T, m *nmap4.Matcher, f *nmap4.Fingerprint) {
	db := m.Database()
	scores := m.Scores(f)
	var want []nmap4.Match
	for i := range db.References {
		e, err := m.Explain(f, &db.References[i])
		require.NoError(t, err)
		require.Equal(t, e.Accuracy(), scores[i])
		if e.Accuracy() >= nmap4.MinAccuracy {
			want = append(want, nmap4.Match{Reference: &db.References[i], Accuracy: e.Accuracy()})
		}
	}
	require.Equal(t, plainOrder(want), m.Match(f))
}

// plainOrder is the order, the one entry a name and the limit, step by step.
func plainOrder(all []nmap4.Match) []nmap4.Match {
	list := []nmap4.Match{}
	for len(all) > 0 && len(list) < nmap4.MaxMatches {
		best := 0
		for i := range all {
			if all[i].Accuracy > all[best].Accuracy {
				best = i
			}
		}
		top := all[best]
		list = append(list, top)
		all = slices.DeleteFunc(all, func(m nmap4.Match) bool { return m.Reference.Name == top.Reference.Name })
	}
	return list
}
