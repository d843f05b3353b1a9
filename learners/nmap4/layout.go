package nmap4

// slot numbers a (test, attribute) pair of the layout.
type slot uint8

// layout is every test with its attributes, in the order in which Nmap prints
// them, and as its book names them.
var layout = []struct {
	test  string
	attrs []string
}{
	{"SEQ", []string{"R", "SP", "GCD", "ISR", "TI", "CI", "II", "SS", "TS"}},
	{"OPS", []string{"R", "O1", "O2", "O3", "O4", "O5", "O6"}},
	{"WIN", []string{"R", "W1", "W2", "W3", "W4", "W5", "W6"}},
	{"ECN", []string{"R", "DF", "T", "TG", "W", "O", "CC", "Q"}},
	{"T1", tcpAttrs}, {"T2", tcpAttrs}, {"T3", tcpAttrs}, {"T4", tcpAttrs}, {"T5", tcpAttrs}, {"T6", tcpAttrs}, {"T7", tcpAttrs},
	{"U1", []string{"R", "DF", "T", "TG", "IPL", "UN", "RIPL", "RID", "RIPCK", "RUCK", "RUD"}},
	{"IE", []string{"R", "DFI", "T", "TG", "CD"}},
}

// T1 has no W and O of its own: they are W1 and O1.
var tcpAttrs = []string{"R", "DF", "T", "TG", "W", "S", "A", "F", "O", "RD", "Q"}

// scanTest is the line that says how a subject was scanned. It is no test:
// its attributes are any, and no reference has it.
const scanTest = "SCAN"

// TestNames lists the tests in Nmap's order.
func TestNames() []string {
	names := make([]string, len(layout))
	for i := range layout {
		names[i] = layout[i].test
	}
	return names
}

// AttrNames lists the attributes that a test may have, in Nmap's order; nil
// for a name that is no test.
func AttrNames(test string) []string {
	if i, ok := testAt[test]; ok {
		return append([]string(nil), layout[i].attrs...)
	}
	return nil
}

// place is where a test's attributes lie among the slots.
var (
	testAt   = make(map[string]int, len(layout)) // index into layout
	slotAt   = make([]map[string]slot, len(layout))
	numSlots int
)

func init() {
	for i, t := range layout {
		testAt[t.test] = i
		slotAt[i] = make(map[string]slot, len(t.attrs))
		for _, a := range t.attrs {
			slotAt[i][a] = slot(numSlots)
			numSlots++
		}
	}
}
