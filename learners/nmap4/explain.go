package nmap4

// Explanation says why a reference scored as it did.
type Explanation struct {
	Matched  int          `json:"matched"`  // points
	Possible int          `json:"possible"` // points
	Compared []Comparison `json:"compared"`
}

// Accuracy is points matched over points possible; 0 where nothing could be
// compared.
func (e *Explanation) Accuracy() float64 {
	if e.Possible == 0 {
		return 0
	}
	return float64(e.Matched) / float64(e.Possible)
}

// Comparison is one attribute that both sides have and that MatchPoints
// gives points.
type Comparison struct {
	Test     string `json:"test"`
	Attr     string `json:"attribute"`
	Expected string `json:"expected"` // the reference's expression
	Seen     string `json:"seen"`     // the subject's value
	Points   int    `json:"points"`   // possible
	Matched  bool   `json:"matched"`
}

// Explain compares f with r attribute by attribute, in the order of f, without
// the index: it is the plain way, to which Match is held. r need not be of the
// matcher's database; a malformed expression in it is an error.
func (m *Matcher) Explain(f *Fingerprint, r *Reference) (*Explanation, error) {
	e := &Explanation{}
	for i := range f.Tests {
		t := &f.Tests[i]
		expected := r.Test(t.Name)
		if expected == nil || f.Test(t.Name) != t {
			continue
		}
		for _, a := range t.Attrs {
			text, ok := expected.Get(a.Name)
			points, known := m.db.Points.Get(t.Name, a.Name)
			if !ok || !known || points == 0 {
				continue
			}
			if err := checkExpression(text); err != nil {
				return nil, err
			}
			x, err := m.dialect.compile(text)
			if err != nil {
				return nil, err
			}
			c := Comparison{Test: t.Name, Attr: a.Name, Expected: text, Seen: a.Value, Points: points, Matched: x.match(m.dialect.seen(a.Value))}
			e.Possible += points
			if c.Matched {
				e.Matched += points
			}
			e.Compared = append(e.Compared, c)
		}
	}
	return e, nil
}
