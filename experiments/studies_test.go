package experiments_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/experiments"
	"tickle/learners"
	"tickle/learners/all"
)

// study runs an experiment by name.
func study(t *testing.T, name string, in experiments.Input) *experiments.Result {
	t.Helper()
	entry, err := experiments.Find(name)
	require.NoError(t, err)
	r, err := experiments.Run(context.Background(), entry, &in)
	require.NoError(t, err)
	return r
}

func studyRows[T any](t *testing.T, r *experiments.Result) []T {
	t.Helper()
	rows, err := experiments.RowsOf[T](r)
	require.NoError(t, err)
	return rows
}

// withFactors gives every machine a factor that its clone's number decides.
func withFactors(d *experiments.Data) *experiments.Data {
	for i := range d.Matrix.Machines {
		m := &d.Matrix.Machines[i]
		m.Factors = map[string]string{"memory": m.Name[len(m.Name)-1:]}
	}
	return d
}

func TestStudiesAreTheSameForAnyNumberOfWorkers(t *testing.T) {
	ls, err := all.Registry().Parse("forest:trees=5;ibk")
	require.NoError(t, err)
	for name, options := range map[string]map[string]string{
		"overfitting":    {"seeds": "5"},
		"bias":           {"draws": "2"},
		"confusion":      {"folds": "3"},
		"importance":     {"permutations": "2"},
		"learning-curve": {"folds": "3", "shares": "0.3,1", "resamples": "20"},
		"calibration":    {"folds": "3", "resamples": "20"},
		"factors":        {"factors": "memory", "resamples": "20"},
		"leakage":        {"folds": "3", "resamples": "20"},
	} {
		t.Run(name, func(t *testing.T) {
			var first []byte
			for _, workers := range []int{1, 3} {
				r := study(t, name, experiments.Input{Data: withFactors(synthetic(6, 5, 3)), Learners: ls, Options: options, Seed: 3, Workers: workers})
				var b bytes.Buffer
				require.NoError(t, r.WriteJSON(&b))
				if first == nil {
					first = b.Bytes()
				}
				require.Equal(t, string(first), b.String())
				require.NotEmpty(t, r.Cells())
			}
		})
	}
}

func TestStudiesStop(t *testing.T) {
	ls, err := all.Registry().Parse("forest:trees=5")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, name := range []string{"overfitting", "bias", "confusion", "importance", "learning-curve", "calibration", "factors", "leakage"} {
		entry, err := experiments.Find(name)
		require.NoError(t, err)
		_, err = experiments.Run(ctx, entry, &experiments.Input{Data: withFactors(synthetic(6, 5, 3)), Learners: ls})
		require.ErrorIs(t, err, context.Canceled, name)
	}
}

func TestStudiesRefuse(t *testing.T) {
	for _, c := range []struct{ name, option, value, want string }{
		{"overfitting", "seeds", "0", "experiment overfitting: option seeds=0: want a whole number from 1 on"},
		{"overfitting", "share", "1.5", "experiment overfitting: option share=1.5: want a number above 0 and at most 1"},
		{"overfitting", "levels", "3", "experiment overfitting: option levels=3: want 0, 1, 2"},
		{"bias", "machines", "10", "experiment bias: option machines=10: want a whole number from 20 on"},
		{"bias", "fields", "prone,vetted", "experiment bias: option fields=prone,vetted: want one"},
		{"learning-curve", "shares", "0.5,0", `experiment learning-curve: option shares=0.5,0: "0": want numbers above 0 and at most 1`},
		{"calibration", "bins", "1", "experiment calibration: option bins=1: want a whole number from 2 on"},
		{"leakage", "folds", "1", "experiment leakage: option folds=1: want a whole number from 2 on"},
		{"leakage", "database", "nmap-os-db", "experiment leakage: option database: data set synthetic did not come of nmap-os-db"},
		{"factors", "least", "x", "experiment factors: option least=x: want a whole number from 1 on"},
	} {
		entry, err := experiments.Find(c.name)
		require.NoError(t, err)
		_, err = experiments.Run(context.Background(), entry, &experiments.Input{Data: synthetic(3, 3, 2), Learners: []learners.Configured{oracle}, Options: map[string]string{c.option: c.value}})
		require.EqualError(t, err, c.want)
	}
}

