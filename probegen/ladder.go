package probegen

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Ladder gives a line a step: its number from 1, what is sent, and how long is
// listened. Numbers stand as the probe has them, relative to the connection.
func (p *Probe) Ladder() []string {
	lines := make([]string, len(p.Steps))
	for i := range p.Steps {
		lines[i] = fmt.Sprintf("%2d  %s", i+1, p.Steps[i].ladder())
	}
	return lines
}

func (s *Step) ladder() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if s.Packet == nil {
		add("(silent)")
	} else {
		s.Packet.ladder(add)
	}
	if s.Until != 0 {
		add("… until %s", flagNames(s.Until))
	}
	if s.Wait > 0 {
		add("… %g s", float64(s.Wait)/1e6)
	}
	return strings.Join(parts, " ")
}

func (p *Packet) ladder(add func(format string, args ...any)) {
	switch {
	case p.TCP != nil:
		p.TCP.ladder(add)
	case p.UDP != nil:
		add("UDP")
	case p.ICMP != nil:
		add("ICMP type %d code %d", p.ICMP.Type, p.ICMP.Code)
	}
	if n := len(p.Payload); n > 0 {
		add("len %d%s", n, appByte(p.Payload[0]))
	}
	if p.Port == ClosedTCP {
		add("to the closed port")
	}
	if p.IP.TOS != 0 {
		add("tos %#02x", p.IP.TOS)
	}
}

func appByte(b byte) string {
	switch b {
	case AppClose:
		return " (close!)"
	case AppHold:
		return " (hold!)"
	}
	return ""
}

func (t *TCP) ladder(add func(format string, args ...any)) {
	add("%s", flagNames(t.Flags))
	add("seq %s", place(t.Seq, t.SeqBase))
	if t.Flags&ACK != 0 || t.AckBase != Absolute {
		add("ack %s", place(t.Ack, t.AckBase))
	}
	add("win %d", t.Window)
	if t.Urgent != 0 {
		add("urg %d", t.Urgent)
	}
	if t.Reserved != 0 {
		add("res %d", t.Reserved)
	}
	if len(t.Options) > 0 {
		add("<%s>", t.ladderOptions())
	}
}

// place prints a number by what it counts from: rcv.nxt-1.
func place(v uint32, base Base) string {
	switch {
	case base == Absolute:
		return fmt.Sprint(v)
	case v == 0:
		return string(base)
	}
	return fmt.Sprintf("%s%+d", base, int32(v))
}

func word(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

// ladderOptions names the options and what of them is relative.
func (t *TCP) ladderOptions() string {
	var names []string
	nops := 0
	for b := []byte(t.Options); len(b) > 0; {
		kind, data, rest, ok := NextOption(b)
		if !ok {
			names = append(names, fmt.Sprintf("bad %x", b))
			break
		}
		b = rest
		switch {
		case kind == KindNOP:
			nops++
			continue
		case kind == KindTimestamps && len(data) == 8 && t.EchoBase != Absolute:
			names = append(names, fmt.Sprintf("TS val %d ecr %s", word(data), place(word(data[4:]), t.EchoBase)))
			continue
		case kind == KindSACK && len(data)%8 == 0 && t.SACKBase != Absolute:
			var blocks []string
			for ; len(data) > 0; data = data[8:] {
				blocks = append(blocks, fmt.Sprintf("%+d…%+d", int32(word(data)), int32(word(data[4:]))))
			}
			names = append(names, fmt.Sprintf("SACK %s%s", t.SACKBase, strings.Join(blocks, ",")))
			continue
		}
		names = append(names, describeOption(kind, data))
		if kind == KindEOL {
			break
		}
	}
	if nops > 0 {
		names = append(names, fmt.Sprintf("%d NOP", nops))
	}
	return strings.Join(names, "; ")
}
