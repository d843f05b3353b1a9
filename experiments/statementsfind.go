package experiments

import (
	"fmt"
	"math"
	"path"
	"path/filepath"

	"gonum.org/v1/gonum/stat/distuv"

	"tickle/experiments/stats"
)

// pairedStatement is answered by predictions about the same machines: the sum
// over terms of sign × share of right answers.
type pairedStatement struct {
	Experiment string       `yaml:"experiment"`
	Terms      []pairedTerm `yaml:"terms"`
	// OtherFolds allows terms that were tested in different folds, as where
	// one split is set against another.
	OtherFolds bool `yaml:"other_folds"`
}

// isDifference reports whether s is one share less another.
func (s *pairedStatement) isDifference() bool {
	return len(s.Terms) == 2 && s.Terms[0].Sign == 1 && s.Terms[1].Sign == -1
}

// pairedTerm chooses predictions. Texts are patterns of path.Match.
type pairedTerm struct {
	Sign      int    `yaml:"sign"`
	Hierarchy string `yaml:"hierarchy"`
	Level     int32  `yaml:"level"`
	Learner   string `yaml:"learner"`
	Options   string `yaml:"options"`
	Fields    string `yaml:"fields"`
	Split     string `yaml:"split"`
}

func (t *pairedTerm) String() string {
	learner := t.Learner
	if t.Options != "" {
		learner += ":" + t.Options
	}
	return fmt.Sprintf("%s level %d, %s, %s fields, %s folds", t.Hierarchy, t.Level, learner, t.Fields, t.Split)
}

func (t *pairedTerm) matches(p *Prediction) bool {
	for _, m := range [][2]string{{t.Hierarchy, p.Hierarchy}, {t.Learner, p.Learner}, {t.Options, p.Options}, {t.Fields, p.Fields}, {t.Split, p.Split}} {
		if ok, err := path.Match(m[0], m[1]); err != nil || !ok {
			return false
		}
	}
	return t.Level == p.Level
}

// asked says where a machine was tested.
type asked struct {
	machine      string
	repeat, fold int32
}

// termAnswers is what one term's predictions say.
type termAnswers struct {
	right   map[asked]bool
	groupOf map[string]string
	machine []string // in order of appearance
}

// paired tests a paired statement.
func (j *judge) paired(s *statement) (*finding, error) {
	name := s.Paired.Experiment
	predictions, ok := j.predictions[name]
	if !ok {
		var err error
		if predictions, err = ReadPredictions(filepath.Join(j.in.Results, name, "predictions.parquet")); err != nil {
			return nil, err
		}
		j.predictions[name] = predictions
	}
	terms := make([]termAnswers, len(s.Paired.Terms))
	for i := range s.Paired.Terms {
		t := &s.Paired.Terms[i]
		if terms[i] = t.answers(predictions); len(terms[i].right) == 0 {
			return nil, noEvidence{fmt.Sprintf("%s has no answers of %s", name, t)}
		}
		if !s.Paired.OtherFolds && !sameKeys(terms[0].right, terms[i].right) {
			return nil, noEvidence{fmt.Sprintf("%s and %s were not tested in the same folds", &s.Paired.Terms[0], t)}
		}
	}
	return s.Paired.test(terms, s.Margin, &Comparison{Seed: j.in.Seed, Resamples: j.resamples})
}

func (t *pairedTerm) answers(predictions []Prediction) termAnswers {
	a := termAnswers{right: make(map[asked]bool), groupOf: make(map[string]string)}
	filter := ""
	for i := range predictions {
		p := &predictions[i]
		if !t.matches(p) || filter != "" && p.Filter != filter {
			continue
		}
		filter = p.Filter // that of the data set comes first
		if _, seen := a.groupOf[p.Machine]; !seen {
			a.machine = append(a.machine, p.Machine)
			a.groupOf[p.Machine] = p.Group
		}
		a.right[asked{p.Machine, p.Repeat, p.Fold}] = p.Predicted != nil && *p.Predicted == p.Truth
	}
	return a
}

func sameKeys(a, b map[asked]bool) bool {
	if len(a) != len(b) {
		return false
	}
	for k := range a {
		if _, ok := b[k]; !ok {
			return false
		}
	}
	return true
}

// test sums over groups. Machines that were not asked equally often by every
// term are left out.
func (s *pairedStatement) test(terms []termAnswers, margin float64, c *Comparison) (*finding, error) {
	right, times := make([]map[string]int, len(terms)), make([]map[string]int, len(terms))
	for i := range terms {
		right[i], times[i] = make(map[string]int), make(map[string]int)
		for k, r := range terms[i].right {
			times[i][k.machine]++
			if r {
				right[i][k.machine]++
			}
		}
	}
	at := make(map[string]int)
	var difference, first, second, answers []int // by group
	machines := 0
	for _, m := range terms[0].machine {
		n, sum, equal := times[0][m], 0, true
		for i := range terms {
			equal = equal && times[i][m] == n
			sum += s.Terms[i].Sign * right[i][m]
		}
		if !equal {
			continue
		}
		machines++
		g, known := at[terms[0].groupOf[m]]
		if !known {
			g = len(at)
			at[terms[0].groupOf[m]] = g
			difference, answers = append(difference, 0), append(answers, 0)
			first, second = append(first, 0), append(second, 0)
		}
		difference[g] += sum
		first[g] += max(0, sum)
		second[g] += max(0, -sum)
		answers[g] += n
	}
	if machines == 0 {
		return nil, noEvidence{"no machine was asked equally often by every term"}
	}
	sum, all := 0, 0
	for g := range difference {
		sum += difference[g]
		all += answers[g]
	}
	test := stats.SignFlip(difference)
	if margin != 0 {
		test = stats.MarginTest(first, second, answers, margin/100)
	}
	i := c.interval(difference, answers)
	f := &finding{
		estimate: 100 * float64(sum) / float64(all), low: 100 * i.Low, high: 100 * i.High,
		p: test.P, unit: "points", n: machines, groups: len(difference),
	}
	f.beyond = f.estimate > margin
	return f, nil
}

