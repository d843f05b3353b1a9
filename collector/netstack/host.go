package netstack

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"tickle/collector/pool"
)

const (
	nicID = tcpip.NICID(1)
	// outbound is how many packets the stack may send between two fences.
	outbound = 4096
	// bootTime is what the clock shows at first. Some of gVisor's code takes
	// the time zero for "never".
	bootTime = time.Second
)

// host is one stack with its wires.
type host struct {
	stack     *stack.Stack
	wire      *channel.Endpoint
	clock     *clock
	listeners []tcpip.Endpoint // one a version of IP
	port      uint16           // of the listeners
	ready     atomic.Bool      // a connection waits to be accepted
	entry     waiter.Entry
	queue     waiter.Queue
	app       application
}

// boot starts a stack. The caller shuts it down.
func boot(c *config, net pool.Net, seed uint64) (*host, error) {
	h := &host{clock: newClock(bootTime), port: c.ports.Open}
	options := stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4},
		Clock:              h.clock,
		RandSource:         newStream("insecure", seed),
		SecureRNG:          newStream("secure", seed),
	}
	if net.Machine6.IsValid() {
		options.NetworkProtocols = append(options.NetworkProtocols, ipv6.NewProtocol)
		options.TransportProtocols = append(options.TransportProtocols, icmp.NewProtocol6)
	}
	h.stack = stack.New(options)
	// No capability: every checksum is checked and computed by the stack.
	h.wire = channel.New(outbound, c.mtu, "")
	if err := h.configure(c, net); err != nil {
		h.shutdown()
		return nil, err
	}
	return h, nil
}

func (h *host) configure(c *config, net pool.Net) error {
	if err := h.setOptions(c); err != nil {
		return err
	}
	if err := h.stack.CreateNIC(nicID, h.wire); err != nil {
		return fmt.Errorf("creating the interface: %s", err)
	}
	if err := h.address(c, net.Machine, net.Prober); err != nil {
		return err
	}
	if net.Machine6.IsValid() {
		if err := h.address(c, net.Machine6, net.Prober6); err != nil {
			return err
		}
	}
	c.firewall.install(h.stack, h.listeners, c.ports.Open)
	return nil
}

// address gives the machine an address of either version, a route to the
// prober, and a listener.
func (h *host) address(c *config, machine netip.Addr, prober netip.Prefix) error {
	protocol := ipv4.ProtocolNumber
	if machine.Is6() {
		protocol = ipv6.ProtocolNumber
	}
	ttl := tcpip.DefaultTTLOption(c.ttl)
	if err := h.stack.SetNetworkProtocolOption(protocol, &ttl); err != nil {
		return fmt.Errorf("setting ttl: %s", err)
	}
	address := tcpip.AddrFromSlice(machine.AsSlice())
	if err := h.stack.AddProtocolAddress(nicID, tcpip.ProtocolAddress{
		Protocol:          protocol,
		AddressWithPrefix: address.WithPrefix(),
	}, stack.AddressProperties{}); err != nil {
		return fmt.Errorf("setting the address %s: %s", machine, err)
	}
	block := tcpip.AddressWithPrefix{
		Address:   tcpip.AddrFromSlice(prober.Masked().Addr().AsSlice()),
		PrefixLen: prober.Bits(),
	}
	h.stack.AddRoute(tcpip.Route{Destination: block.Subnet(), NIC: nicID})
	if err := h.listen(c, protocol, address); err != nil {
		return fmt.Errorf("listening on port %d of %s: %s", c.ports.Open, machine, err)
	}
	return nil
}

// setOptions gives the stack what factors say.
func (h *host) setOptions(c *config) error {
	sack := tcpip.TCPSACKEnabled(c.sack)
	recovery := tcpip.TCPRecovery(0)
	if c.rack {
		recovery = tcpip.TCPRACKLossDetection
	}
	receive := tcpip.TCPReceiveBufferSizeRangeOption{Min: c.rcvbuf.min, Default: c.rcvbuf.initial, Max: c.rcvbuf.max}
	send := tcpip.TCPSendBufferSizeRangeOption{Min: c.sndbuf.min, Default: c.sndbuf.initial, Max: c.sndbuf.max}
	control := tcpip.CongestionControlOption(c.cc)
	for _, o := range []tcpip.SettableTransportProtocolOption{&sack, &recovery, &receive, &send, &control} {
		if err := h.stack.SetTransportProtocolOption(tcp.ProtocolNumber, o); err != nil {
			return fmt.Errorf("setting %T: %s", o, err)
		}
	}
	return nil
}