// planted is data of eight machines and four classes in which the root must
// be a column that halves them, then one for each half, and what ties is
// known: the TTL (prone) ties with the flags (vetted) for the first half only.
func planted() *experiments.Data {
	var machines []datasets.Machine
	for i := range 8 {
		l := [3]string{"a", fmt.Sprint("k", i/4), fmt.Sprint("k", i/4, i/2)}
		machines = append(machines, datasets.Machine{Name: fmt.Sprint("m", i), Group: fmt.Sprint("m", i), Labels: datasets.Labels{Kernel: l, Distribution: l}})
	}
	g := datasets.NewGrouper(machines)
	addColumn(g, datasets.Column{Probe: 0, Field: datasets.TCPWindow}, []uint64{1, 1, 1, 1, 2, 2, 2, 2})
	addColumn(g, datasets.Column{Probe: 1, Field: datasets.TCPFlags}, []uint64{1, 1, 2, 2, 1, 1, 1, 1})
	addColumn(g, datasets.Column{Probe: 2, Field: datasets.IPTTL}, []uint64{5, 5, 7, 7, 5, 7, 5, 7})
	addColumn(g, datasets.Column{Probe: 3, Field: datasets.IPTTL}, []uint64{1, 2, 1, 2, 3, 3, 4, 4})
	m := g.Matrix(nil)
	everything := m.All()
	return &experiments.Data{Matrix: m, Select: func(datasets.FieldSet) (*datasets.Selection, error) { return everything, nil }}
}

func TestHighValueFieldsAreThosePlanted(t *testing.T) {
	r := study(t, "overfitting", experiments.Input{Data: planted(), Options: map[string]string{"share": "1", "seeds": "2", "hierarchies": "kernel"}})
	got := make(map[string]experiments.OverfittingRow)
	for _, row := range studyRows[experiments.OverfittingRow](t, r) {
		got[fmt.Sprint(row.Level, row.Source)] = row
	}
	require.Equal(t, experiments.WarnFewClasses, r.Warnings[0].Code, "level 0 is one class")
	require.NotContains(t, got, "0os")
	// Level 1: the window alone, whose sources are config, application and
	// hardware. The TTL of probe 3 divides as purely, and is prone too.
	require.EqualValues(t, 1, got["1os"].All)
	require.InDelta(t, 1.0/3, float64(got["1config"].Fields), 1e-12)
	require.Zero(t, got["1os"].ShareMost)
	// Level 2: the TTL of probe 3 gains 1.5 bits of the 2, the window 1. Its
	// parts 3 and 4 are pure; 1 and 2 are told apart by the flags, with which
	// the TTL of probe 2 ties.
	require.EqualValues(t, 2, got["2os"].All)
	require.EqualValues(t, 1, got["2os"].Fields)
	require.EqualValues(t, 0.5, got["2network"].Fields, "the TTL has two sources")
	require.EqualValues(t, 0.5, got["2os"].Share)
	require.Zero(t, got["2os"].ShareLeast)
	require.EqualValues(t, 0.5, got["2os"].ShareMost)
	require.Equal(t, got["2os"].FieldsLow, got["2os"].FieldsHigh)
}

