package oner

// Rule is what a value or interval of the column stands for.
type Rule struct {
	Value string `json:"value"` // or interval, as "< 5"
	Class string `json:"class"`
}

// Describe gives the rule, one entry a value; the argument, how many of a list
// to give, means nothing here.
func (m *Model) Describe(int) any {
	d := struct {
		Column  string `json:"column,omitempty"` // none: the class of a missing cell is for every row
		Rules   []Rule `json:"rules"`
		Missing string `json:"missing"` // class of a missing cell
		Other   string `json:"other"`   // class of a value that the column does not have
		Right   int    `json:"right"`   // training rows that the rule names rightly
		Rows    int    `json:"rows"`
	}{Rules: []Rule{}, Missing: m.classes[m.missing], Other: m.classes[m.other], Right: m.right, Rows: m.rows}
	if !m.empty {
		d.Column = m.name()
	}
	for i, class := range m.rule {
		d.Rules = append(d.Rules, Rule{m.value(i), m.classes[class]})
	}
	return d
}
