package nmap4

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestExpressions793 has what Nmap 7.93 answered: a machine in a namespace was
// scanned with databases of our own, in which each expression was worth 7 of
// 100 points (see match_root_test.go, which asks again).
func TestExpressions793(t *testing.T) {
	for _, c := range []struct {
		value    string
		yes, not []string
	}{
		{"FE88",
			[]string{"FE88", "FE88|1", "FE|1", "F|1|2", "|1", "|1|2", "1||2", "1-2|FE88", "1-2|FE|3", "FE80-FE90", "FE80-FE90|1", "1|FE80-FE90",
				">FE00", ">FE00|1", "1|>FE00", "FE88|>FFFF", "FE88|<5", ">5|FE88", "<FFFF", "<FFFF|2", "2|<FFFF", "FE|<5", "FE|>FFFF",
				"FE80-FE90|FE", ">5|FE", "<5|FE88", "<5|FE|3", "1-FE88", "FE88-FFFF", "1-2|5-FFFF", "1-2|5-FFFF|4", "5-FFFF|1-2", ">5|1-2",
				"1-2|>5|3-4", "<FFFF|1-2", ">5|<3|1-2", "FE88|FE88", "1-2|FE88|", "FE88|1-2|FE88", ">FFFF|FE88|", "FE8-FE89"},
			[]string{"1|FE", "1|", "FE88|1-2", "FE88|A|1-2", "FE88|1-2|3", "1-2|FE", "|1-2", "FE8|1-2", "FE88Z|1-2", ">FFFF|1", "<5|1-2",
				"F|>FFFF|5-6", "1-2|FE|3-4", ">FE88", "<FE88", "0FE88", "FE88|1-2|5-6", "FE8|FE88|1-2", ""}},
		{"M5B4ST11NWA",
			[]string{"M5B4ST11NWA", "M5B4|1", "M5B|M4", "1|M5B4ST11NWA", "|R", "|", "||", "X||Y", "M5B4ST11NWA|1-2", "1-2|M5B4ST11NWA", "M|1-2",
				"M5B4|1-2|X", "1-2|M|3", "M5B4ST11NWA|>5", "M5B4ST11NWA|<5", "M5B4ST11NWA|", "|1-2", "A|M5|1-2", "1-2|M|"},
			[]string{"1|M5B4", "R|", "1-FFFF", ">1", "<FFFFFFF", ">1|X", "<FFFFFF|X", "X|>1", "M[5B4]ST11NWA", "M5B4ST11NW[1-F]",
				"M5B4ST11NWAX|1", "M5B4ST11NWAX", "1-2|M"}},
		{"AS",
			[]string{"AS", "AS|1-2", "A|1-2", "|1-2", "AS|>5", "A|B|1-2", "1-2|AS"},
			[]string{"1-FF", "B|1-2", ">1"}},
		{"Z",
			[]string{"Z|1-2", "|1-2", "1-2|Z", "Z|A|1-2", "A|Z|1-2", "<5|Z", "Z|<5"},
			[]string{">1|1-2", "1-2|>1", "Y|1-2"}},
		{"",
			[]string{"", "1-2|", "|", "A|", "|A", "<1", "0-5"},
			[]string{"|1-2", "1-2", ">0", "A|B"}},
		{"A",
			[]string{"A|O", "O|A", "9-B", "11-12|A"},
			[]string{"A|1-2", "A|11-12", "|11-12", "Z|11-12", "0A", "A+", "A|14-1E"}},
	} {
		requireMatches(t, Dialect793, c.value, c.yes, c.not)
	}
}

