package nmap6

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// maxFPModel bounds the file that is read; Nmap's are below 3 MB.
const maxFPModel = 64 << 20

// ImportFPModel reads the model in a user's copy of Nmap's FPModel.cc, of any
// version: all counts and names come from the file. The file is read as data
// and never compiled. What is cut short, changed or disagrees with another
// part of the file, numbers that are not finite, and features that this
// program does not compute, are errors that name the line.
func ImportFPModel(r io.Reader) (*Model, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFPModel+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxFPModel {
		return nil, fmt.Errorf("more than %d MB: want Nmap's FPModel.cc", maxFPModel>>20)
	}
	f := &fpModel{scanner: newScanner(string(b))}
	f.read()
	if f.err != nil {
		return nil, f.err
	}
	return f.model()
}

// fpModel is FPModel.cc as it is read. Lines are those of declarations, for
// errors about them.
type fpModel struct {
	*scanner
	ahead   *token
	remarks []string // comments since the last token

	features []string
	scale    []Scale
	tables   map[string][][]float64
	weights  []float64
	marks    []weightMark
	labels   []float64
	head     []float64 // the numbers of FPModel
	c        float64
	classes  []Class
	lines    map[string]int
}

// weightMark is a comment among the weights: before which of them, and what it
// says.
type weightMark struct {
	at   int
	name string
	line int
}

// peek gives the next token that is not a comment, and keeps it.
func (f *fpModel) peek() token {
	if f.ahead == nil {
		f.remarks = nil
		t := f.next()
		for ; t.kind == comment; t = f.next() {
			f.remarks = append(f.remarks, t.text)
			// C stands in a comment alone; it is not known without.
			_, _ = fmt.Sscanf(t.text, "C = %g", &f.c)
		}
		f.ahead = &t
	}
	return *f.ahead
}

// take gives the next token and goes beyond it.
func (f *fpModel) take() token {
	t := f.peek()
	f.ahead = nil
	return t
}

// expect takes the given marks and words.
func (f *fpModel) expect(all ...string) {
	for _, want := range all {
		if t := f.take(); !t.is(want) {
			f.failf(t.line, "have %s: want %q", t, want)
		}
	}
}

// accept takes a mark if it is next.
func (f *fpModel) accept(s string) bool {
	if !f.peek().is(s) {
		return false
	}
	f.take()
	return true
}

// read goes through the declarations.
func (f *fpModel) read() {
	f.tables, f.lines = map[string][][]float64{}, map[string]int{}
	for f.err == nil {
		t := f.take()
		if t.kind == endOfFile {
			return
		}
		if t.kind == mark && t.text == "{" {
			f.failf(t.line, "have a block: want a declaration of FPscale, FPmean, FPvariance, _w, _labels, FPModel or load_fp_matches")
			return
		}
		if t.kind == word && slices.Contains([]string{"FPscale", "FPmean", "FPvariance", "_w", "_labels", "FPModel", "load_fp_matches"}, t.text) {
			if line := f.lines[t.text]; line > 0 {
				f.failf(t.line, "%s is there twice: first in line %d", t.text, line)
				return
			}
			f.lines[t.text] = t.line
			f.declaration(t.text)
		}
	}
}

// declaration reads what follows a name that is known.
func (f *fpModel) declaration(name string) {
	if name == "load_fp_matches" {
		f.expect("(", ")")
		f.matches()
		return
	}
	for f.accept("[") {
		if f.peek().kind == number {
			f.take()
		}
		f.expect("]")
	}
	f.expect("=", "{")
	switch name {
	case "FPscale":
		f.readScale()
	case "FPmean", "FPvariance":
		f.readTable(name)
	case "_w":
		f.readWeights()
	case "_labels":
		f.labels = f.numbers(nil)
	case "FPModel":
		f.readHead()
	}
	f.expect(";")
}

// value reads a number.
func (f *fpModel) value() float64 {
	sign := 1.0
	for {
		t := f.take()
		switch {
		case t.is("-"):
			sign = -sign
			continue
		case t.is("+"):
			continue
		case t.kind == number:
			if v, err := strconv.ParseFloat(t.text, 64); err == nil {
				return sign * v
			}
		}
		f.failf(t.line, "have %s: want a finite number", t)
		return 0
	}
}

// numbers reads numbers up to the brace that closes them; each is told how
// many came before it.
func (f *fpModel) numbers(each func(n int)) []float64 {
	var all []float64
	for f.err == nil && !f.accept("}") {
		f.peek()
		if each != nil {
			each(len(all))
		}
		all = append(all, f.value())
		if !f.accept(",") {
			f.expect("}")
			break
		}
	}
	return all
}

// readScale reads pairs, each followed by a comment with the feature's name.
func (f *fpModel) readScale() {
	for f.err == nil {
		t := f.peek()
		if len(f.scale) > 0 {
			f.nameFeature(t.line)
		}
		if f.accept("}") {
			return
		}
		f.expect("{")
		pair := f.numbers(nil)
		if len(pair) != 2 {
			f.failf(t.line, "FPscale: %d numbers: want 2", len(pair))
			return
		}
		f.scale = append(f.scale, Scale{pair[0], pair[1]})
		remarks := f.peekRemarks()
		if f.accept(",") {
			remarks = append(remarks, f.peekRemarks()...)
		}
		f.remarks = remarks
	}
}

