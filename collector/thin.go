package collector

import (
	"fmt"
	"math/bits"

	"tickle/datasets"
	"tickle/probegen"
)

// thinned says that a machine's answers thin out with pace, as they do where
// its stack limits them: the part is to be collected again at a slower pace.
type thinned struct {
	pace int64   // µs between sendings that is to be tried
	lost float64 // share of copies without the answer that others of their probe drew
}

func (t thinned) Error() string {
	return fmt.Sprintf("%.2g %% of its answers are missing: to be asked every %d µs", 100*t.lost, t.pace)
}

// What is made of missing answers. A link loses all kinds alike, a stack
// limits some; one that is flooded drops what comes, whatever it is.
const (
	thinShare  = 0.0025             // of copies, for a slower pace to be tried: links lose less than one in a thousand
	thinLeast  = 4                  // copies
	thinUneven = 3                  // times the share of the kind of answer that is missing least
	thinSample = 30                 // copies of a kind, to be compared with
	thinHelps  = 0.7                // of the share that was missing at the faster pace
	thinPace   = 2_000              // µs, the first that is tried
	thinSlower = 4                  // times, for each one after it, and at least half of that
	thinLength = 5 * 60 * 1_000_000 // µs, the longest that sending may take for it
)

// thinOut looks for a limit of the machine's in what a random plan on a real
// link drew: a thinned error asks for the part at a slower pace. Where that is
// no use, or would take too long, it warns and takes what there is.
func (w *worker) thinOut(p part, a attempt) error {
	e := w.engine
	if e.certain || p.program.alone || p.program.layout == datasets.Dialogues {
		return nil
	}
	kinds := e.missing()
	all := kinds[0]
	for _, k := range kinds[1:] {
		all.missing += k.missing
		all.copies += k.copies
	}
	plan, machine, lost := p.program.plan.Name, p.machine.Name, all.share()
	if lost <= thinShare || all.missing < thinLeast {
		if a.pace > 0 {
			w.run.warn("machine %s limits its answers: under plan %s it was sent %.0f probes a second, for faster %.2g %% of them were missing",
				machine, plan, 1e6/float64(a.pace), 100*a.lost)
		}
		return nil
	}
	copiesAll := int64(p.program.copies())
	pace := (e.lastSent - e.tape.copies[e.g.order[0]].sent) / copiesAll
	slower := min(max(thinPace, thinSlower*a.pace), thinLength/copiesAll)
	useful := a.pace == 0 || lost < thinHelps*a.lost || uneven(kinds)
	if !useful || slower < thinSlower/2*max(pace, e.pace) {
		w.run.warn("machine %s: %.2g %% of the answers under plan %s are missing, lost or limited", machine, 100*lost, plan)
		return nil
	}
	return thinned{pace: slower, lost: lost}
}

// A plan of dialogues is asked for again at a slower pace for ICMP errors alone:
// other answers are limited by connection, or late. It is what a firewall gives
// that rejects, of which Linux lets a thousand a second go.
const thinErrors = 0.01 // of the errors that others drew, and of the dialogues

// thinDialogues is thinOut for a plan of dialogues.
func (w *worker) thinDialogues(p part, a attempt) error {
	e := w.engine
	if p.program.layout != datasets.Dialogues || e.certain || p.program.alone {
		return nil
	}
	plan, machine, errs := p.program.plan.Name, p.machine.Name, e.missingErrors()
	copies := int64(p.program.copies())
	slower := max(thinPace, thinSlower*a.pace)
	switch lost := errs.share(); {
	case lost <= thinErrors || float64(errs.missing) <= thinErrors*float64(copies):
		if a.pace > 0 {
			w.run.warn("machine %s limits its ICMP errors: under plan %s %.0f dialogues a second were begun, for faster %.2g %% of them were missing",
				machine, plan, 1e6/float64(a.pace), 100*a.lost)
		}
		return nil
	case a.pace > 0 && lost >= thinHelps*a.lost || slower*copies > thinLength:
		w.run.warn("machine %s: %.2g %% of its ICMP errors under plan %s are missing, lost or limited", machine, 100*lost, plan)
		return nil
	default:
		return thinned{pace: slower, lost: lost}
	}
}

// missingErrors counts the copies of steps that drew an ICMP error in some
// repeat, and those of them that were silent.
func (e *engine) missingErrors() (l lostCopies) {
	for probe := range e.g.probes {
		var drew uint64
		answered := make([]uint64, e.g.repeats)
		for repeat := range answered {
			met := e.met(uint32(probe*e.g.repeats + repeat))
			drew |= met.errors
			answered[repeat] = met.answered
		}
		for _, steps := range answered {
			l.copies += bits.OnesCount64(drew)
			l.missing += bits.OnesCount64(drew &^ steps)
		}
	}
	return l
}

// answerKind is what stacks limit together.
type answerKind uint8

const (
	synAckKind answerKind = iota
	resetKind
	otherTCPKind
	otherKind   // ICMP errors, for the most part
	answerKinds = iota
)

func kindOf(packet []byte) answerKind {
	p, ok := parseIPv4(packet)
	if !ok || p.proto != probegen.ProtoTCP || len(p.body) < minTCP {
		return otherKind
	}
	switch flags := parseTCP(p.body).flags; {
	case flags&probegen.RST != 0:
		return resetKind
	case flags&probegen.SYN != 0:
		return synAckKind
	}
	return otherTCPKind
}

// lostCopies are the copies of probes that were answered sometimes, and those
// of them that were not.
type lostCopies struct{ missing, copies int }

func (l lostCopies) share() float64 { return float64(l.missing) / max(float64(l.copies), 1) }

// uneven says whether some kinds of answers are missing that others are not,
// or there is but one kind.
func uneven(kinds [answerKinds]lostCopies) bool {
	least, most, n := 1.0, 0.0, 0
	for _, k := range kinds {
		if k.copies >= thinSample {
			least, most = min(least, k.share()), max(most, k.share())
			n++
		}
	}
	return n < 2 || most > thinUneven*least
}

// missing counts copies by the kind of answer that their probe drew first.
func (e *engine) missing() (kinds [answerKinds]lostCopies) {
	repeats := e.g.repeats
	for at := 0; at < len(e.tape.copies); at += repeats {
		answered, first := 0, uint32(0)
		for c := range repeats {
			if r := &e.tape.copies[at+c]; r.answers > 0 {
				answered++
				first = r.first
			}
		}
		if answered > 0 {
			k := &kinds[kindOf(e.tape.of(&e.tape.answers[first-1]))]
			k.copies += repeats
			k.missing += repeats - answered
		}
	}
	return kinds
}