func TestSharesOfSourcesSumToOne(t *testing.T) {
	r := study(t, "overfitting", experiments.Input{Data: synthetic(6, 5, 3), Options: map[string]string{"seeds": "3"}, Seed: 5})
	sum, prop, fields := make(map[string]float64), make(map[string]float64), make(map[string]float64)
	for _, row := range studyRows[experiments.OverfittingRow](t, r) {
		k := fmt.Sprint(row.Hierarchy, row.Level)
		sum[k] += float64(row.Share)
		prop[k] += float64(row.ShareProp)
		fields[k] += float64(row.Fields) / float64(row.All)
		require.Equal(t, 72, row.Machines)
		require.LessOrEqual(t, row.FieldsLow, row.Fields)
		require.GreaterOrEqual(t, row.FieldsHigh, row.Fields)
		if row.Source == "os" {
			require.LessOrEqual(t, row.ShareLeast, row.Share+1e-12)
			require.GreaterOrEqual(t, row.ShareMost, row.Share-1e-12)
		}
	}
	require.Len(t, sum, 6)
	for k := range sum {
		require.InDelta(t, 1, sum[k], 1e-9)
		require.InDelta(t, 1, prop[k], 1e-9)
		require.InDelta(t, 1, fields[k], 1e-9)
	}
}

func TestCorrectPrior(t *testing.T) {
	for _, c := range []struct {
		scores, prior, want []float64
		class               int32
	}{
		{[]float64{0.9, 0.1}, []float64{0.9, 0.1}, []float64{0.5, 0.5}, 0},
		{[]float64{0.8, 0.2}, []float64{0.9, 0.1}, []float64{8.0 / 26, 18.0 / 26}, 1},
		{[]float64{0.3, 0.7}, []float64{0.5, 0.5}, []float64{0.3, 0.7}, 1},
		{[]float64{0.3, 0.7}, []float64{1, 0}, []float64{1, 0}, 0},
		{[]float64{0, 1}, []float64{1, 0}, []float64{0, 1}, 1},
	} {
		got, class := experiments.CorrectPrior(c.scores, c.prior)
		require.InDeltaSlice(t, c.want, got, 1e-12)
		require.Equal(t, c.class, class)
	}
}

// mixed is data of two sibling distributions that no field tells apart.
func mixed(first, second int) *experiments.Data {
	var machines []datasets.Machine
	for i := range first + second {
		name := "Ubuntu"
		if i >= first {
			name = "Fedora"
		}
		l := [3]string{"Linux", name, name + fmt.Sprint(i)}
		machines = append(machines, datasets.Machine{Name: fmt.Sprint("m", i), Group: fmt.Sprint("m", i), Labels: datasets.Labels{Kernel: l, Distribution: l}})
	}
	g := datasets.NewGrouper(machines)
	addColumn(g, datasets.Column{Field: datasets.IPTTL}, make([]uint64, len(machines)))
	m := g.Matrix(nil)
	everything := m.All()
	return &experiments.Data{Matrix: m, Select: func(datasets.FieldSet) (*datasets.Selection, error) { return everything, nil }}
}

func TestBiasInflatesAccuracyOfAGuess(t *testing.T) {
	// The majority of the training rows: at 90/10 it is Ubuntu in every fold,
	// with 90 % confidence; corrected, it says nothing for either.
	ls, err := all.Registry().Parse("majority")
	require.NoError(t, err)
	r := study(t, "bias", experiments.Input{Data: mixed(100, 60), Learners: ls, Options: map[string]string{"draws": "2"}})
	require.Empty(t, r.Warnings)
	found := 0
	for _, row := range studyRows[experiments.BiasRow](t, r) {
		require.False(t, row.AccuracyPaper.Given(), "the paper's numbers are of a forest")
		if row.Share != 0.9 || row.Scores != "as trained" {
			continue
		}
		found++
		require.InDelta(t, 0.9, float64(row.Accuracy), 1e-12)
		require.InDelta(t, 0.5, float64(row.BalancedAccuracy), 1e-12)
		require.InDelta(t, 0.9, float64(row.Confidence), 0.01)
		if row.Class == "Ubuntu" {
			require.Equal(t, 90, row.Machines)
			require.EqualValues(t, 1, row.Recall)
			require.InDelta(t, 0.9, float64(row.Precision), 1e-12)
		} else {
			require.Equal(t, 10, row.Machines)
			require.Zero(t, row.Recall)
			require.True(t, row.Precision.IsNA(), "no answer names Fedora")
		}
	}
	require.Equal(t, 4, found)
}

