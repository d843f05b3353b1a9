package nmap6

// DistanceMethod says how the number of hops to a machine is known.
type DistanceMethod uint8

// The methods. The zero value is a distance that is not known.
const (
	NoDistance DistanceMethod = iota
	Localhost                 // the machine is the scanner
	Direct                    // it is on the same link
	ICMP                      // from the hop limit that an error to IE2 or U1 quotes
	Traceroute
)

// Distance is the number of hops to a machine, and how it is known.
type Distance struct {
	Method DistanceMethod
	Hops   int // of ICMP and Traceroute: 1 on the same link
}

// Answer is what came back for a probe.
type Answer struct {
	Packet         []byte // from the IPv6 header on
	Sent, Received int64  // µs on one clock
}

// Answers are a machine's answers by the names of the probes (ProbeNames). A
// probe without one has none here; names beyond ProbeNames, as NI, play no
// part.
type Answers struct {
	Answer   map[string]Answer
	Distance Distance
}

// Vectorize makes the vector. What a packet does not have, or what is cut
// short or malformed in it, is Missing; there are no errors.
func (a *Answers) Vectorize(d Dialect) *Vector {
	v := new(Vector)
	for i := range v {
		v[i] = Missing
	}
	walked := make(map[string][]header, len(a.Answer))
	for _, name := range ProbeNames {
		if answer, ok := a.Answer[name]; ok {
			walked[name] = headers(answer.Packet)
		}
	}
	for i, name := range ProbeNames {
		if ip := find(walked[name], protoIPv6); ip != nil {
			copy(v[perProbe*i:], []float64{float64(be16(ip[4:])), float64(ip[0]&0xf<<4 | ip[1]>>4), a.Distance.hopLimit(int(ip[7]))})
		}
	}
	v[isrAt] = a.sequenceRate(walked)
	for i, name := range tcpProbes {
		if tcp := find(walked[name], protoTCP); tcp != nil {
			vectorizeTCP(tcp, d, v[tcpAt+perTCP*i:tcpAt+perTCP*(i+1)])
		}
	}
	for i, name := range icmpv6Probes {
		if icmp := find(walked[name], protoICMPv6); icmp != nil {
			copy(v[icmpv6At+2*i:], []float64{float64(icmp[0]), float64(icmp[1])})
		}
	}
	return v
}

// hopLimit guesses the hop limit that a packet set out with.
func (d Distance) hopLimit(seen int) float64 {
	below := 20
	if d.Method != NoDistance {
		below = 5
	}
	if (d.Method == ICMP || d.Method == Traceroute) && d.Hops > 0 {
		seen += d.Hops - 1
	}
	for _, usual := range [...]int{32, 64, 128, 255} {
		if usual-below <= seen && seen <= usual+5 {
			return float64(usual)
		}
	}
	return Missing
}

// sequenceRate is the sum of what initial sequence numbers grew by from answer
// to answer, a second between the first and the last sending.
func (a *Answers) sequenceRate(walked map[string][]header) float64 {
	n, sum := 0, 0.0
	var first, last int64
	var before uint32
	for _, name := range timedProbes {
		tcp := find(walked[name], protoTCP)
		if tcp == nil {
			continue
		}
		seq := be32(tcp[4:])
		if last = a.Answer[name].Sent; n == 0 {
			first = last
		} else {
			sum += float64(seq - before)
		}
		before = seq
		n++
	}
	if n < 2 || last <= first {
		return Missing
	}
	return sum / (float64(last-first) / 1e6)
}

// vectorizeTCP fills the part of a vector that a TCP header has.
func vectorizeTCP(tcp []byte, d Dialect, v []float64) {
	window := be16(tcp[14:])
	v[0] = float64(window)
	flags := be16(tcp[12:]) & 0xfff
	for bit := range flagNames {
		v[1+bit] = float64(flags >> bit & 1)
	}
	kinds := v[1+len(flagNames):][:numOptions]
	lengths := v[1+len(flagNames)+numOptions:][:numOptions]
	values := v[1+len(flagNames)+2*numOptions:]
	mss, read := -1, numOptions
	if d == Current {
		read++
	}
	for i, o := range tcpOptions(tcp, read) {
		if i < numOptions {
			kinds[i], lengths[i] = float64(o.kind), float64(o.length)
		} else {
			lengths[0] = float64(o.kind)
		}
		switch data := append(append(make([]byte, 0, 40), o.data...), 0, 0); {
		case o.kind == 2 && o.length == 4 && mss < 0:
			mss = be16(data)
		case o.kind == 4 && o.length == 2:
			values[1] = 1
		case o.kind == 3 && o.length == 3 && values[2] == Missing:
			values[2] = float64(data[0])
		}
	}
	values[0] = float64(mss)
	if mss > 0 {
		values[3] = float64(float32(window) / float32(mss))
	}
}

// QuotedDistance is how far away a machine is whose error to a probe (IE2 or
// U1) quotes it, when the probe was sent with a hop limit; ok is false when
// the answer quotes nothing.
func QuotedDistance(sent uint8, answer []byte) (d Distance, ok bool) {
	limit, ok := quotedHopLimit(answer)
	if !ok {
		return Distance{}, false
	}
	return Distance{Method: ICMP, Hops: int(sent) - limit + 1}, true
}
