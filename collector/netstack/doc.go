// Package netstack runs gVisor's TCP/IP stack inside the process as a machine.
//
// Nobody here wrote that stack: its answers are those of the network that
// gVisor's containers and Tailscale's userspace mode put on the wire. A machine
// is one stack.Stack with an IPv4 address, a listener on the open TCP port
// (every connection that is established is accepted and closed at once), and
// nothing on the other ports. Packets go in and out of a channel endpoint as
// raw IP, with checksums that the stack computes.
//
// A machine that is asked over IPv6 has an IPv6 address and a second listener.
// It has none otherwise, for IPv6 draws from the stack's random numbers, and
// answers over IPv4 are to be the same whatever else is asked.
//
// # Time
//
// The stack's clock is virtual and moves only in Receive, from one armed timer
// to the next. Timers run one after another, in the order of their deadlines
// and, where these are equal, in the order in which they were armed, on the
// goroutine that uses the link.
//
// # Fences
//
// gVisor handles segments for an endpoint (the listener, and each half-open or
// open connection) on goroutines of its own, the dispatcher's processors. There
// are GOMAXPROCS of them, which cannot be chosen otherwise, and an endpoint's
// segments go to one that a hash of addresses and ports selects. A link waits
// after each packet, and after timers have run, until all are idle. It does so
// with stack.Stack.Pause, which was made for checkpoints: each processor in turn
// takes the request only between two segments, and answers it only once its
// queue of endpoints is empty. Everything that was queued before has been done
// then. This is all that there is to wait for:
//
//   - A packet is queued before InjectInbound returns, or handled by then.
//   - While handling a segment, a processor queues work for itself alone: what
//     it hands on (a segment that comes for an endpoint that has just gone, or
//     that a SYN cookie's connection takes over) has the same addresses and
//     ports, hence the same processor.
//   - No processor skips an endpoint because someone else holds its lock, for
//     timers and accepting run on the link's goroutine, while processors idle.
//
// No packet is spent on a fence, so that it takes nothing from the stack's
// streams of ids, connection tables or rate limits, passes through no firewall,
// and needs no address that a probe could not use. With two processors, each
// packet is done before the next is seen: answers do not depend on GOMAXPROCS.
//
// # Randomness
//
// RandSource and SecureRNG are two ChaCha8 streams with keys SHA-256("tickle
// netstack insecure", seed) and SHA-256("tickle netstack secure", seed), the
// seed in 8 bytes, big endian. Same seed and packets: same answers, byte for
// byte, at the same times.
package netstack
