package nmap4

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Draw makes a subject that r's expressions describe: of each one of its
// alternatives, all equally likely, and of a range or bound one of its
// numbers, all equally likely; a bound without an end goes to twice its number
// and one. Every attribute is drawn on its own: combinations that no scan saw
// may come of it. The same numbers from rng give the same subject.
func (r *Reference) Draw(rng *rand.Rand) *Fingerprint {
	f := &Fingerprint{Tests: make([]Test, len(r.Tests))}
	for i := range r.Tests {
		t := Test{Name: r.Tests[i].Name, Attrs: make([]Attr, len(r.Tests[i].Attrs))}
		for j, a := range r.Tests[i].Attrs {
			t.Attrs[j] = Attr{a.Name, drawValue(rng, a.Value)}
		}
		f.Tests[i] = t
	}
	return f
}

// drawValue draws a value of an expression of DialectCurrent.
func drawValue(rng *rand.Rand, text string) string {
	alts := splitOutside(text)
	alt := alts[rng.IntN(len(alts))]
	lo, hi, open, ok := numbers(alt)
	switch {
	case ok && !open:
		from := hexValue(lo)
		return fmt.Sprintf("%X", from+rng.Uint64N(hexValue(hi)-from+1))
	case ok && lo != "":
		from := hexValue(lo) + 1
		return fmt.Sprintf("%X", from+rng.Uint64N(from))
	case ok:
		return fmt.Sprintf("%X", rng.Uint64N(max(1, hexValue(hi))))
	}
	var b strings.Builder
	for {
		before, rest, nested := strings.Cut(alt, "[")
		b.WriteString(before)
		if !nested {
			return b.String()
		}
		inner, behind, _ := strings.Cut(rest, "]")
		b.WriteString(drawValue(rng, inner))
		alt = behind
	}
}
