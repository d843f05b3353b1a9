package netstack

import (
	"slices"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

// firewall is what the filter table's INPUT chain does.
type firewall uint8

const (
	_ firewall = iota
	firewallNone
	firewallDrop
	firewallReject
)

var firewallWords = map[string]firewall{
	"none":   firewallNone,
	"drop":   firewallDrop,
	"reject": firewallReject,
}

// install gives s the rules of f for the machine's listeners on port.
//
// The rules are those of the usual host firewall, written for gVisor's own
// iptables: accept SYNs to the open port and what belongs to a connection,
// then drop the rest, or reject it as iptables' REJECT does when told no more,
// with ICMP port unreachable. Over IPv6 neighbour discovery is let in too,
// without which such a host would not be found. Output is free.
func (f firewall) install(s *stack.Stack, listeners []tcpip.Endpoint, port uint16) {
	if f != firewallDrop && f != firewallReject {
		return
	}
	known := &knownTCP{stack: s, listeners: listeners, port: port}
	f.installFor(s, header.IPv4ProtocolNumber, known)
	if len(listeners) > 1 {
		f.installFor(s, header.IPv6ProtocolNumber, known, discovery{})
	}
}

// installFor accepts what one of the matchers matches.
func (f firewall) installFor(s *stack.Stack, protocol tcpip.NetworkProtocolNumber, matchers ...stack.Matcher) {
	v6 := protocol == header.IPv6ProtocolNumber
	any := stack.EmptyFilter4()
	if v6 {
		any = stack.EmptyFilter6()
	}
	accept := &stack.AcceptTarget{NetworkProtocol: protocol}
	var rules []stack.Rule
	for _, m := range matchers {
		rules = append(rules, stack.Rule{Filter: any, Matchers: []stack.Matcher{m}, Target: accept})
	}
	n := len(rules)
	rules = append(rules,
		stack.Rule{Filter: any, Target: f.rest(s, protocol)},
		stack.Rule{Filter: any, Target: &stack.DropTarget{NetworkProtocol: protocol}},
		stack.Rule{Filter: any, Target: accept},
		stack.Rule{Filter: any, Target: accept},
		stack.Rule{Filter: any, Target: &stack.ErrorTarget{NetworkProtocol: protocol}},
	)
	entries := [stack.NumHooks]int{
		stack.Prerouting: stack.HookUnset, stack.Input: 0, stack.Forward: n + 2, stack.Output: n + 3, stack.Postrouting: stack.HookUnset,
	}
	underflows := entries
	underflows[stack.Input] = n + 1
	s.IPTables().ReplaceTable(stack.FilterID, stack.Table{Rules: rules, BuiltinChains: entries, Underflows: underflows}, v6)
}

// rest is what becomes of packets that no rule accepts.
func (f firewall) rest(s *stack.Stack, protocol tcpip.NetworkProtocolNumber) stack.Target {
	switch {
	case f == firewallDrop:
		return &stack.DropTarget{NetworkProtocol: protocol}
	case protocol == header.IPv6ProtocolNumber:
		return &stack.RejectIPv6Target{
			Handler:    s.NetworkProtocolInstance(protocol).(stack.RejectIPv6WithHandler),
			RejectWith: stack.RejectIPv6WithICMPPortUnreachable,
		}
	}
	return &stack.RejectIPv4Target{
		Handler:    s.NetworkProtocolInstance(protocol).(stack.RejectIPv4WithHandler),
		RejectWith: stack.RejectIPv4WithICMPPortUnreachable,
	}
}

// discovery matches router and neighbour solicitations and advertisements.
type discovery struct{}

// Match implements stack.Matcher.
func (discovery) Match(_ stack.Hook, pkt *stack.PacketBuffer, _, _ string) (matches, hotdrop bool) {
	if pkt.TransportProtocolNumber != header.ICMPv6ProtocolNumber {
		return false, false
	}
	message := header.ICMPv6(pkt.TransportHeader().Slice())
	if len(message) < header.ICMPv6MinimumSize {
		return false, false
	}
	return message.Type() >= header.ICMPv6RouterSolicit && message.Type() <= header.ICMPv6NeighborAdvert, false
}

// knownTCP matches SYNs to one port, as iptables' --syn does, and segments of
// connections that the stack knows. It is the part of iptables that gVisor
// keeps in its sentry, outside the stack.
type knownTCP struct {
	stack     *stack.Stack
	listeners []tcpip.Endpoint
	port      uint16
}

var _ stack.Matcher = (*knownTCP)(nil)

// Match implements stack.Matcher. Packets with less than a TCP header are
// dropped at once, as iptables' tcp match does.
func (k *knownTCP) Match(_ stack.Hook, pkt *stack.PacketBuffer, _, _ string) (matches, hotdrop bool) {
	if pkt.TransportProtocolNumber != header.TCPProtocolNumber {
		return false, false
	}
	segment := header.TCP(pkt.TransportHeader().Slice())
	if len(segment) < header.TCPMinimumSize {
		return false, true
	}
	if segment.DestinationPort() != k.port {
		return false, false
	}
	const about = header.TCPFlagSyn | header.TCPFlagAck | header.TCPFlagRst | header.TCPFlagFin
	if segment.Flags()&about == header.TCPFlagSyn {
		return true, false
	}
	id := stack.TransportEndpointID{
		LocalPort:     segment.DestinationPort(),
		LocalAddress:  pkt.Network().DestinationAddress(),
		RemotePort:    segment.SourcePort(),
		RemoteAddress: pkt.Network().SourceAddress(),
	}
	ep := k.stack.FindTransportEndpoint(pkt.NetworkProtocolNumber, tcp.ProtocolNumber, id, pkt.NICID)
	listens := func(l tcpip.Endpoint) bool { return any(l) == any(ep) }
	return ep != nil && !slices.ContainsFunc(k.listeners, listens), false
}
