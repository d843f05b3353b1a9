package nmap6_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/nmap6"
)

func TestImportFPModel(t *testing.T) {
	rows := synthetic(1, 1, 2, 5, 3)
	m := train(t, rows)
	read, err := nmap6.ImportFPModel(strings.NewReader(fpModelText(m)))
	require.NoError(t, err)
	require.Equal(t, m.Features, read.Features)
	require.Equal(t, m.C, read.C)
	for c := range m.Classes {
		require.Equal(t, m.Classes[c].Name, read.Classes[c].Name)
		require.Equal(t, m.Classes[c].Prints, read.Classes[c].Prints)
		require.Equal(t, "Family", read.Classes[c].Family)
		require.Equal(t, []nmap6.OSClass{{Vendor: "Vendor", Family: "Family", Device: "general purpose", CPE: []string{"cpe:/o:vendor:system"}}}, read.Classes[c].OS)
		require.InDeltaSlice(t, m.Mean[c], read.Mean[c], 1e-7)
		require.InDeltaSlice(t, m.Variance[c], read.Variance[c], 1e-7)
		require.InDeltaSlice(t, m.Weight[c], read.Weight[c], 1e-7)
	}
	for i := range rows {
		want, have := m.Classify(&rows[i].Vector), read.Classify(&rows[i].Vector)
		require.Equal(t, want.Verdict, have.Verdict)
		require.Equal(t, want.Matches[0].Name, have.Matches[0].Name)
	}
}

// Older files have fewer features and no numbers of prints.
func TestImportOlderFPModel(t *testing.T) {
	m := train(t, synthetic(2, 2, 2))
	keep := 676
	old := &nmap6.Model{Features: m.Features[:keep], Scale: m.Scale[:keep], Classes: m.Classes, C: 100}
	for c := range m.Classes {
		old.Mean, old.Variance, old.Weight = append(old.Mean, m.Mean[c][:keep]), append(old.Variance, m.Variance[c][:keep]), append(old.Weight, m.Weight[c][:keep])
	}
	text := strings.ReplaceAll(fpModelText(old), "\t\tmatch.numprints = 2;\n", "")
	read, err := nmap6.ImportFPModel(strings.NewReader(text))
	require.NoError(t, err)
	require.Len(t, read.Features, keep)
	require.Zero(t, read.Classes[0].Prints)
	_, err = read.Recover(1)
	require.ErrorContains(t, err, "does not say how many prints")
}

// What is cut short, changed or disagrees is an error of one line that names
// the line.
func TestImportFPModelErrors(t *testing.T) {
	text := fpModelText(train(t, synthetic(1, 1, 2, 5)))
	lineOf := func(part string) int { return 1 + strings.Count(text[:strings.Index(text, part)], "\n") }
	for name, c := range map[string]struct{ old, new, want string }{
		"not a number":       {"/* S1.TC */", "/* S1.TC */\n\t{ x, 1 },\t/* S9 */", `have "x": want a finite number`},
		"not finite":         {"{         -0", "{         1e999", "want a finite number"},
		"a name too many":    {"/* S1.TC */", "/* S1.TC */ /* again */", "2 comments after a pair: want one, the feature's name"},
		"unknown feature":    {"/* S1.TC */", "/* S1.TD */", `_w: weights of "S1.TC"`},
		"classes":            {"\t3,\n", "\t4,\n", fmt.Sprintf("line %d: FPmean has 3 entries: want 4", lineOf("double FPmean"))},
		"features":           {"\t695,\n", "\t694,\n", fmt.Sprintf("line %d: FPscale has 695 entries: want 694", lineOf("double FPscale"))},
		"half a class":       {"\t3,\n", "\t3.5,\n", "FPModel"},
		"bias":               {"-1.00000000\n", "1.00000000\n", "bias of 1: want none"},
		"solver":             {"{0},", "{7},", "solver [7]: want 0"},
		"labels":             {"{0, 1, 2}", "{0, 2, 1}", fmt.Sprintf("line %d: _labels: label 1 is 2", lineOf("static int _labels"))},
		"line of a match":    {"match.line = 1;", "match.line = 7;", fmt.Sprintf("line %d: load_fp_matches: class 1 has the line 7", lineOf("match.line = 1;"))},
		"code among data":    {"match.line = 1;", "system(\"rm\");", "want a statement that makes a class"},
		"code before data":   {"double FPmean", "int main() { return 0; }\ndouble FPmean", "have a block"},
		"no semicolon":       {"};\n\nstatic double _w", "}\n\nstatic double _w", `have "static": want ";"`},
		"twice":              {"static int _labels[] = {0, 1, 2};", "static int _labels[] = {0, 1, 2};\nstatic int _labels[] = {0, 1, 2};", "_labels is there twice"},
		"a declaration less": {"static int _labels[] = {0, 1, 2};", "", "want a declaration of _labels"},
		"comment":            {"/* C = ", "/* C = 1 \n /*", ""},
		"string":             {"(char *) \"System 1\"", "(char *) \"System 1", "a string without its end"},
		"prints":             {"match.numprints = 2;", "match.numprints = -2;", "want"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, text, c.old)
			_, err := nmap6.ImportFPModel(strings.NewReader(strings.Replace(text, c.old, c.new, 1)))
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			require.Regexp(t, `^line \d+: [^\n]*$`, err.Error())
		})
	}
	for _, share := range []int{0, 1, 10, 30, 50, 70, 90, 99} {
		_, err := nmap6.ImportFPModel(strings.NewReader(text[:len(text)*share/100]))
		require.ErrorContains(t, err, "line ", "%d %% of it", share)
	}
}

