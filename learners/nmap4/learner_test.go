package nmap4_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/nmap4"
)

func TestNewReference(t *testing.T) {
	one := parse(t, "SEQ(SP=100%GCD=1%ISR=3%TI=Z)OPS(O1=M5B4)T1(R=Y%T=40%TG=40)T2(R=N)")
	two := parse(t, "SEQ(SP=FB%GCD=2%ISR=3%II=I)OPS(O1=M5B4ST11)T1(R=Y%T=40%TG=40)T2(R=Y%Q=)")
	three := parse(t, "SEQ(SP=104%GCD=1%ISR=3%TI=Z)T1(R=Y%T=40%TG=40)T2(R=Y%Q=R)")
	for _, c := range []struct {
		scans []*nmap4.Fingerprint
		widen uint64
		want  string
	}{
		{[]*nmap4.Fingerprint{one}, nmap4.OneScan, "SEQ(SP=FB-105%GCD=1%ISR=0-8%TI=Z) OPS(O1=M5B4) T1(R=Y%T=3B-45%TG=40) T2(R=N) "},
		{[]*nmap4.Fingerprint{three, one}, 3, "SEQ(SP=FD-107%GCD=1%ISR=0-6%TI=Z) OPS(O1=M5B4) T1(R=Y%T=3D-43%TG=40) T2(R=N|Y%Q=R) "},
		{[]*nmap4.Fingerprint{one, two, three}, 0, "SEQ(SP=FB-104%GCD=1|2%ISR=3%TI=Z%II=I) OPS(O1=M5B4ST11|M5B4) T1(R=Y%T=40%TG=40) T2(R=N|Y%Q=R|) "},
	} {
		r := nmap4.NewReference("m", c.scans, c.widen)
		text := ""
		for i := range r.Tests {
			text += r.Tests[i].String() + " "
		}
		require.Equal(t, c.want, text)
		// A machine is a perfect match of its own record.
		for _, d := range []nmap4.Dialect{nmap4.Dialect793, nmap4.DialectCurrent} {
			m, err := nmap4.NewMatcher(&nmap4.Database{Points: nmap4.DefaultPoints(), References: []nmap4.Reference{r}}, d)
			require.NoError(t, err)
			for _, f := range c.scans {
				require.Equal(t, "m 0:100", describe(m.Match(f)))
			}
		}
	}
}

// TestDefaultPoints holds them to the user's copy.
func TestDefaultPoints(t *testing.T) {
	db, points := readInstalled(t), nmap4.DefaultPoints()
	require.Equal(t, db.Points.Tests, points.Tests)
}

// fit trains on the first rows of scans, whose classes are given by letters.
func fit(t *testing.T, l learners.Learner, rows []string, classes string, train int) learners.Model {
	scans := make([][]*nmap4.Fingerprint, len(rows))
	machines := make([]datasets.Machine, len(rows))
	labels := make([]int32, len(rows))
	for i, text := range rows {
		if text != "" {
			scans[i] = []*nmap4.Fingerprint{parse(t, text)}
		}
		machines[i].Name = fmt.Sprint("m", i)
		labels[i] = int32(classes[i] - 'a')
	}
	bound := nmap4.NewRows(scans)
	m := datasets.NewGrouper(machines).Matrix(nil)
	var training []int32
	for i := range train {
		training = append(training, int32(i))
	}
	model, err := l.(*nmap4.Learner).Bind(bound).Fit(context.Background(), &learners.Train{
		Data: m.Select(func(int) bool { return true }), Rows: training, Labels: labels, Classes: []string{"a", "b", "c"},
	})
	require.NoError(t, err)
	return model
}

func configure(t *testing.T, spec string) learners.Learner {
	list, err := learners.NewRegistry(nmap4.Entry()).Parse(spec)
	require.NoError(t, err)
	return list[0].Learner
}

