// Package logistic is L2-regularised logistic regression with the objective
// of LIBLINEAR's solver 0 (Fan, Chang, Hsieh, Wang and Lin, "LIBLINEAR: a
// library for large linear classification", Journal of Machine Learning
// Research 9, 2008): ½|w|² + C·Σ ln(1+exp(-y·w·x)), one class against the
// rest, or one multinomial model of all.
//
// A nominal column is one-hot, a column a value; a missing cell is zero in
// all of them. Numeric columns enter as they are, missing ones as zero. The
// bias is the weight of one more column, and regularised like the others.
//
// The optimum is a sum of training rows, so with fewer rows than columns the
// search is for a coefficient a row, and all it needs of the data is the Gram
// matrix: agreements between rows, which classes and folds share. With more
// rows than columns it is for the weights. Both are the same truncated Newton
// method, whose steps are the same up to rounding. Columns of one partition
// have one weight, as the regularisation makes them.
//
// With the option calibrated the probabilities are scaled by a temperature that
// is fitted to training rows which models of the others have not seen.
package logistic

import (
	"context"
	"fmt"
	"math"
	"slices"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
)

// Entry offers the learner under the name "logistic".
func Entry() learners.Entry {
	return learners.Entry{
		Name:    "logistic",
		Summary: "L2-regularised logistic regression, one against the rest as LIBLINEAR's solver 0, or multinomial.",
		View:    learners.MatrixView,
		Options: []learners.Option{
			{Name: "c", Type: learners.FloatOption, Default: "1", Doc: "Weight of the training rows' loss against ½|w|², above 0."},
			{Name: "eps", Type: learners.FloatOption, Default: "0.01", Doc: "The search ends when the gradient is this part of the one at the start, times the share of the rarer side; above 0."},
			{Name: "bias", Type: learners.FloatOption, Default: "1", Doc: "Value of the bias column; below 0: no bias."},
			{Name: "multinomial", Type: learners.BoolOption, Default: "false", Doc: "One softmax model of all classes instead of one against the rest."},
			{Name: "calibrated", Type: learners.BoolOption, Default: "false", Doc: "Scale the probabilities by a temperature that is fitted to training rows held out in groups, in five parts; the class answered stays the same."},
			{Name: "space", Type: learners.ChoiceOption, Default: cheaper, Values: []string{cheaper, primal, gram},
				Doc: "Search for weights (primal), for a coefficient a training row (gram), or for what is cheaper."},
		},
		New:  newLearner,
		Load: load,
	}
}

// The values of the option space.
const cheaper, primal, gram = "cheaper", "primal", "gram"

func newLearner(o learners.Options) (learners.Learner, error) {
	l := withOptions(o)
	if l.c <= 0 {
		return nil, fmt.Errorf("option c=%v: want a number above 0", l.c)
	}
	if l.eps <= 0 {
		return nil, fmt.Errorf("option eps=%v: want a number above 0", l.eps)
	}
	return l, nil
}

func withOptions(o learners.Options) learner {
	return learner{c: o.Float("c"), eps: o.Float("eps"), bias: max(o.Float("bias"), 0), multinomial: o.Bool("multinomial"), calibrated: o.Bool("calibrated"), space: o.Text("space")}
}

type learner struct {
	c, eps      float64
	bias        float64 // 0: none
	multinomial bool
	calibrated  bool
	space       string
}

