package reports

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/experiments"
)

func looRows() []experiments.LOORow {
	var rows []experiments.LOORow
	for _, source := range []string{"scanned", "recovered"} {
		for i, m := range []string{"training set", "leave one out", "leave one group out", "at most"} {
			row := experiments.LOORow{Vectors: source, Level: 2, Measure: m, Right: 60 - 20*i, N: 67, Accuracy: experiments.Number(60-20*i) / 67, Low: 0.1, High: 1, Classes: 48, Singletons: 29, Groups: 60, Verdict: "cannot tell"}
			if i == 3 {
				row.Right, row.Accuracy, row.Low, row.High = 0, 0, experiments.NA, experiments.NA
			}
			if i != 2 {
				row.TalkRight, row.Talk = 141, experiments.PaperValue{Relation: "=", Value: 0.9216}
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func mapRows() []experiments.MapRow {
	var rows []experiments.MapRow
	for _, method := range []string{"pca", "mds", "tsne"} {
		for i := range 60 {
			rows = append(rows, experiments.MapRow{Method: method, Label: fmt.Sprint("class ", i), Family: fmt.Sprint("Family ", i%11), Count: 1 + i%4,
				X: experiments.Number(math.Sin(float64(i))), Y: experiments.Number(100 * math.Cos(float64(i*i))), Fit: 0.5, Vectors: "scanned"})
		}
	}
	return rows
}

func vectorRows() []experiments.VectorRow {
	var rows []experiments.VectorRow
	for _, m := range []string{"none", "closed port", "UDP", "ICMPv6 echo", "neighbour", "all ICMPv6", "SYN tests", "T2 to T7"} {
		for i, l := range []string{"nmap6", "forest", "ibk:k=1", "logistic:multinomial=true", "logistic:multinomial=true,calibrated=true"} {
			for j, way := range []string{"-1", "missing", "k-nn"} {
				p := experiments.Number(0.2*float64(i)+0.03*float64(j)) + 0.02
				brier := 1 - p
				if l == "forest" {
					brier = experiments.NA
				}
				rows = append(rows, experiments.VectorRow{Vectors: "scanned", Brier: brier, LogLoss: 2 * brier, Level: 2, Learner: l, Missing: way, Masked: m, Right: 3, N: 40, Accuracy: p, Low: max(0, p-0.1), High: min(1, p+0.2),
					Difference: experiments.NA, P: experiments.NA, Holm: experiments.NA})
			}
		}
	}
	return rows
}

func vectorNoveltyRows() []experiments.VectorNoveltyRow {
	var rows []experiments.VectorNoveltyRow
	for i, family := range []string{"Linux", "gVisor", "A family of a long name", "lwIP", "Windows", "BSD", "Solaris", "macOS"} {
		for k, rule := range []string{"mahalanobis", "certainty", "lof", "mahalanobis+certainty", "mahalanobis+lof", "certainty+lof", "mahalanobis+certainty+lof"} {
			row := experiments.VectorNoveltyRow{Vectors: "scanned", Unknown: family, Rule: rule, AUROC: 1 - experiments.Number(i+k)/20, Low: 0.2, High: 1,
				ConstantKnown: experiments.NA, ConstantAccepted: experiments.NA, P: experiments.NA, Holm: experiments.NA}
			if k == 0 {
				row.ConstantKnown, row.ConstantAccepted = 1-experiments.Number(i)/8, experiments.Number(i)/8
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// The figures of the studies of vectors keep to the rules of all.
func TestVectorFigures(t *testing.T) {
	for name, r := range map[string]*experiments.Result{"loo": of(t, "loo", looRows()), "map": of(t, "map", mapRows()), "vectors": of(t, "vectors", vectorRows()), "vector-novelty": of(t, "vector-novelty", vectorNoveltyRows())} {
		t.Run(name, func(t *testing.T) {
			fig, err := FigureOf(r)
			require.NoError(t, err)
			require.NotEmpty(t, fig.Alt)
			for _, width := range []Width{Column, Page} {
				legible(t, fig, width)
				var b bytes.Buffer
				require.NoError(t, fig.Write(&b, SVG, width))
				wellFormed(t, b.String())
			}
			var b bytes.Buffer
			require.NoError(t, WriteMarkdown(&b, r))
			require.NoError(t, WriteLaTeX(&b, r))
		})
	}
}
