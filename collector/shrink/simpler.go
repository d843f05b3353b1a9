package shrink

import (
	"slices"

	"tickle/probegen"
)

// change makes a probe simpler.
type change func(p *probegen.Probe)

// clone copies a probe as deep as changes go.
func clone(p *probegen.Probe) probegen.Probe {
	c := *p
	c.Steps = slices.Clone(p.Steps)
	for i := range c.Steps {
		if c.Steps[i].Packet == nil {
			continue
		}
		packet := *c.Steps[i].Packet
		if packet.TCP != nil {
			tcp := *packet.TCP
			packet.TCP = &tcp
		}
		c.Steps[i].Packet = &packet
	}
	return c
}

// applyEach gives a probe for each change.
func applyEach(p *probegen.Probe, changes []change) []probegen.Probe {
	var out []probegen.Probe
	for _, change := range changes {
		c := clone(p)
		change(&c)
		out = append(out, c)
	}
	return out
}

// changesOf lists what could be simpler in p: fields that are not what a peer
// who means well sends, options, data, and waits.
func changesOf(p *probegen.Probe) []change {
	var all []change
	for i := range p.Steps {
		s := &p.Steps[i]
		at := func(f func(s *probegen.Step)) change { return func(p *probegen.Probe) { f(&p.Steps[i]) } }
		if s.Until != 0 {
			all = append(all, at(func(s *probegen.Step) { s.Until = 0 }))
		}
		if s.Packet == nil {
			continue
		}
		if s.Wait != 0 {
			all = append(all, at(func(s *probegen.Step) { s.Wait = 0 }))
		}
		if s.Packet.IP.TOS != 0 {
			all = append(all, at(func(s *probegen.Step) { s.Packet.IP.TOS = 0 }))
		}
		if n := len(s.Packet.Payload); n > 0 {
			all = append(all, at(func(s *probegen.Step) { s.Packet.Payload = nil }))
			if n > 1 {
				all = append(all, at(func(s *probegen.Step) { s.Packet.Payload = s.Packet.Payload[:min(1, len(s.Packet.Payload))] }))
			}
		}
		if s.Packet.TCP != nil {
			all = append(all, segmentChanges(s.Packet.TCP, func(f func(t *probegen.TCP)) change {
				return at(func(s *probegen.Step) { f(s.Packet.TCP) })
			})...)
		}
	}
	return all
}

// plainWindow is the window that changes nothing.
const plainWindow = 65535

func segmentChanges(t *probegen.TCP, at func(f func(t *probegen.TCP)) change) (all []change) {
	if t.Reserved != 0 {
		all = append(all, at(func(t *probegen.TCP) { t.Reserved = 0 }))
	}
	if t.Urgent != 0 {
		all = append(all, at(func(t *probegen.TCP) { t.Urgent = 0 }))
	}
	if t.Window != plainWindow {
		all = append(all, at(func(t *probegen.TCP) { t.Window = plainWindow }))
	}
	if len(t.Options) > 0 {
		all = append(all, at(func(t *probegen.TCP) { t.Options, t.EchoBase, t.SACKBase = nil, "", "" }))
	}
	if t.SeqBase == probegen.Absolute {
		return all // an opening, or a stray
	}
	if t.Seq != 0 || t.SeqBase != probegen.SndNxt {
		all = append(all, at(func(t *probegen.TCP) { t.Seq, t.SeqBase = 0, probegen.SndNxt }))
	}
	if t.AckBase != probegen.Absolute && t.Ack != 0 {
		all = append(all, at(func(t *probegen.TCP) { t.Ack = 0 }))
	}
	if plain := t.Flags & probegen.ACK; plain != t.Flags && plain != 0 {
		all = append(all, at(func(t *probegen.TCP) { t.Flags = probegen.ACK }))
	}
	return all
}
