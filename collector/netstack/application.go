package netstack

import (
	"bytes"
	"slices"
	"sync/atomic"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"

	"tickle/probegen"
)

// application is what listens: it reads what comes until the peer is done, and
// closes; at once when it reads probegen.AppClose, and not before the peer's
// RST when it has read probegen.AppHold.
type application struct {
	connections []*connection // in order of their acceptance
	buffer      bytes.Buffer
}

// connection is one that was accepted and is not closed.
type connection struct {
	endpoint tcpip.Endpoint
	queue    *waiter.Queue
	entry    waiter.Entry
	ready    atomic.Bool // something happened
	hold     bool
}

// take begins to read from a connection.
func (a *application) take(endpoint tcpip.Endpoint, queue *waiter.Queue) {
	c := &connection{endpoint: endpoint, queue: queue}
	c.ready.Store(true)
	events := waiter.ReadableEvents | waiter.EventHUp | waiter.EventErr
	c.entry = waiter.NewFunctionEntry(events, func(waiter.EventMask) { c.ready.Store(true) })
	queue.EventRegister(&c.entry)
	a.connections = append(a.connections, c)
}

// run reads from the connections to which something happened, and reports
// whether there were any.
func (a *application) run() bool {
	any := false
	a.connections = slices.DeleteFunc(a.connections, func(c *connection) bool {
		if !c.ready.Swap(false) {
			return false
		}
		any = true
		if !a.done(c) {
			return false
		}
		c.queue.EventUnregister(&c.entry)
		c.endpoint.Close()
		return true
	})
	return any
}

// abort resets what is left.
func (a *application) abort() {
	for _, c := range a.connections {
		c.queue.EventUnregister(&c.entry)
		c.endpoint.Abort()
	}
	a.connections = nil
}

// done reads all that is there and says whether to close.
func (a *application) done(c *connection) bool {
	for {
		a.buffer.Reset()
		_, err := c.endpoint.Read(&a.buffer, tcpip.ReadOptions{})
		data := a.buffer.Bytes()
		if bytes.IndexByte(data, probegen.AppClose) >= 0 {
			return true
		}
		c.hold = c.hold || bytes.IndexByte(data, probegen.AppHold) >= 0
		switch err.(type) {
		case nil:
		case *tcpip.ErrWouldBlock:
			return false
		case *tcpip.ErrClosedForReceive:
			gone := tcp.EndpointState(c.endpoint.State()) != tcp.StateCloseWait
			return gone || !c.hold
		default: // reset
			return true
		}
	}
}