// rowsStatement is answered by numbers in a result's rows.
type rowsStatement struct {
	Experiment string   `yaml:"experiment"`
	A          rowTerm  `yaml:"a"`
	B          *rowTerm `yaml:"b"`
	Combine    string   `yaml:"combine"` // "value": a; "difference": a − b; "relative": (a − b)/a
	Below      bool     `yaml:"below"`   // the statement says below the margin, not above
	// Interval says that low and high of a, which is all there is, are a 95 %
	// interval, so that there is a p.
	Interval bool    `yaml:"interval"`
	Unit     string  `yaml:"unit"`
	Scale    float64 `yaml:"scale"` // by which the number is multiplied
}

// rowTerm chooses a number: in the first row where every column has the given
// value, or of those rows the one whose column Last is highest.
type rowTerm struct {
	Column string         `yaml:"column"`
	Low    string         `yaml:"low"` // columns of bounds; "" for none
	High   string         `yaml:"high"`
	Where  map[string]any `yaml:"where"`
	Last   string         `yaml:"last"`
}

// find computes a statement of rows.
func (r *rowsStatement) find(s *statement, k *kept) (*finding, error) {
	for _, w := range k.Warnings {
		if w.Code == WarnCannotTell && w.Cell == "" {
			return nil, noEvidence{k.Experiment + ": " + w.Text}
		}
	}
	a, err := r.A.value(k)
	if err != nil {
		return nil, err
	}
	f := &finding{estimate: a[0], low: a[1], high: a[2], p: math.NaN(), unit: r.Unit}
	if r.Combine != "value" {
		if r.B == nil {
			return nil, fmt.Errorf("statements.yaml: %s: combine %s: want b", s.ID, r.Combine)
		}
		b, err := r.B.value(k)
		if err != nil {
			return nil, err
		}
		f.estimate, f.low, f.high = a[0]-b[0], a[1]-b[2], a[2]-b[1]
		switch r.Combine {
		case "difference":
		case "relative":
			if a[0] == 0 {
				return nil, noEvidence{"nothing to take a share of: " + r.A.Column + " is 0"}
			}
			f.estimate, f.low, f.high = f.estimate/a[0], f.low/a[0], f.high/a[0]
		default:
			return nil, fmt.Errorf("statements.yaml: %s: combine %q: want value, difference or relative", s.ID, r.Combine)
		}
	}
	f.estimate, f.low, f.high = r.Scale*f.estimate, r.Scale*f.low, r.Scale*f.high
	side := func(v float64) bool {
		if r.Below {
			return v < s.Margin
		}
		return v > s.Margin
	}
	f.beyond = side(f.estimate)
	if r.Interval {
		f.p, f.n, f.groups = pOfInterval(f, s.Margin), k.Provenance.Machines, k.Provenance.Groups
	}
	f.certain = side(f.low) == f.beyond && side(f.high) == f.beyond
	if r.A.Low == "" {
		f.low, f.high = math.NaN(), math.NaN()
	}
	return f, nil
}

// pOfInterval is the two-sided p of an estimate against a margin that follows
// from its 95 % interval by the normal distribution (Altman and Bland, How to
// obtain the P value from a confidence interval, BMJ 343, 2011). An interval
// without length is no test: NaN.
func pOfInterval(f *finding, margin float64) float64 {
	se := (f.high - f.low) / (2 * distuv.UnitNormal.Quantile(0.975))
	if se <= 0 {
		return math.NaN()
	}
	return 2 * distuv.UnitNormal.CDF(-math.Abs(f.estimate-margin)/se)
}

// value gives the number with its bounds, which are the number itself where
// the rows have none.
func (t *rowTerm) value(k *kept) ([3]float64, error) {
	var best map[string]any
	for _, row := range k.Rows {
		if t.matches(row) && (best == nil || t.Last != "" && number(row[t.Last]) > number(best[t.Last])) {
			best = row
		}
	}
	if best == nil {
		return [3]float64{}, noEvidence{fmt.Sprintf("%s has no row for %v", k.Experiment, t.Where)}
	}
	v := [3]float64{number(best[t.Column])}
	v[1], v[2] = v[0], v[0]
	if t.Low != "" {
		v[1], v[2] = number(best[t.Low]), number(best[t.High])
	}
	for _, x := range v {
		if math.IsNaN(x) {
			return v, noEvidence{fmt.Sprintf("%s of %s is n/a for %v", t.Column, k.Experiment, t.Where)}
		}
	}
	return v, nil
}

func (t *rowTerm) matches(row map[string]any) bool {
	for column, want := range t.Where {
		if text, ok := want.(string); ok {
			if row[column] != text {
				return false
			}
		} else if math.Abs(number(row[column])-number(want)) > 1e-9 || math.IsNaN(number(row[column])) {
			return false
		}
	}
	return true
}

// number gives a number of JSON or YAML; NaN for null or what is none.
func number(v any) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	}
	return math.NaN()
}