func TestBiasStandsBesideThePaper(t *testing.T) {
	ls, err := all.Registry().Parse("ibk;forest:trees=2")
	require.NoError(t, err)
	r := study(t, "bias", experiments.Input{Data: mixed(92, 50), Learners: ls, Options: map[string]string{"draws": "1", "folds": "2"}})
	given := 0
	for _, row := range studyRows[experiments.BiasRow](t, r) {
		require.Equal(t, "forest:trees=2", row.Learner)
		if row.RecallPaper.Given() {
			given++
			require.Equal(t, "paper", row.Split)
			require.Equal(t, "as trained", row.Scores)
		}
		if row.PrecisionPaper.Given() != row.RecallPaper.Given() {
			require.Equal(t, "Fedora 0.9", fmt.Sprint(row.Class, " ", row.Share), "where no answer named Fedora its precision is undefined")
		}
	}
	require.Equal(t, 4, given)
}

func TestBiasSaysWhenItCannotTell(t *testing.T) {
	ls, err := all.Registry().Parse("majority")
	require.NoError(t, err)
	for _, c := range []struct {
		first, second int
		code, text    string
		machines      int
	}{
		{19, 30, "cannot-tell", "cannot tell: Fedora has 30 machines and Ubuntu 19, fewer than 20 each; draws are of 30 machines", 30},
		{50, 40, "small-n", "Ubuntu has 50 machines and Fedora 40: draws are of 50 machines instead of 100", 50},
		{8, 3, "cannot-tell", `cannot tell: no two sibling classes at distribution level 1 have 9 and 5 machines (the largest: "Ubuntu" 8, "Fedora" 3); no rows`, 0},
		{8, 0, "cannot-tell", `cannot tell: no two sibling classes at distribution level 1 have 9 and 5 machines (there are none); no rows`, 0},
	} {
		r := study(t, "bias", experiments.Input{Data: mixed(c.first, c.second), Learners: ls, Options: map[string]string{"draws": "1", "folds": "2"}})
		require.Equal(t, []experiments.Warning{{Code: c.code, Text: c.text}}, r.Warnings)
		rows := studyRows[experiments.BiasRow](t, r)
		if c.machines == 0 {
			require.Empty(t, rows)
			continue
		}
		require.Equal(t, c.machines, rows[0].Machines+rows[1].Machines)
	}
}

func TestConfusionCountsEveryMachine(t *testing.T) {
	r := study(t, "confusion", experiments.Input{Data: synthetic(6, 4, 2), Learners: []learners.Configured{modulo, silent}, Options: map[string]string{"folds": "4", "hierarchies": "kernel"}})
	n := make(map[string]int)
	last := make(map[string]int)
	for _, row := range studyRows[experiments.ConfusionRow](t, r) {
		n[row.Learner] += row.N
		require.GreaterOrEqual(t, row.Order, last[row.Learner], "classes stand in order")
		last[row.Learner] = row.Order
		require.InDelta(t, float64(row.N)/float64(row.Of), float64(row.Share), 1e-12)
		switch {
		case row.Predicted == "":
			require.Equal(t, "silent", row.Learner)
			require.Equal(t, "none", row.Common)
		case row.Predicted == row.Truth:
			require.Equal(t, "right", row.Common)
		case row.Predicted[:3] != row.Truth[:3]:
			require.Equal(t, "none", row.Common)
		default:
			require.Contains(t, []string{"level 0", "level 1"}, row.Common)
		}
	}
	require.Equal(t, map[string]int{"forest": 48, "silent": 48}, n)
	require.Len(t, r.Predictions, 96)
}

