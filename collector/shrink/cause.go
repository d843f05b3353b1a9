package shrink

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"

	"tickle/datasets"
	"tickle/probegen"
)

// Cause is why some versions of Linux answer otherwise than others, as their
// sources have it.
type Cause struct {
	Function string   // of the kernel
	With     []string // versions that were read and do what Words says
	Without  []string // versions that were read and do not
	Words    string
	explains func(m *moment) bool
}

// Explanation is a cause of a difference.
type Explanation struct {
	*Cause
	Machine   string // that does what the cause's words say
	WithIn    string // its version
	WithoutIn string // the other machine's
}

// moment is what a difference comes from.
type moment struct {
	Difference
	sent      *probegen.TCP // nil: none
	data      bool          // it brings some
	stamped   bool          // the connection was asked for with timestamps
	connected bool          // the handshake was over before
	strayed   bool          // a segment before was not where the next byte was due
	doer      int           // the machine that has the cause
}

// acknowledges says whether the segment acknowledges more, or with sign -1
// less, than what the machine sent.
func (m *moment) acknowledges(sign int32) bool {
	return m.sent.Flags&probegen.ACK != 0 && m.sent.AckBase == probegen.RcvNxt && sign*int32(m.sent.Ack) > 0
}

// answers says whether the machine with the cause answers what the other one
// leaves unanswered; stays, the other way round.
func (m *moment) answers() bool { return m.saysNothing(1-m.doer) && !m.saysNothing(m.doer) }
func (m *moment) stays() bool   { return m.saysNothing(m.doer) && !m.saysNothing(1-m.doer) }

func (m *moment) saysNothing(machine int) bool {
	return m.Field == datasets.AnswerKind && m.Values[machine] == datasets.KindNone.String()
}

// Explain gives the causes that are known for the differences, in order of the
// differences, each once.
func (r *Result) Explain() (found []Explanation) {
	var versions [2]kernel
	for i, system := range r.Systems {
		var ok bool
		if versions[i], ok = linuxVersion(system); !ok {
			return nil
		}
	}
	for _, d := range r.telling() {
		for i := range causes {
			c := &causes[i]
			doer := c.doer(versions)
			known := slices.ContainsFunc(found, func(e Explanation) bool { return e.Cause == c })
			if m := r.moment(d, doer); doer < 0 || known || m.sent == nil || !c.explains(m) {
				continue
			}
			found = append(found, Explanation{c, r.Machines[doer], versions[doer].text, versions[1-doer].text})
			break
		}
	}
	return found
}

// moment gives what a difference comes from; its sent is nil where that was no
// segment.
func (r *Result) moment(d Difference, doer int) *moment {
	m := &moment{Difference: d, doer: doer}
	for i, s := range r.Probe.Steps[:d.Step] {
		if s.Packet == nil || s.Packet.TCP == nil {
			continue
		}
		t := s.Packet.TCP
		due := t.SeqBase == probegen.SndNxt && t.Seq == 0
		switch {
		case i == int(d.Step)-1:
			m.sent, m.data = t, len(s.Packet.Payload) > 0
		case t.Flags&probegen.SYN != 0 && t.SeqBase == probegen.Absolute:
			m.stamped = has(t.Options, probegen.KindTimestamps)
		case !due:
			m.strayed = true
		case t.Flags&(probegen.SYN|probegen.RST|probegen.ACK) == probegen.ACK && t.AckBase == probegen.RcvNxt && t.Ack == 0:
			m.connected = true
		}
	}
	return m
}

// has says whether options have one of the kind.
func has(options []byte, kind uint8) bool {
	for {
		k, _, rest, ok := probegen.NextOption(options)
		if !ok || k == probegen.KindEOL || k == kind {
			return ok && k == kind
		}
		options = rest
	}
}

// doer gives the machine of two versions that has the cause where the other is
// known to have it not, or -1.
func (c *Cause) doer(versions [2]kernel) int {
	for i := range versions {
		if c.in(versions[i]) == yes && c.in(versions[1-i]) == no {
			return i
		}
	}
	return -1
}

type verdict uint8

const (
	unknown verdict = iota
	yes
	no
)

// in says whether a version has the cause. What is fixed is often fixed in
// older series too, at a time of their own: so a version that was read speaks
// for later ones of its series when it has the cause, for earlier ones when it
// has it not, and for no other series.
func (c *Cause) in(v kernel) verdict {
	for _, text := range c.With {
		if w := parseKernel(text); w.series == v.series && w.patch <= v.patch {
			return yes
		}
	}
	for _, text := range c.Without {
		if w := parseKernel(text); w.series == v.series && w.patch >= v.patch {
			return no
		}
	}
	return unknown
}

// kernel is a version of Linux.
type kernel struct {
	series [2]int // 6, 12
	patch  int
	text   string
}

var kernelPattern = regexp.MustCompile(`^(\d+)\.(\d+)(?:\.(\d+))?(?:-rc\d+)?`)

// parseKernel reads a version such as 6.12.107 or 7.3-rc7, which is 7.3.0.
func parseKernel(text string) kernel {
	m := kernelPattern.FindStringSubmatch(text)
	if m == nil {
		return kernel{}
	}
	number := func(s string) int {
		n, _ := strconv.Atoi(cmp.Or(s, "0")) // digits, and too many are no version either
		return n
	}
	return kernel{[2]int{number(m[1]), number(m[2])}, number(m[3]), m[0]}
}

// linuxVersion reads the version off a system's name, as manifests have it:
// "Linux 6.12.107 (Debian …)".
func linuxVersion(system string) (kernel, bool) {
	const name = "Linux "
	if len(system) < len(name) || system[:len(name)] != name {
		return kernel{}, false
	}
	v := parseKernel(system[len(name):])
	return v, v.text != ""
}
