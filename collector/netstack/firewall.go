package netstack

import (
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
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

// install gives s the rules of f for a listener on port.
//
// The rules are those of the usual host firewall, written for gVisor's own
// iptables: accept SYNs to the open port and what belongs to a connection,
// then drop the rest, or reject it as iptables' REJECT does when told no more,
// with ICMP port unreachable. Output is free.
func (f firewall) install(s *stack.Stack, listener tcpip.Endpoint, port uint16) {
	var rest stack.Target
	switch f {
	case firewallDrop:
		rest = &stack.DropTarget{NetworkProtocol: header.IPv4ProtocolNumber}
	case firewallReject:
		rest = &stack.RejectIPv4Target{
			Handler:    s.NetworkProtocolInstance(ipv4.ProtocolNumber).(stack.RejectIPv4WithHandler),
			RejectWith: stack.RejectIPv4WithICMPPortUnreachable,
		}
	default:
		return
	}
	accept := &stack.AcceptTarget{NetworkProtocol: header.IPv4ProtocolNumber}
	known := &knownTCP{stack: s, listener: listener, port: port}
	entries := [stack.NumHooks]int{
		stack.Prerouting: stack.HookUnset, stack.Input: 0, stack.Forward: 3, stack.Output: 4, stack.Postrouting: stack.HookUnset,
	}
	underflows := entries
	underflows[stack.Input] = 2
	table := stack.Table{
		Rules: []stack.Rule{
			{Filter: stack.EmptyFilter4(), Matchers: []stack.Matcher{known}, Target: accept},
			{Filter: stack.EmptyFilter4(), Target: rest},
			{Filter: stack.EmptyFilter4(), Target: &stack.DropTarget{NetworkProtocol: header.IPv4ProtocolNumber}},
			{Filter: stack.EmptyFilter4(), Target: accept},
			{Filter: stack.EmptyFilter4(), Target: accept},
			{Filter: stack.EmptyFilter4(), Target: &stack.ErrorTarget{NetworkProtocol: header.IPv4ProtocolNumber}},
		},
		BuiltinChains: entries,
		Underflows:    underflows,
	}
	const v6 = false
	s.IPTables().ReplaceTable(stack.FilterID, table, v6)
}

// knownTCP matches SYNs to one port, as iptables' --syn does, and segments of
// connections that the stack knows. It is the part of iptables that gVisor
// keeps in its sentry, outside the stack.
type knownTCP struct {
	stack    *stack.Stack
	listener tcpip.Endpoint
	port     uint16
}

var _ stack.Matcher = (*knownTCP)(nil)

// Match implements stack.Matcher. Packets with less than a TCP header are
// dropped at once, as iptables' tcp match does.
func (k *knownTCP) Match(_ stack.Hook, pkt *stack.PacketBuffer, _, _ string) (matches, hotdrop bool) {
	ip := header.IPv4(pkt.NetworkHeader().Slice())
	if ip.TransportProtocol() != header.TCPProtocolNumber {
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
		LocalAddress:  ip.DestinationAddress(),
		RemotePort:    segment.SourcePort(),
		RemoteAddress: ip.SourceAddress(),
	}
	ep := k.stack.FindTransportEndpoint(ipv4.ProtocolNumber, tcp.ProtocolNumber, id, pkt.NICID)
	return ep != nil && any(ep) != any(k.listener), false
}
