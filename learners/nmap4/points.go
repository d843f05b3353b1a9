package nmap4

import "strconv"

// DefaultPoints gives the points of nmap-os-db's MatchPoints, the same from
// Nmap 5 to 7.93, for databases that come from training machines: what the
// weights mean is told in the chapter "OS Matching Algorithms" of Nmap's book.
func DefaultPoints() MatchPoints {
	list := func(test string, points ...any) Test {
		t := Test{Name: test}
		for i := 0; i < len(points); i += 2 {
			t.Attrs = append(t.Attrs, Attr{points[i].(string), strconv.Itoa(points[i+1].(int))})
		}
		return t
	}
	// Of a TCP answer: whether there was one, and the fields of T1 to T7.
	tcp := func(test string, answered int) Test {
		return list(test, "R", answered, "DF", 20, "T", 15, "TG", 15, "W", 25, "S", 20, "A", 20, "F", 30, "O", 10, "RD", 20, "Q", 20)
	}
	return MatchPoints{Tests: []Test{
		list("SEQ", "SP", 25, "GCD", 75, "ISR", 25, "TI", 100, "CI", 50, "II", 100, "SS", 80, "TS", 100),
		list("OPS", "O1", 20, "O2", 20, "O3", 20, "O4", 20, "O5", 20, "O6", 20),
		list("WIN", "W1", 15, "W2", 15, "W3", 15, "W4", 15, "W5", 15, "W6", 15),
		list("ECN", "R", 100, "DF", 20, "T", 15, "TG", 15, "W", 15, "O", 15, "CC", 100, "Q", 20),
		list("T1", "R", 100, "DF", 20, "T", 15, "TG", 15, "S", 20, "A", 20, "F", 30, "RD", 20, "Q", 20),
		tcp("T2", 80), tcp("T3", 80), tcp("T4", 100), tcp("T5", 100), tcp("T6", 100), tcp("T7", 80),
		list("U1", "R", 50, "DF", 20, "T", 15, "TG", 15, "IPL", 100, "UN", 100, "RIPL", 100, "RID", 100, "RIPCK", 100, "RUCK", 100, "RUD", 100),
		list("IE", "R", 50, "DFI", 40, "T", 15, "TG", 15, "CD", 100),
	}}
}