// Fit finds the weights. A class without training rows has none, and its
// probability is 0. Numeric columns must be finite or missing. The model is a
// *Model.
func (l learner) Fit(ctx context.Context, t *learners.Train) (learners.Model, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := attributes.CheckNumbers(t.Data); err != nil {
		return nil, err
	}
	if l.calibrated && t.Shared == nil {
		several := *t
		several.Shared = learners.NewShared(t.Data)
		t = &several
	}
	m, err := l.fit(ctx, t)
	if err != nil {
		return nil, err
	}
	if l.calibrated {
		if m.temperature, err = l.calibrate(ctx, t); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// fit finds the weights, of a model that is not calibrated.
func (l learner) fit(ctx context.Context, t *learners.Train) (*Model, error) {
	m := &Model{names: slices.Clone(t.Classes), classes: len(t.Classes), multinomial: l.multinomial, calibrated: l.calibrated, temperature: 1}
	counts := make([]int, len(t.Classes))
	for _, r := range t.Rows {
		counts[t.Labels[r]]++
	}
	for c, n := range counts {
		if n > 0 {
			m.present = append(m.present, int32(c))
		}
	}
	var err error
	if m.space, err = l.newSpace(ctx, t); err != nil {
		return nil, err
	}
	switch {
	case len(m.present) == 1:
		return m, nil
	case l.multinomial:
		m.coefs, err = l.fitTogether(ctx, t, m)
	default:
		m.coefs, err = l.fitEach(ctx, t, m)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// newSpace makes the space in which a step is cheaper: one of the Gram matrix
// costs rows² multiplications, one of the weights twice the rows' cells.
func (l learner) newSpace(ctx context.Context, t *learners.Train) (space, error) {
	cells := len(t.Data.IDs) + len(t.Data.Numbers) + 1
	if l.space == gram || l.space == cheaper && len(t.Rows) <= 2*cells {
		return newGramSpace(ctx, t, l.bias)
	}
	return newPrimalSpace(t, l.bias), nil
}

// fitEach finds the coefficients of each class against the rest; of two
// classes, those of the first alone.
func (l learner) fitEach(ctx context.Context, t *learners.Train, m *Model) ([][]float64, error) {
	coefs := make([][]float64, problems(len(m.present), false))
	done := t.Counter(len(coefs))
	err := learners.Parallel(ctx, len(coefs), t.Workers, func(_, i int) error {
		loss := &binaryLoss{c: l.c, y: make([]float64, len(t.Rows))}
		positive := 0
		for j, r := range t.Rows {
			if loss.y[j] = -1; t.Labels[r] == m.present[i] {
				loss.y[j] = 1
				positive++
			}
		}
		rarer := max(1, min(positive, len(t.Rows)-positive))
		s := search{space: m.space, loss: loss, blocks: 1, tolerance: l.eps * float64(rarer) / float64(len(t.Rows))}
		var err error
		coefs[i], err = s.run(ctx)
		done()
		return err
	})
	return coefs, err
}

// fitTogether finds the coefficients of all classes at once.
func (l learner) fitTogether(ctx context.Context, t *learners.Train, m *Model) ([][]float64, error) {
	at := make([]int, len(t.Classes))
	for i, c := range m.present {
		at[c] = i
	}
	loss := &softmaxLoss{c: l.c, class: make([]int, len(t.Rows)), classes: len(m.present)}
	counts := make([]int, len(m.present))
	for j, r := range t.Rows {
		loss.class[j] = at[t.Labels[r]]
		counts[loss.class[j]]++
	}
	rarer := len(t.Rows)
	for _, n := range counts {
		rarer = min(rarer, n)
	}
	s := search{space: m.space, loss: loss, blocks: len(m.present), tolerance: l.eps * float64(rarer) / float64(len(t.Rows))}
	all, err := s.run(ctx)
	if err != nil {
		return nil, err
	}
	coefs, dim := make([][]float64, len(m.present)), m.space.dim()
	for i := range coefs {
		coefs[i] = all[i*dim : (i+1)*dim : (i+1)*dim]
	}
	return coefs, nil
}

// Model is a weight for each value of each nominal column, each numeric column
// and the bias, for each class.
type Model struct {
	space       space
	names       []string // of the classes
	classes     int
	present     []int32     // classes with training rows, ascending
	coefs       [][]float64 // of the present classes, or of the first of two
	multinomial bool
	calibrated  bool
	temperature float64 // 1 when not calibrated
}

// Kind says that scores are probabilities.
func (m *Model) Kind() learners.ScoreKind { return learners.Probability }

// Predict gives the classes' logistic functions, scaled to sum to one as
// LIBLINEAR does, or the softmax of a multinomial model, and the first class
// of those with the highest. A calibrated model's are the powers 1/T of these,
// scaled to sum to one.
func (m *Model) Predict(row int32) learners.Prediction {
	p := learners.Prediction{Scores: make([]float64, m.classes)}
	if len(m.present) == 1 {
		p.Class = m.present[0]
		p.Scores[p.Class] = 1
		return p
	}
	scores := m.logs(row)
	softmax(scores, m.temperature)
	for i, c := range m.present {
		p.Scores[c] = scores[i]
	}
	for c, s := range p.Scores {
		if s > p.Scores[p.Class] {
			p.Class = int32(c)
		}
	}
	return p
}

// logs gives the logarithms of a row's probabilities of the classes with
// training rows, up to a constant, where there are two or more.
func (m *Model) logs(row int32) []float64 {
	logs := make([]float64, len(m.coefs), len(m.present))
	m.space.row(row, m.coefs, logs)
	if m.multinomial {
		return logs
	}
	if len(m.coefs) < len(m.present) {
		logs = append(logs, -logs[0])
	}
	for i, v := range logs {
		logs[i] = -softplus(-v)
	}
	return logs
}

// softmax makes probabilities of logarithms, in place.
func softmax(logs []float64, temperature float64) {
	highest, total := slices.Max(logs), 0.0
	for i, v := range logs {
		logs[i] = math.Exp((v - highest) / temperature)
		total += logs[i]
	}
	for i := range logs {
		logs[i] /= total
	}
}

// softplus is ln(1+eˣ).
func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// Weight gives what a cell with this code adds to a class's sum, c being one of
// the selected columns: to the logarithm of the class's odds, in a model of
// one against the rest. It costs a look at each training row.
func (m *Model) Weight(class int32, c int, code datasets.Code) float64 {
	return m.weight(class, func(coefs []float64) float64 { return m.space.weight(coefs, c, code) })
}

// NumberWeight gives the weight of the n-th column of Matrix.Numbers, a
// selected one.
func (m *Model) NumberWeight(class int32, n int) float64 {
	return m.weight(class, func(coefs []float64) float64 { return m.space.numberWeight(coefs, n) })
}

// Bias gives what a class's sum starts from: the weight of the bias column
// times its value.
func (m *Model) Bias(class int32) float64 { return m.weight(class, m.space.bias) }

func (m *Model) weight(class int32, of func(coefs []float64) float64) float64 {
	sign := 1.0
	if coefs := m.coefsOf(class, &sign); coefs != nil {
		return sign * of(coefs)
	}
	return 0
}

// coefsOf gives the coefficients of a class, nil where it has none; sign
// becomes -1 for the second of two classes, which has the first's.
func (m *Model) coefsOf(class int32, sign *float64) []float64 {
	for i, c := range m.present {
		switch {
		case c != class || len(m.present) == 1:
		case i < len(m.coefs):
			return m.coefs[i]
		default:
			*sign = -1
			return m.coefs[0]
		}
	}
	return nil
}