// listen opens the port. Backlogs are one more to the stack than to an
// application, as gVisor's system call has it.
func (h *host) listen(c *config, protocol tcpip.NetworkProtocolNumber, address tcpip.Address) tcpip.Error {
	listener, err := h.stack.NewEndpoint(tcp.ProtocolNumber, protocol, &h.queue)
	if err != nil {
		return err
	}
	if h.listeners = append(h.listeners, listener); len(h.listeners) == 1 {
		h.entry = waiter.NewFunctionEntry(waiter.ReadableEvents, func(waiter.EventMask) { h.ready.Store(true) })
		h.queue.EventRegister(&h.entry)
	}
	if c.appRcvbuf > 0 {
		const asApplication = true
		listener.SocketOptions().SetReceiveBufferSize(c.appRcvbuf, asApplication)
	}
	if err := listener.Bind(tcpip.FullAddress{Addr: address, Port: c.ports.Open}); err != nil {
		return err
	}
	return listener.Listen(c.backlog + 1)
}

// inject hands a packet in. It reports whether the packet may now be in a
// processor's queue; all else is done.
func (h *host) inject(packet []byte) (queued bool) {
	protocol := ipv4.ProtocolNumber
	if packet[0]>>4 == 6 {
		protocol = ipv6.ProtocolNumber
	}
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(packet)})
	h.wire.InjectInbound(protocol, pkt)
	pkt.DecRef()
	if protocol == ipv6.ProtocolNumber {
		return mayQueue6(packet, h.port)
	}
	return mayQueue(packet, h.port)
}

// mayQueue6 is mayQueue for IPv6: extension headers count as a reason to wait.
func mayQueue6(packet []byte, port uint16) bool {
	ip := header.IPv6(packet)
	if len(packet) < header.IPv6MinimumSize+header.UDPMinimumSize {
		return true
	}
	rest := packet[header.IPv6MinimumSize:]
	switch tcpip.TransportProtocolNumber(ip.NextHeader()) {
	case header.TCPProtocolNumber:
		return header.TCP(rest[:header.TCPDstPortOffset+2]).DestinationPort() == port
	case header.UDPProtocolNumber:
		return false
	case header.ICMPv6ProtocolNumber:
		return header.ICMPv6(rest).Type() != header.ICMPv6EchoRequest
	default:
		return true
	}
}

// mayQueue reports whether a packet may go to a TCP endpoint, all of which
// have the listener's port. It errs on the side of true: fragments, and ICMP
// errors that may quote a connection.
func mayQueue(packet []byte, port uint16) bool {
	ip := header.IPv4(packet)
	if len(packet) < header.IPv4MinimumSize || ip.More() || ip.FragmentOffset() != 0 {
		return true
	}
	rest := packet[min(int(ip.HeaderLength()), len(packet)):]
	if len(rest) < header.UDPMinimumSize { // also the first 8 bytes of TCP and ICMP
		return true
	}
	switch ip.TransportProtocol() {
	case header.TCPProtocolNumber:
		return header.TCP(rest[:header.TCPDstPortOffset+2]).DestinationPort() == port
	case header.UDPProtocolNumber:
		return false
	case header.ICMPv4ProtocolNumber:
		return header.ICMPv4(rest).Type() != header.ICMPv4Echo
	default:
		return true
	}
}

// accept takes the connections that wait, and has the application do what it
// does; it reports whether there was anything to do. Processors must be idle.
func (h *host) accept() bool {
	any := h.app.run()
	if !h.ready.Swap(false) {
		return any
	}
	for _, l := range h.listeners {
		for {
			endpoint, queue, err := l.Accept(nil)
			if err != nil { // ErrWouldBlock: no more
				break
			}
			h.app.take(endpoint, queue)
			any = true
		}
	}
	return any
}

// shutdown ends every goroutine of the stack. Processors must be idle.
func (h *host) shutdown() {
	h.app.abort()
	if len(h.listeners) > 0 {
		h.queue.EventUnregister(&h.entry)
	}
	for _, l := range h.listeners {
		l.Close()
	}
	h.wire.Close()
	h.stack.Destroy()
}