func TestClassifyRules(t *testing.T) {
	model := func(weights ...float64) *nmap6.Model {
		m, err := nmap6.ImportFPModel(strings.NewReader(oneFeature(weights)))
		require.NoError(t, err)
		return m
	}
	vector := func(plen float64) *nmap6.Vector {
		v := new(nmap6.Vector)
		for i := range v {
			v[i] = nmap6.Missing
		}
		v[0] = plen
		return v
	}
	// The novelty of PLEN 1 under mean 0 and no variance is 1/√0.01 = 10.
	k := model(-1, 3, 1).Classify(vector(1))
	require.Equal(t, nmap6.Success, k.Verdict)
	require.Equal(t, []string{"c1", "c2", "c0"}, []string{k.Matches[0].Name, k.Matches[1].Name, k.Matches[2].Name})
	require.Equal(t, 1/(1+math.Exp(-3)), k.Matches[0].Probability)
	require.Equal(t, 10.0, k.Matches[0].Novelty)
	require.Equal(t, 1, k.Good)

	// 1.5 is a novelty of 15, which is not below 15.
	require.Equal(t, nmap6.Novel, model(-1, 3).Classify(vector(1.5)).Verdict)
	require.Equal(t, nmap6.Success, model(-1, 3).Classify(vector(1.4999)).Verdict)

	// At 90 % of the best probability, a class is a good match.
	even := model(2, 1.9, -2).Classify(vector(1))
	require.Equal(t, nmap6.Ambiguous, even.Verdict)
	require.Equal(t, 2, even.Good)

	// Ties stand in the model's order, and 36 classes are ranked.
	tied := model(make([]float64, 50)...).Classify(vector(1))
	require.Len(t, tied.Matches, 36)
	for i, match := range tied.Matches {
		require.Equal(t, i, match.Class)
	}
	require.Equal(t, nmap6.Unknown, model(1, 2).Classify(vector(-1)).Verdict)
}

func FuzzFPModel(f *testing.F) {
	f.Add([]byte(fpModelText(train(f, synthetic(1, 1, 2)))))
	f.Add([]byte("double FPscale[][2] = {{1,2},/* S1.PLEN */};double FPmean[][1]={{1}};double FPvariance[][1]={{1}};static double _w[]={/* S1.PLEN */1};static int _labels[]={0};struct model FPModel={{0},1,1,_w,_labels,-1};void load_fp_matches(){{match.line=0;match.OS_name=\"x\";matches.push_back(match);}}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := nmap6.ImportFPModel(bytes.NewReader(b))
		if err != nil {
			return
		}
		var out bytes.Buffer
		require.NoError(t, (&nmap6.Bundle{Model: m}).Write(&out))
		back, err := nmap6.ReadBundle(out.Bytes())
		require.NoError(t, err)
		require.Equal(t, m.Classes, back.Model.Classes)
		m.Classify(new(nmap6.Vector))
	})
}

// oneFeature is an FPModel.cc with one feature, S1.PLEN, unscaled; weights are
// the classes' scores where it is 1.
func oneFeature(weights []float64) string {
	var b strings.Builder
	b.WriteString("double FPscale[][2] = {\n{ 0, 1 }, /* S1.PLEN */\n};\n")
	rows := strings.Repeat("{ 0 },\n", len(weights))
	fmt.Fprintf(&b, "double FPmean[][1] = {\n%s};\ndouble FPvariance[][1] = {\n%s};\nstatic double _w[] = { /* S1.PLEN */ ", rows, rows)
	for _, w := range weights {
		fmt.Fprintf(&b, "%g, ", w)
	}
	b.WriteString("};\nstatic int _labels[] = {")
	for i := range weights {
		fmt.Fprintf(&b, "%d, ", i)
	}
	fmt.Fprintf(&b, "};\nstruct model FPModel = { {0}, %d, 1, _w, _labels, -1 };\nvoid load_fp_matches() {\n", len(weights))
	for i := range weights {
		fmt.Fprintf(&b, "{ FingerMatch match; match.line = %d; match.OS_name = \"c%d\"; matches.push_back(match); }\n", i, i)
	}
	b.WriteString("return matches;\n}\n")
	return b.String()
}