// TestExpressionsCurrent is worked by hand from the grammar.
func TestExpressionsCurrent(t *testing.T) {
	for _, c := range []struct {
		value    string
		yes, not []string
	}{
		{"FE88",
			[]string{"FE88", "FE88|1", "1|FE88", "FE88|1-2", "FE80-FE90", "1-10000", ">FFF", "<10000", "1-2|>5", "FE88-FE88"},
			[]string{"FE|1", "|1", "1|", "", "1-2", "FE88Z", ">FE88", "<FE88", ">10000", "0FE88"}},
		{"M5B4ST11NWA",
			[]string{"M5B4ST11NWA", "M[500-5B4]ST11NW[6-A]", "M[5B4]ST11NWA", "X|M[1|5B4]ST11NWA", "M[>400]ST11NW[<B|F]", "M5B4ST[10-11]NWA"},
			[]string{"M5B4|1", "M[500-5B3]ST11NWA", "M[5]B4ST11NWA", "M5B4ST11NW[1-9]", "M5B4ST11NWA[1]", "1-FFFF", "|R", "M[5B4]ST11NWAX", "[5B4]"}},
		{"", []string{"", "|", "A|", "|A"}, []string{"0", "0-5", "<1", "[0-5]"}},
		{"0A", []string{"0A", "1-FF"}, []string{"A", "1-B"}},
		{"AS", []string{"AS", "R|AS"}, []string{"A|B", "1-FFFF", ">1", "<1"}},
	} {
		requireMatches(t, DialectCurrent, c.value, c.yes, c.not)
	}
}

// requireMatches asks the expressions themselves and the look-up of slots.
func requireMatches(t *testing.T, d Dialect, value string, yes, not []string) {
	index := slotIndex{dialect: d}
	for i, text := range append(append([]string(nil), yes...), not...) {
		e, err := d.compile(text)
		require.NoError(t, err)
		require.Equal(t, i < len(yes), e.match(d.seen(value)), "%s: %q on %q", d, text, value)
		_, err = index.intern(text)
		require.NoError(t, err, text)
	}
	found := map[int32]bool{}
	for _, i := range index.find(value, nil) {
		found[i] = true
	}
	for text, i := range index.at {
		require.Equal(t, index.exprs[i].match(d.seen(value)), found[i], "%s: %q on %q", d, text, value)
	}
}

func TestCheckExpression(t *testing.T) {
	for text, want := range map[string]string{
		"6-1":                "range 6-1 is upside down",
		"1|00A-9":            "range 00A-9 is upside down",
		"1-":                 "1-: want a bound as >A or a range as 1-6",
		"-5":                 "-5: want a bound",
		">":                  ">: want a bound",
		">G":                 ">G: want a bound",
		"<5-6":               "<5-6: want a bound",
		"fe-ff":              "fe-ff: want a bound",
		"1-1000000000000000": "up to 15 digits",
		"M[5":                "'[' without ']'",
		"M5]":                "']' without '['",
		"M[5[6]]":            "brackets in brackets",
		"M[]":                "[]: want hexadecimal numbers",
		"M[ST]":              "[ST]: want hexadecimal numbers",
		"M[9-5]":             "range 9-5 is upside down",
		"M[1]-5":             "want a bound",
		"a b":                "' ': want printable characters",
	} {
		require.ErrorContains(t, checkExpression(text), want, text)
	}
	for _, text := range []string{"", "|", "A", "S+", "1-6", "5-5", ">0", "M[1-2|5]ST[>3]", "fe88"} {
		require.NoError(t, checkExpression(text), text)
	}
}

func TestDialectNames(t *testing.T) {
	for _, d := range []Dialect{Dialect793, DialectCurrent} {
		again, err := ParseDialect(d.String())
		require.NoError(t, err)
		require.Equal(t, d, again)
	}
	_, err := ParseDialect("8")
	require.EqualError(t, err, `dialect "8": want 7.93 or current`)
	_, err = Dialect(0).compile("A")
	require.ErrorContains(t, err, "Dialect(0)")
}

// FuzzExpression holds the look-up of slots to the expressions themselves.
func FuzzExpression(f *testing.F) {
	f.Add("M5B4|1-2|X", "M5B4NNT11", true)
	f.Add("M[500-5B4]ST11NW[6-8]", "M5B4ST11NW7", false)
	f.Add("|", "", true)
	f.Fuzz(func(t *testing.T, text, value string, old bool) {
		d := DialectCurrent
		if old {
			d = Dialect793
		}
		index := slotIndex{dialect: d}
		if _, err := index.intern(text); err != nil {
			return
		}
		require.Equal(t, index.exprs[0].match(d.seen(value)), len(index.find(value, nil)) > 0)
	})
}
