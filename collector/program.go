package collector

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"tickle/datasets"
	"tickle/probegen"
)

// program is a plan made ready to be sent to any machine. It does not change
// and all workers share it.
type program struct {
	plan     *Plan
	hash     string // of the probe set
	repeats  int
	order    []uint32 // copies, as they are sent
	ends     []int    // of each boot's part in order
	probes   []probeSteps
	steps    []step
	pairs    *pairs  // on an isolated link
	first    uint64  // number of the plan's first ported sending among the run's random or ordered ones
	icmp     uint64  // and of its first ICMP sending
	icmpRank []int32 // probes that send ICMP, in order
	alone    bool    // one exchange after the other
	versions versions
	layout   datasets.Layout
	gaps     []int64 // µs behind each probe's sending, where they are not the pace
}

// probeSteps says where a probe's steps are.
type probeSteps struct {
	from, n uint32
	icmp    int32 // the probe's place in icmpRank, or -1
	simple  bool  // one packet, and nothing to do but listen: no dialogue state
	six     bool  // some of it is sent over IPv6
}

// step is a step of a probe, compiled.
type step struct {
	packet *probegen.Template // nil: listen
	wait   int64
	proto  uint8
	port   probegen.PortClass
	flags  uint8 // TCP
	window uint16
	length uint32 // of the TCP segment in sequence space: payload, SYN and FIN
	seq    uint32
	base   probegen.Base // of seq
	icmp   bool          // of either version
	kind   uint8         // of the ICMP message
	rest   uint32        // its second word
	six    bool

	limitable bool // silence may be a limit's
	opens     bool // it asks for a connection
	holds     bool // it tells the application not to close

	until   uint8 // flags that the machine should send by itself
	scaling bool  // the segment has a window scale option
	stamps  bool  // and timestamps
	stamp   uint32
}

// versions says which versions of IP a plan's packets are of.
type versions struct{ four, six bool }

// compile makes a program of plan, whose set is known to be sound. The run's
// pairs and first numbers are filled in once all plans are compiled.
func compile(plan *Plan, seed uint64, source SourcePort) (*program, error) {
	set := plan.Set
	g := &program{plan: plan, hash: set.Hash(), repeats: plan.Repeats, probes: make([]probeSteps, len(set.Probes))}
	var templates probegen.Templates
	for i := range set.Probes {
		probe := &set.Probes[i]
		p := probeSteps{from: uint32(len(g.steps)), n: uint32(len(probe.Steps)), icmp: -1}
		for j := range probe.Steps {
			s, err := compileStep(&templates, &probe.Steps[j])
			if err != nil {
				return nil, fmt.Errorf("plan %s: probe %d: step %d: %w", plan.Name, i, j, err)
			}
			p.six = p.six || s.six
			g.versions.six = g.versions.six || s.six
			g.versions.four = g.versions.four || s.packet != nil && !s.six
			if s.icmp && p.icmp < 0 {
				p.icmp = int32(len(g.icmpRank))
				g.icmpRank = append(g.icmpRank, int32(i))
			}
			g.steps = append(g.steps, s)
		}
		if p.n > 1 {
			g.layout = datasets.Dialogues
		}
		p.simple = p.n == 1 && g.steps[p.from].wait == 0 && g.steps[p.from].packet != nil
		g.probes[i] = p
	}
	if plan.Order == Ordered {
		g.order = listOrder(len(g.probes), g.repeats)
		g.ends = []int{len(g.order)}
	} else {
		g.spread(seed)
	}
	g.alone = plan.Order == Ordered || source == Fixed
	if plan.Order == Ordered {
		g.gaps = plan.gaps
	}
	return g, nil
}

// spread orders the copies of a random plan: its first repeats for the first
// boot, and so on.
func (g *program) spread(seed uint64) {
	boots := cmp.Or(g.plan.Boots, 1)
	for b := range boots {
		key := []string{streamOrder, g.plan.Name}
		if b > 0 {
			key = append(key, fmt.Sprint("boot ", b))
		}
		from, to := b*g.repeats/boots, (b+1)*g.repeats/boots
		n := uint32(to - from)
		for _, c := range randomOrder(stream(seed, key...), len(g.probes), int(n)) {
			g.order = append(g.order, c/n*uint32(g.repeats)+uint32(from)+c%n)
		}
		g.ends = append(g.ends, len(g.order))
	}
}