func TestClassesStandAsPeopleOrderThem(t *testing.T) {
	d := mixed(4, 0)
	for i, name := range []string{"Ubuntu 10.04", "Ubuntu 6.06", "Ubuntu 6.10", "Arch"} {
		d.Matrix.Machines[i].Labels.Kernel = [3]string{"Linux", "Linux", name}
	}
	r := study(t, "confusion", experiments.Input{Data: d, Learners: []learners.Configured{silent}, Options: map[string]string{"folds": "2", "hierarchies": "kernel"}})
	var order []string
	for _, row := range studyRows[experiments.ConfusionRow](t, r) {
		order = append(order, row.Truth)
	}
	require.Equal(t, []string{"Arch", "Ubuntu 6.06", "Ubuntu 6.10", "Ubuntu 10.04"}, order)
}

func TestLearningCurveTrainsOnMoreAndMore(t *testing.T) {
	r := study(t, "learning-curve", experiments.Input{Data: synthetic(6, 5, 2), Learners: []learners.Configured{oracle}, Seed: 2,
		Options: map[string]string{"shares": "0.2,0.5,1", "levels": "2", "hierarchies": "kernel", "resamples": "20"}})
	rows := studyRows[experiments.LearningCurveRow](t, r)
	require.Len(t, rows, 3)
	for i, row := range rows {
		require.Equal(t, row.CeilingSeen, row.Accuracy, "the oracle knows what it has seen")
		if i > 0 {
			require.Greater(t, row.Machines, rows[i-1].Machines)
			require.GreaterOrEqual(t, row.CeilingSeen, rows[i-1].CeilingSeen, "nested: what was seen stays seen")
		}
	}
	require.EqualValues(t, 48, rows[2].Machines)
	require.InDelta(t, 0.2*48, float64(rows[0].Machines), 1.01)
	// Groups are whole in training, and larger shares hold smaller ones.
	in := make(map[string]map[string]bool)
	for _, a := range r.Assignments {
		if a.Role == experiments.TrainRole {
			k := fmt.Sprintf("%s/%d", a.Split, a.Fold)
			if in[k] == nil {
				in[k] = make(map[string]bool)
			}
			in[k][a.Machine] = true
		}
	}
	for fold := range 5 {
		small, large := in[fmt.Sprintf("grouped, 0.2 of training/%d", fold)], in[fmt.Sprintf("grouped, 0.5 of training/%d", fold)]
		require.NotEmpty(t, small)
		for name := range small {
			require.True(t, large[name])
			require.True(t, small[name[:len(name)-1]+"0"] && small[name[:len(name)-1]+"1"], "clones come together")
		}
	}
}

func TestCalibrationLeavesOutWhatIsNoProbability(t *testing.T) {
	r := study(t, "calibration", experiments.Input{Data: synthetic(6, 5, 2), Learners: []learners.Configured{modulo, silent},
		Options: map[string]string{"levels": "0", "hierarchies": "kernel", "resamples": "50"}})
	rows := studyRows[experiments.CalibrationRow](t, r)
	require.Len(t, rows, 10)
	n := 0
	for _, row := range rows {
		n += row.N
		// Three classes: modulo gives its answer 0.6 + 0.4/3.
		require.InDelta(t, 0.6+0.4/3, float64(row.Confidence), 1e-12)
		require.Equal(t, row.Tests, 60)
		wrong := 1 - float64(row.Right)
		require.InDelta(t, float64(row.Right)*(math.Pow(0.4*2/3, 2)+2*math.Pow(0.4/3, 2))+wrong*(math.Pow(0.6+0.4/3, 2)+math.Pow(1-0.4/3, 2)+math.Pow(0.4/3, 2)), float64(row.Brier), 1e-9)
	}
	require.Equal(t, 60, n)
	require.Equal(t, experiments.Warning{Code: experiments.WarnNoProbabilities, Cell: "silent", Text: "its scores are votes, not probabilities: they cannot be calibrated or not"}, r.Warnings[len(r.Warnings)-1])
}

