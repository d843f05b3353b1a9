package nmap6

import (
	"fmt"
	"math"
	"slices"
)

// The rules by which Nmap decides.
const (
	MaxMatches       = 36   // classes in a ranking
	goodShare        = 0.90 // of the best probability, which a good match reaches
	NoveltyThreshold = 15.0 // from which on the best match is none
	defaultVariance  = 0.01 // where a class's vectors do not differ
)

// Match is a class and how well a vector fits it.
type Match struct {
	Name        string  `json:"name"`
	Probability float64 `json:"probability"` // logistic, not scaled to sum to one over classes
	Novelty     float64 `json:"novelty"`     // distance from the class's mean in its standard deviations
	Class       int     `json:"-"`           // index into Model.Classes
}

// Verdict is what Nmap makes of a vector.
type Verdict string

// The verdicts.
const (
	Success   Verdict = "success"     // one good match, and not novel
	Ambiguous Verdict = "ambiguous"   // several good matches
	Novel     Verdict = "novel"       // one good match, but the vector is unlike its class
	NoMatch   Verdict = "no match"    // not one good match, as of a model whose weights overflow
	Unknown   Verdict = "cannot tell" // nothing was answered
)

// Classification is the outcome for a vector.
type Classification struct {
	Matches []Match `json:"matches"` // best first, at most MaxMatches; ties in the model's order
	Good    int     `json:"good"`    // matches of at least 0.90 of the best one's probability
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason"` // a sentence
}

// Classify ranks the classes and decides as Nmap does: sums of weights in the
// order of features, probabilities by the logistic function, good matches by
// the 90 % rule, and success only for a single good match whose novelty is
// below NoveltyThreshold.
func (m *Model) Classify(v *Vector) *Classification {
	x := m.Scaled(v)
	matches := make([]Match, len(m.Classes))
	for c := range m.Classes {
		matches[c] = Match{Name: m.Classes[c].Name, Probability: m.probability(c, x), Novelty: m.novelty(c, x), Class: c}
	}
	slices.SortStableFunc(matches, func(a, b Match) int {
		switch {
		case a.Probability > b.Probability:
			return -1
		case a.Probability < b.Probability:
			return 1
		}
		return 0
	})
	k := &Classification{Matches: matches[:min(len(matches), MaxMatches)]}
	for i := range k.Matches {
		if k.Matches[i].Probability >= goodShare*k.Matches[0].Probability {
			k.Good = i + 1
		}
	}
	k.decide(v)
	return k
}

func (k *Classification) decide(v *Vector) {
	best := &k.Matches[0]
	switch answered := slices.ContainsFunc(v[:], func(x float64) bool { return x != Missing }); {
	case !answered:
		k.Verdict, k.Reason = Unknown, "no probe was answered"
	case k.Good == 0:
		k.Verdict, k.Reason = NoMatch, "no class has a probability"
	case k.Good > 1:
		k.Verdict = Ambiguous
		k.Reason = fmt.Sprintf("%d classes reach %.2f of the best probability, %.4f: want one alone", k.Good, goodShare, best.Probability)
	case !(best.Novelty < NoveltyThreshold):
		k.Verdict = Novel
		k.Reason = fmt.Sprintf("the novelty of the best match is %.3f: want less than %.1f", best.Novelty, NoveltyThreshold)
	default:
		k.Verdict = Success
		k.Reason = fmt.Sprintf("one good match, of novelty %.3f, less than %.1f", best.Novelty, NoveltyThreshold)
	}
}

// Probabilities gives each class's logistic probability, in the order of
// Classes, not scaled to sum to one.
func (m *Model) Probabilities(v *Vector) []float64 {
	x, p := m.Scaled(v), make([]float64, len(m.Classes))
	for c := range p {
		p[c] = m.probability(c, x)
	}
	return p
}

func (m *Model) probability(c int, x []float64) float64 { return 1 / (1 + math.Exp(-m.score(c, x))) }

// score is w·x of a class.
func (m *Model) score(c int, x []float64) float64 {
	sum := 0.0
	for i, w := range m.Weight[c] {
		sum += w * x[i]
	}
	return sum
}

// novelty is Mahalanobis's distance with a diagonal covariance matrix.
func (m *Model) novelty(c int, x []float64) float64 {
	sum := 0.0
	for i, mean := range m.Mean[c] {
		variance := m.Variance[c][i]
		if variance == 0 {
			variance = defaultVariance
		}
		d := x[i] - mean
		sum += d * d / variance
	}
	return math.Sqrt(sum)
}

// Best is the class of the highest probability, the first of several, and that
// probability.
func (m *Model) Best(v *Vector) (class int, probability float64) {
	return m.best(m.Scaled(v))
}

func (m *Model) best(x []float64) (class int, probability float64) {
	highest := math.Inf(-1)
	for c := range m.Classes {
		if s := m.score(c, x); s > highest {
			class, highest = c, s
		}
	}
	return class, 1 / (1 + math.Exp(-highest))
}