// Points: T1.R 100, T1.S 20, T1.A 20, T1.F 30, T2.R 80.
func TestLearner(t *testing.T) {
	rows := []string{
		"T1(R=Y%S=O%A=S+%F=AS)T2(R=N)", // a
		"T1(R=Y%S=O%A=S+%F=AS)T2(R=N)", // b
		"T1(R=Y%S=O%A=S+%F=AS)T2(R=N)", // b
		"T1(R=Y%S=A%A=S+%F=AS)T2(R=N)", // c
		"",                             // c
		"T1(R=Y%S=O%A=S+%F=AS)T2(R=N)", // tested from here on
		"T1(R=Y%S=A%A=S+%F=AS)T2(R=N)",
		"T1(R=N)T2(R=N)", // 80 of 180: resembles none
		"",
		"T1(R=Y%S=A%A=O%F=AS)T2(R=N)", // c: 230 of 250
	}
	model := fit(t, configure(t, "nmap4"), rows, "abbccaaaaa", 5)
	strict := fit(t, configure(t, "nmap4:policy=strict"), rows, "abbccaaaaa", 5)
	for _, c := range []struct {
		row          int32
		guess, exact int32
		scores       []float64
	}{
		{5, 1, learners.Abstain, []float64{1, 1, 230. / 250}},
		{6, 2, 2, []float64{230. / 250, 230. / 250, 1}},
		{7, learners.Abstain, learners.Abstain, []float64{0, 0, 0}},
		{8, learners.Abstain, learners.Abstain, []float64{0, 0, 0}},
		{9, 2, 2, []float64{0, 0, 230. / 250}},
	} {
		p, q := model.Predict(c.row), strict.Predict(c.row)
		require.Equal(t, c.guess, p.Class, "row %d", c.row)
		require.Equal(t, c.exact, q.Class, "row %d", c.row)
		require.Equal(t, c.scores, p.Scores, "row %d", c.row)
		require.Equal(t, c.scores, q.Scores, "row %d", c.row)
	}
	require.Equal(t, learners.Uncalibrated, model.Kind())
}

// TestLearnerWiden has a training machine that was scanned once: what lies
// within OneScan of it matches in any case, what lies further with widen.
func TestLearnerWiden(t *testing.T) {
	rows := []string{"SEQ(SP=100)T1(R=Y)", "SEQ(SP=105)T1(R=Y)", "SEQ(SP=106)T1(R=Y)"}
	for spec, want := range map[string][]float64{"nmap4": {1, 0}, "nmap4:widen=2": {1, 0}, "nmap4:widen=6": {1, 1}} {
		model := fit(t, configure(t, spec), rows, "aaa", 1)
		require.Equal(t, want, []float64{model.Predict(1).Scores[0], model.Predict(2).Scores[0]}, spec)
	}
}

func TestLearnerErrors(t *testing.T) {
	m := datasets.NewGrouper([]datasets.Machine{{Name: "m"}, {Name: "n"}}).Matrix(nil)
	train := &learners.Train{Data: m.Select(func(int) bool { return true }), Rows: []int32{0}, Labels: []int32{0, 0}, Classes: []string{"a"}}
	l := configure(t, "nmap4").(*nmap4.Learner)
	_, err := l.Fit(context.Background(), train)
	require.ErrorContains(t, err, "no fingerprints: want a run with a plan of the family nmap4")
	_, err = l.Bind(nmap4.NewRows(nil)).Fit(context.Background(), train)
	require.ErrorContains(t, err, "fingerprints of 0 rows: want 2")
	_, err = learners.NewRegistry(nmap4.Entry()).Parse("nmap4:widen=-1")
	require.ErrorContains(t, err, "option widen=-1: want 0 to 65535")
	_, err = nmap4.NewRowsOf(nil, make([]*nmap4.Fingerprint, 1), nmap4.DefaultPoints())
	require.ErrorContains(t, err, "0 references and 1 subjects")
}