func TestFactorsHoldOutValues(t *testing.T) {
	d := withFactors(synthetic(6, 5, 3))
	r := study(t, "factors", experiments.Input{Data: d, Learners: []learners.Configured{oracle}, Seed: 4,
		Options: map[string]string{"hierarchies": "kernel", "resamples": "20"}})
	codes := 0
	for _, w := range r.Warnings {
		if w.Code == experiments.WarnNoFactor {
			codes++
		}
	}
	require.Equal(t, 3, codes, "only memory varies")
	rows := studyRows[experiments.FactorsRow](t, r)
	require.Len(t, rows, 2)
	for _, row := range rows {
		require.Equal(t, 3, row.Values)
		require.Equal(t, 90, row.N)
		require.Equal(t, row.Seen, row.Accuracy)
		require.Equal(t, row.Seen, row.SeenControl, "the control has as many rows of each class")
		require.Zero(t, row.Fall)
		require.Equal(t, row.Fields == "prone", !row.Excess.IsNA())
	}
	memory := make(map[string]string)
	label := make(map[string]string)
	for i := range d.Matrix.Machines {
		memory[d.Matrix.Machines[i].Name] = d.Matrix.Machines[i].Factors["memory"]
		label[d.Matrix.Machines[i].Name] = d.Matrix.Machines[i].Labels.Kernel[2]
	}
	type side struct{ test, train, classes map[string]int }
	folds := make(map[string]side)
	for _, a := range r.Assignments {
		k := fmt.Sprintf("%s/%d", a.Split, a.Fold)
		if _, ok := folds[k]; !ok {
			folds[k] = side{make(map[string]int), make(map[string]int), make(map[string]int)}
		}
		if a.Role == experiments.TestRole {
			folds[k].test[memory[a.Machine]]++
		} else {
			folds[k].train[memory[a.Machine]]++
			folds[k].classes[label[a.Machine]]++
		}
	}
	require.Len(t, folds, 18)
	mixed := 0
	for fold := range 9 {
		held, control := folds[fmt.Sprintf("held-out:memory/%d", fold)], folds[fmt.Sprintf("same-size:memory/%d", fold)]
		require.Len(t, held.test, 1)
		require.Equal(t, held.test, control.test)
		for value := range held.test {
			require.Zero(t, held.train[value])
			mixed += control.train[value]
		}
		require.Equal(t, held.classes, control.classes)
	}
	require.Positive(t, mixed, "the control meets the value")
}

func TestImportanceKnowsWhatMatters(t *testing.T) {
	ls, err := all.Registry().Parse("ibk;forest:trees=20")
	require.NoError(t, err)
	r := study(t, "importance", experiments.Input{Data: planted(), Learners: ls, Options: map[string]string{"hierarchies": "kernel", "levels": "1", "probes": "1"}})
	share := 0.0
	probes := 0
	for _, row := range studyRows[experiments.ImportanceRow](t, r) {
		if row.Kind == "probe" {
			probes++
			require.True(t, row.Permutation.IsNA())
			continue
		}
		share += float64(row.GainShare)
		require.Equal(t, row.Name == "tcp.flags", row.Vetted == "yes")
		if row.Name == "tcp.window" {
			require.Equal(t, "os config application hardware", row.Sources)
		}
	}
	require.InDelta(t, 1, share, 1e-9)
	require.Equal(t, 1, probes)
	r = study(t, "importance", experiments.Input{Data: planted(), Learners: ls[:1]})
	require.Empty(t, studyRows[experiments.ImportanceRow](t, r))
	require.Equal(t, experiments.WarnNoForest, r.Warnings[len(r.Warnings)-1].Code)
}
