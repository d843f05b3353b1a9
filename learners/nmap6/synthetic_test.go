package nmap6_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/nmap6"
)

// synthetic makes labelled vectors that look like real ones: each class has
// its own answers, some probes unanswered, options that fit, and a rate that
// differs from row to row. counts are the rows of each class.
func synthetic(seed uint64, counts ...int) []nmap6.LabelledVector {
	r := rand.New(rand.NewPCG(seed, 1))
	var rows []nmap6.LabelledVector
	for c, n := range counts {
		centre := syntheticVector(r)
		for k := range n {
			v := centre
			for i, name := range nmap6.Features {
				switch {
				case name == "TCP_ISR":
					v[i] = 1e9 * (1 + r.Float64())
				case strings.HasSuffix(name, ".TCP_WINDOW") && v[i] >= 0 && k%3 == 1:
					v[i] += float64(r.IntN(100))
				case strings.HasSuffix(name, ".HLIM") && v[i] >= 0 && k%4 == 2:
					v[i] = 128
				}
			}
			if k%5 == 3 { // a probe lost
				lose(&v, nmap6.ProbeNames[10+k%7])
			}
			rows = append(rows, nmap6.LabelledVector{ID: fmt.Sprintf("m%d.%d", c, k), Label: fmt.Sprintf("System %d", c), Vector: v})
		}
	}
	return rows
}

func syntheticVector(r *rand.Rand) nmap6.Vector {
	var v nmap6.Vector
	for i, name := range nmap6.Features {
		_, what, _ := strings.Cut(name, ".")
		switch {
		case strings.HasSuffix(what, "PLEN"):
			v[i] = float64(20 + 4*r.IntN(6))
		case what == "HLIM":
			v[i] = []float64{64, 255}[r.IntN(2)]
		case strings.HasPrefix(what, "TCP_OPT"):
			v[i] = float64(1 + r.IntN(8))
		case what == "TCP_WINDOW":
			v[i] = float64(r.IntN(65000))
		case what == "TCP_MSS":
			v[i] = float64(1200 + r.IntN(240))
		case what == "TCP_CORR_WINDOW_MSS":
			v[i] = v[i-48] / v[i-3]
		default:
			v[i] = float64(r.IntN(2))
		}
	}
	for _, p := range nmap6.ProbeNames {
		if r.IntN(4) == 0 {
			lose(&v, p)
		}
	}
	return v
}

func lose(v *nmap6.Vector, probe string) {
	for i, name := range nmap6.Features {
		if nmap6.FeatureProbe(name) == probe {
			v[i] = nmap6.Missing
		}
	}
}

// train makes a model of vectors as they are.
func train(t testing.TB, rows []nmap6.LabelledVector) *nmap6.Model {
	t.Helper()
	m, err := nmap6.Train(context.Background(), rows, nmap6.TrainOptions{})
	require.NoError(t, err)
	return m
}

// fpModelText writes a model in the form of Nmap's FPModel.cc, with as many
// digits.
func fpModelText(m *nmap6.Model) string {
	var b strings.Builder
	b.WriteString("/* Made by a test. */\n\n#include \"FingerPrintResults.h\"\n\ndouble FPscale[][2] = {\n")
	for i, s := range m.Scale {
		fmt.Fprintf(&b, "\t{ %10.6g, %10.6g },\t/* %s */\n", s.A, s.B, m.Features[i])
	}
	b.WriteString("};\n\n")
	for _, table := range []struct {
		name string
		rows [][]float64
	}{{"FPmean", m.Mean}, {"FPvariance", m.Variance}} {
		fmt.Fprintf(&b, "double %s[][%d] = {\n", table.name, len(m.Features))
		for c, row := range table.rows {
			fmt.Fprintf(&b, "\t/* %s */\n\t{ ", m.Classes[c].Name)
			for _, v := range row {
				fmt.Fprintf(&b, "%.8g, ", v)
			}
			b.WriteString("},\n")
		}
		b.WriteString("};\n\n")
	}
	b.WriteString("static double _w[] = {\n")
	for i, name := range m.Features {
		fmt.Fprintf(&b, "\t/* %s */\n\t", name)
		for c := range m.Classes {
			fmt.Fprintf(&b, "%+.8f, ", m.Weight[c][i])
		}
		b.WriteString("\n")
	}
	b.WriteString("};\n\nstatic int _labels[] = {")
	for c := range m.Classes {
		if c > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, c)
	}
	fmt.Fprintf(&b, "};\n\n/* C = %f */\nstruct model FPModel = {\n\t{0},\n\t%d,\n\t%d,\n\t_w,\n\t_labels,\n\t-1.00000000\n};\n\n", m.C, len(m.Classes), len(m.Features))
	b.WriteString("std::vector<FingerMatch> load_fp_matches() {\n\tstd::vector<FingerMatch> matches;\n")
	for c := range m.Classes {
		fmt.Fprintf(&b, "\t{\n\t\tFingerMatch match;\n\t\tmatch.line = %d;\n\t\tmatch.numprints = %d;\n\t\tmatch.OS_name = (char *) %q;\n", c, m.Classes[c].Prints, m.Classes[c].Name)
		b.WriteString("\t\t{\n\t\t\tOS_Classification osclass = {\"Vendor\", \"Family\", NULL, \"general purpose\"};\n")
		b.WriteString("\t\t\tosclass.cpe.push_back(\"cpe:/o:vendor:system\");\n\t\t\tmatch.OS_class.push_back(osclass);\n\t\t}\n\t\tmatches.push_back(match);\n\t}\n")
	}
	b.WriteString("\treturn matches;\n}\n")
	return b.String()
}
