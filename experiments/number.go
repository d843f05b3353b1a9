package experiments

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// Number is a result that may not exist: NaN stands for n/a. In JSON it is
// null, for JSON has no NaN; in tables it is "n/a".
type Number float64

// NA is the number that does not exist: a metric that the data do not define.
var NA = Number(math.NaN())

// IsNA reports whether n does not exist.
func (n Number) IsNA() bool { return math.IsNaN(float64(n)) }

// Format writes n with so many decimals, or "n/a". Negative zero is zero.
func (n Number) Format(decimals int) string {
	if n.IsNA() {
		return "n/a"
	}
	s := strconv.FormatFloat(float64(n), 'f', decimals, 64)
	if v, err := strconv.ParseFloat(s, 64); err == nil && v == 0 && s[0] == '-' {
		return s[1:]
	}
	return s
}

// MarshalJSON writes the shortest decimal that reads back as n, or null. An
// infinity is an error: no metric here has one.
func (n Number) MarshalJSON() ([]byte, error) {
	if n.IsNA() {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (n *Number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = NA
		return nil
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return fmt.Errorf("number %s: want a number or null", b)
	}
	*n = Number(v)
	return nil
}

// PaperValue is a number that the paper gives for the same quantity. The
// zero value stands for none: what the paper does not give is empty.
type PaperValue struct {
	Relation string `json:"relation"` // "=", or ">" or "<" where the paper says "more than" or "less than"
	Value    Number `json:"value"`
}

// Given reports whether the paper gives the number.
func (v PaperValue) Given() bool { return v.Relation != "" }

// String writes the value as tables show it: "0.85", ">0.98", or nothing.
func (v PaperValue) String() string {
	switch v.Relation {
	case "":
		return ""
	case "=":
		return strconv.FormatFloat(float64(v.Value), 'g', -1, 64)
	}
	return v.Relation + strconv.FormatFloat(float64(v.Value), 'g', -1, 64)
}

// MarshalJSON writes an object, or null where the paper gives nothing.
func (v PaperValue) MarshalJSON() ([]byte, error) {
	if !v.Given() {
		return []byte("null"), nil
	}
	n, err := v.Value.MarshalJSON()
	if err != nil {
		return nil, err
	}
	// json.Marshal would write > as \u003e.
	return fmt.Appendf(nil, `{"relation":%q,"value":%s}`, v.Relation, n), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (v *PaperValue) UnmarshalJSON(b []byte) error {
	*v = PaperValue{}
	if string(b) == "null" {
		return nil
	}
	type plain PaperValue
	if err := json.Unmarshal(b, (*plain)(v)); err != nil {
		return err
	}
	if v.Relation != "=" && v.Relation != "<" && v.Relation != ">" {
		return fmt.Errorf("paper value: relation %q: want =, < or >", v.Relation)
	}
	return nil
}