// peekRemarks gives the comments before the next token.
func (f *fpModel) peekRemarks() []string {
	f.peek()
	return f.remarks
}

// nameFeature takes the comment after a pair as the feature's name.
func (f *fpModel) nameFeature(line int) {
	if len(f.remarks) != 1 {
		f.failf(line, "FPscale: %d comments after a pair: want one, the feature's name", len(f.remarks))
		return
	}
	f.features = append(f.features, f.remarks[0])
}

// readTable reads a row a class. The comments before them are not looked at: in
// Nmap 7.93 some still have the name that a class had before.
func (f *fpModel) readTable(name string) {
	for f.err == nil {
		if f.accept("}") {
			return
		}
		line := f.peek().line
		f.expect("{")
		row := f.numbers(nil)
		if f.err == nil && len(f.tables[name]) > 0 && len(row) != len(f.tables[name][0]) {
			f.failf(line, "%s: %d numbers: want %d, as in the rows before", name, len(row), len(f.tables[name][0]))
		}
		f.tables[name] = append(f.tables[name], row)
		if !f.accept(",") {
			f.expect("}")
			return
		}
	}
}

// readWeights reads a run of weights a feature, each after a comment with its
// name.
func (f *fpModel) readWeights() {
	f.weights = f.numbers(func(n int) {
		if len(f.remarks) > 0 {
			f.marks = append(f.marks, weightMark{n, f.remarks[len(f.remarks)-1], f.peek().line})
		}
	})
}

// readHead reads FPModel: the solver in braces, classes, features, two names,
// bias.
func (f *fpModel) readHead() {
	line := f.peek().line
	for f.err == nil && !f.accept("}") {
		switch t := f.peek(); {
		case t.is("{"):
			f.take()
			solver := f.numbers(nil)
			if len(solver) == 0 || solver[0] != 0 {
				f.failf(t.line, "FPModel: solver %v: want 0, L2-regularised logistic regression", solver)
			}
		case t.kind == word:
			f.take()
		default:
			f.head = append(f.head, f.value())
		}
		if !f.accept(",") {
			f.expect("}")
			break
		}
	}
	if f.err == nil && len(f.head) != 3 {
		f.failf(line, "FPModel: %d numbers: want classes, features and bias", len(f.head))
	}
}

// model puts the parts together and checks them against each other.
func (f *fpModel) model() (*Model, error) {
	for _, name := range []string{"FPscale", "FPmean", "FPvariance", "_w", "_labels", "FPModel", "load_fp_matches"} {
		if f.lines[name] == 0 {
			return nil, fmt.Errorf("line %d: the end of the file: want a declaration of %s", f.line, name)
		}
	}
	classes, features := int(f.head[0]), int(f.head[1])
	counts := []struct {
		name       string
		have, want int
	}{
		{"FPscale", len(f.scale), features}, {"FPmean", len(f.tables["FPmean"]), classes}, {"FPvariance", len(f.tables["FPvariance"]), classes},
		{"_labels", len(f.labels), classes}, {"load_fp_matches", len(f.classes), classes}, {"_w", len(f.weights), classes * features},
	}
	for _, c := range counts {
		if c.have != c.want || float64(classes) != f.head[0] || float64(features) != f.head[1] {
			return nil, fmt.Errorf("line %d: %s has %d entries: want %d, for FPModel (line %d) says %v classes and %v features",
				f.lines[c.name], c.name, c.have, c.want, f.lines["FPModel"], f.head[0], f.head[1])
		}
	}
	if f.head[2] >= 0 {
		return nil, fmt.Errorf("line %d: FPModel has a bias of %v: want none (-1)", f.lines["FPModel"], f.head[2])
	}
	if err := f.agree(classes); err != nil {
		return nil, err
	}
	m := &Model{Features: f.features, Scale: f.scale, Classes: f.classes, Mean: f.tables["FPmean"], Variance: f.tables["FPvariance"], C: f.c}
	m.Weight = make([][]float64, classes)
	for c := range m.Weight {
		m.Weight[c] = make([]float64, features)
		for i := range m.Weight[c] {
			m.Weight[c][i] = f.weights[i*classes+c]
		}
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("line %d: %w", f.lines["FPscale"], err)
	}
	return m, nil
}

// agree holds the order of labels, weights and rows against what they name.
func (f *fpModel) agree(classes int) error {
	for i, l := range f.labels {
		if l != float64(i) {
			return fmt.Errorf("line %d: _labels: label %d is %v: want classes in order", f.lines["_labels"], i, l)
		}
	}
	for _, m := range f.marks {
		if m.at%classes != 0 || f.features[m.at/classes] != m.name {
			return fmt.Errorf("line %d: _w: weights of %q after %d others: want %d a feature, in the order of FPscale", m.line, clip(m.name), m.at, classes)
		}
	}
	for _, table := range []string{"FPmean", "FPvariance"} {
		for c, row := range f.tables[table] {
			if len(row) != len(f.features) {
				return fmt.Errorf("line %d: %s: class %d has %d numbers: want %d, one a feature", f.lines[table], table, c, len(row), len(f.features))
			}
		}
	}
	return nil
}

var errStatement = errors.New("want a statement that makes a class")