// boot says under which boot a repeat is made.
func (g *program) boot(repeat int) int {
	boots := len(g.ends)
	return ((repeat+1)*boots - 1) / g.repeats
}

func compileStep(templates *probegen.Templates, from *probegen.Step) (step, error) {
	s := step{wait: from.Wait, until: from.Until}
	if from.Packet == nil {
		return s, nil
	}
	s.limitable = mayBeLimited(from.Packet)
	var err error
	s.packet, err = templates.Add(from.Packet)
	s.proto, s.port, s.six = from.Packet.Proto(), from.Packet.Port, from.Packet.IP6 != nil
	switch {
	case from.Packet.TCP != nil:
		t := from.Packet.TCP
		s.opens = t.Flags&(probegen.SYN|probegen.ACK|probegen.FIN|probegen.RST) == probegen.SYN && t.SeqBase == probegen.Absolute && s.port == probegen.OpenTCP
		s.holds = bytes.IndexByte(from.Packet.Payload, probegen.AppHold) >= 0
		s.flags, s.seq, s.base, s.window = t.Flags, t.Seq, t.SeqBase, t.Window
		s.length = uint32(len(from.Packet.Payload))
		if t.Flags&probegen.SYN != 0 {
			s.length++
		}
		if t.Flags&probegen.FIN != 0 {
			s.length++
		}
		o := findTCPOptions(t.Options)
		s.scaling, s.stamps, s.stamp = o.scaling, o.stamps, o.stamp
	case from.Packet.ICMP != nil:
		s.icmp, s.kind, s.rest = true, from.Packet.ICMP.Type, from.Packet.ICMP.Rest
	}
	return s, err
}

// rows is the number of rows of a machine's summaries.
func (g *program) rows() int {
	if g.layout == datasets.Dialogues {
		return len(g.steps) * datasets.AnswersPerStep
	}
	return len(g.probes)
}

// copies is the number of sendings of probes to one machine.
func (g *program) copies() int { return len(g.probes) * g.repeats }

// icmpCopies is the number of those that have ICMP in them.
func (g *program) icmpCopies() int { return len(g.icmpRank) * g.repeats }

// layOut gives the programs of a run their numbers, and their pairs on
// isolated links. It tells the run's load.
func layOut(programs []*program, seed uint64, source SourcePort) (n load, err error) {
	for _, g := range programs {
		n.take(g)
	}
	p, err := newPairs(stream(seed, streamPairs), n, source)
	if err != nil {
		return n, err
	}
	for _, g := range programs {
		g.pairs = p
	}
	return n, nil
}

// take gives a program its numbers, behind those that n counts already.
func (n *load) take(g *program) {
	if g.plan.Order == Ordered {
		g.first = n.ordered
		n.ordered += uint64(g.copies())
		return
	}
	g.first, g.icmp = n.ported, n.icmp
	n.ported += uint64(g.sendings())
	if g.layout == datasets.Dialogues {
		n.dialogues += uint64(g.sendings())
	}
	n.icmp += uint64(g.icmpCopies())
}

// withDefaults fills in what a plan leaves open but its pace.
func (p Plan) withDefaults() Plan {
	if hint := p.Set.Header.Plan; hint != nil {
		if hint.Ordered {
			p.Order = Ordered
		}
		p.Repeats = cmp.Or(p.Repeats, hint.Repeats)
		if p.Order == Ordered && p.Pace == 0 {
			p.Pace, p.gaps = hint.Spacing, hint.Gaps
		}
	}
	p.Repeats = cmp.Or(p.Repeats, DefaultRepeats)
	steps := func(x probegen.Probe) bool { return len(x.Steps) > 1 }
	if p.Boots == 0 && p.Order == Random && slices.ContainsFunc(p.Set.Probes, steps) {
		p.Boots = min(DefaultBoots, p.Repeats)
	}
	return p
}
