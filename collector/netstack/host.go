package netstack

import (
	"fmt"
	"sync/atomic"
	"time"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
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
	stack    *stack.Stack
	wire     *channel.Endpoint
	clock    *clock
	listener tcpip.Endpoint
	port     uint16      // of the listener
	ready    atomic.Bool // a connection waits to be accepted
	entry    waiter.Entry
	queue    waiter.Queue
}

// boot starts a stack. The caller shuts it down.
func boot(c *config, net pool.Net, seed uint64) (*host, error) {
	h := &host{clock: newClock(bootTime), port: c.ports.Open}
	h.stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4},
		Clock:              h.clock,
		RandSource:         newStream("insecure", seed),
		SecureRNG:          newStream("secure", seed),
	})
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
	address := tcpip.AddrFrom4(net.Machine.As4())
	if err := h.stack.AddProtocolAddress(nicID, tcpip.ProtocolAddress{
		Protocol:          ipv4.ProtocolNumber,
		AddressWithPrefix: address.WithPrefix(),
	}, stack.AddressProperties{}); err != nil {
		return fmt.Errorf("setting the address %s: %s", net.Machine, err)
	}
	prober := tcpip.AddressWithPrefix{
		Address:   tcpip.AddrFrom4(net.Prober.Masked().Addr().As4()),
		PrefixLen: net.Prober.Bits(),
	}
	h.stack.SetRouteTable([]tcpip.Route{{Destination: prober.Subnet(), NIC: nicID}})
	if err := h.listen(c, address); err != nil {
		return fmt.Errorf("listening on port %d: %s", c.ports.Open, err)
	}
	c.firewall.install(h.stack, h.listener, c.ports.Open)
	return nil
}

// setOptions gives the stack what factors say.
func (h *host) setOptions(c *config) error {
	ttl := tcpip.DefaultTTLOption(c.ttl)
	if err := h.stack.SetNetworkProtocolOption(ipv4.ProtocolNumber, &ttl); err != nil {
		return fmt.Errorf("setting ttl: %s", err)
	}
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
func (h *host) listen(c *config, address tcpip.Address) tcpip.Error {
	listener, err := h.stack.NewEndpoint(tcp.ProtocolNumber, ipv4.ProtocolNumber, &h.queue)
	if err != nil {
		return err
	}
	h.listener = listener
	h.entry = waiter.NewFunctionEntry(waiter.ReadableEvents, func(waiter.EventMask) { h.ready.Store(true) })
	h.queue.EventRegister(&h.entry)
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
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(packet)})
	h.wire.InjectInbound(ipv4.ProtocolNumber, pkt)
	pkt.DecRef()
	return mayQueue(packet, h.port)
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

// accept takes the connections that wait and closes them; it reports whether
// there were any. Processors must be idle.
func (h *host) accept() bool {
	if !h.ready.Swap(false) {
		return false
	}
	any := false
	for {
		connection, _, err := h.listener.Accept(nil)
		if err != nil { // ErrWouldBlock: no more
			return any
		}
		connection.Close()
		any = true
	}
}

// shutdown ends every goroutine of the stack. Processors must be idle.
func (h *host) shutdown() {
	if h.listener != nil {
		h.queue.EventUnregister(&h.entry)
		h.listener.Close()
	}
	h.wire.Close()
	h.stack.Destroy()
}
