// Package collector sends every probe of a plan to every machine of a pool,
// again and again, and writes down what comes back.
//
// Its opinion is that a measurement must not depend on who is measured, nor
// on when: the same packets go to every machine in the same order, every
// machine starts afresh from its own seed, and an answer belongs to the one
// sending whose addresses and ports it carries, or to none. What is late,
// doubled, malformed or of unknown origin is counted and never mixed in. So a
// run with one seed gives the same bytes for any number of processors, and
// after any number of interruptions.
//
// A packet is a dialogue of one step, and one loop runs both. On links with a
// virtual clock silence is certain and the loop only follows its schedule; on
// real links it keeps a window of sendings whose fate is open, and closes it
// by fences: packets that always draw an answer, behind everything else. Which
// packet that is, is found in a warm-up; a machine that answers none is sent
// to at a steady pace, and its silence told by time. Where answers thin out
// with pace, because the stack limits them, a machine is asked again more
// slowly; and dialogues that met silence are had once more at a slow pace, so
// that what a limit keeps back is no feature.
//
// A packet goes over the version of IP that its probe says. A machine without
// IPv6 has no part in a plan of IPv6 alone, which is no failure and stands in
// the manifest with its reason; in a plan of both versions what is IPv6 is left
// out for it. Ordered plans and KeepRaw keep the bytes and the time of every
// answer beside the time of sending: datasets.OpenObservations gives them by
// probe and repeat, in either version.
package collector

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"

	"tickle/collector/pool"
	"tickle/datasets"
	"tickle/probegen"
)

// Order is the order in which the copies of a plan's probes are sent.
type Order uint8

const (
	// Random sends all copies of all probes in one order, drawn once from the
	// run's seed and the same for every machine. The copies of one probe are
	// never back to back where the plan has other probes.
	Random Order = iota
	// Ordered sends the probes in list order on an otherwise silent machine,
	// and the whole list again for each repeat. Every answer's bytes and
	// times are kept.
	Ordered
)

// String gives the name in manifests.
func (o Order) String() string {
	switch o {
	case Random:
		return "random"
	case Ordered:
		return "ordered"
	}
	return fmt.Sprintf("Order(%d)", uint8(o))
}

// Defaults of a plan and a run. Times are in µs.
const (
	DefaultRepeats  = 6
	DefaultBoots    = 2 // of a plan with dialogues
	DefaultPace     = 1000
	DefaultSpacing  = 100_000   // of ordered plans
	DefaultDeadline = 500_000   // on links whose silence is certain
	DefaultCeiling  = 3_000_000 // of the deadline on links with real clocks
)

// DefaultRestarts is Config.Restarts when that is 0.
const DefaultRestarts = 2

// Plan is a probe set and how it is sent.
type Plan struct {
	Name     string        // distinct in a run: letters, digits, '.', '_' and '-'
	Set      *probegen.Set //
	Machines []string      // names; nil means all of the pool
	Repeats  int           // sendings of each probe; 0: the set's own number, else DefaultRepeats
	// Boots is the number of starts of each machine that the repeats are
	// spread over, so that what only a start changes is found to vary; what
	// can't be started again is gone on with. 0: two where a probe of the set
	// has several steps and the order is random, else one.
	Boots int
	Order Order // a set whose header asks for it is Ordered in any case
	// Pace is the time in µs between sendings, in the machine's time; a
	// machine whose own Rate is lower is sent to at that. 0 means the set's own
	// spacing and gaps in an ordered plan; else the machine's Rate; else, where that has
	// none, DefaultSpacing in an ordered plan, DefaultPace on links whose silence
	// is certain, and as fast as the window lets on others.
	Pace int64
	gaps []int64 // the set's own, one a probe; nil: Pace
	// FullSpeed leaves it at that: dialogues that met silence are not had once
	// more at a slow pace, and what a limit kept back counts as silence.
	FullSpeed bool
}

// Keep says what of the packets themselves is kept.
type Keep uint8

const (
	KeepNothing Keep = iota // but those of ordered plans, which are always kept
	KeepRaw                 // all packets, in a pcapng a machine and plan, with an index
)

// Observations says for which machines the fields of every single exchange
// are kept, beside the summaries. A positive number N is a sample of N
// machines, drawn from the run's seed.
type Observations int

const (
	ObserveDefault Observations = 0  // all in a run below SmallRun exchanges, else SampleMachines
	ObserveAll     Observations = -1 //
	ObserveNone    Observations = -2 // but ordered plans, whose exchanges are always kept

	SmallRun       = 2_000_000 // exchanges in a run
	SampleMachines = 10
)

// String gives what ParseObservations reads.
func (o Observations) String() string {
	switch o {
	case ObserveDefault:
		return "default"
	case ObserveAll:
		return "all"
	case ObserveNone:
		return "none"
	}
	return strconv.Itoa(int(o))
}

// ParseObservations reads all, none, default, or the size of a sample.
func ParseObservations(s string) (Observations, error) {
	for _, o := range [...]Observations{ObserveDefault, ObserveAll, ObserveNone} {
		if s == o.String() {
			return o, nil
		}
	}
	n, err := strconv.Atoi(s)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("observations %q: want all, none, default or a number of machines", s)
	}
	return Observations(n), nil
}

// SourcePort says how sendings are told apart.
type SourcePort uint8

const (
	// Block gives every copy an address and port of its own, out of a block
	// of addresses that the prober owns.
	Block SourcePort = iota
	// Fixed sends everything from one address and port, one exchange at a
	// time: an answer belongs to the exchange that is open. It is what the
	// paper did.
	Fixed
)

// String gives what ParseSourcePort reads.
func (s SourcePort) String() string {
	switch s {
	case Block:
		return "block"
	case Fixed:
		return "fixed"
	}
	return fmt.Sprintf("SourcePort(%d)", uint8(s))
}

// ParseSourcePort reads block or fixed.
func ParseSourcePort(s string) (SourcePort, error) {
	for _, p := range [...]SourcePort{Block, Fixed} {
		if s == p.String() {
			return p, nil
		}
	}
	return 0, fmt.Errorf("source port %q: want block or fixed", s)
}

// Config is a run. Dir, Pool, Backends and Plans are needed.
type Config struct {
	Dir          string // the run folder; made when it is not there
	Pool         *pool.Pool
	Backends     map[string]pool.Backend // by name
	Plans        []Plan
	Seed         uint64
	Workers      int // machines at a time; 0: one a processor that Go uses
	Keep         Keep
	Observations Observations
	SourcePort   SourcePort
	// Deadline is how long an exchange is open after its last sending, in µs.
	// On links with real clocks the deadline follows the RTT and this is its
	// ceiling. 0: DefaultDeadline and DefaultCeiling.
	Deadline int64
	// Restarts is how often at most a machine that dies, hangs or does not
	// start is started again under a plan, whose part then begins anew. 0:
	// DefaultRestarts; below 0: never. What fails once more is missing.
	Restarts int
	Progress func(Progress) // called now and then, by one goroutine at a time; nil: not at all
	Version  string         // of this program, for the manifest

	files datasets.FS // tests put a full disk here
}

// restarts is Restarts with its default.
func (c *Config) restarts() int64 { return int64(max(cmp.Or(c.Restarts, DefaultRestarts), 0)) }

// Progress is how far a run has come.
type Progress struct {
	Machines      int   // done, those of an earlier start of the run among them
	MachinesTotal int   //
	Exchanges     int64 // made by this start of the run
	ExchangesLeft int64 // that this start of the run still has to make
	Rate          float64
}

// ErrMachines is wrapped by what Collect returns when the run is complete but
// for machines that failed.
var ErrMachines = errors.New("machines failed")
