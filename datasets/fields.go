package datasets

// FieldID identifies a field of the catalogue. The order is the order of
// columns everywhere; new fields go to the end.
type FieldID uint8

// The fields of an answer. Numbers are as they stand in the header unless
// said otherwise; the catalogue (Catalogue) documents each.
const (
	AnswerKind FieldID = iota // Kind; present in every observation

	// IP, from the paper's Figure 8. Its addresses are never features and
	// have no field.
	IPVersion
	IPIHL      // in 32-bit words
	IPTOS      // with the two ECN bits
	IPLen      // total length, bytes
	IPID       //
	IPFlags    // three bits: reserved, DF, MF
	IPOffset   // fragment offset, 8-byte units
	IPTTL      //
	IPProto    //
	IPChecksum // raw: prone mode only
	IPChecksumOK

	// TCP, from the paper's Figure 8. Its ports are never features.
	TCPSeq
	TCPAck
	TCPOffset   // in 32-bit words
	TCPReserved // four bits
	TCPFlags    // eight bits
	TCPWindow   //
	TCPChecksum // raw: prone mode only
	TCPChecksumOK
	TCPUrgent
	TCPPayload          // payload length, bytes
	TCPOptionsOrder     // text: kinds by name, comma separated, as "MSS,NOP,WS"
	TCPMSS              // first MSS option
	TCPWScale           // first window scale option
	TCPTSVal            // first timestamps option
	TCPTSEcr            //
	TCPSACKOK           // 1 when SACK-permitted is there
	TCPSACKLeft         // first SACK block
	TCPSACKRight        //
	TCPSACKMore         // number of further blocks
	TCPOptionsOther     // text: options of other kinds, kind and hex data
	TCPOptionsMalformed // text: what is wrong in the option bytes

	// ICMP.
	ICMPType
	ICMPCode
	ICMPRest // second 32-bit word: unused, or next-hop MTU
	// How the probe is quoted back in an ICMP error.
	QuoteLen        // bytes of the probe quoted, from its IP header on
	QuoteIPLen      // quoted total length minus sent, two's complement in 16 bits
	QuoteIPID       // Echo
	QuoteIPChecksum // Echo, but for EchoRecomputed (right for the header as quoted)
	QuoteIPTTL      // sent TTL minus quoted
	QuoteIPTOS      // Echo
	QuotePayload    // Echo, for what follows the IP header

	// NumFields is the size of the catalogue.
	NumFields = int(iota)
)

// Echo says how a value that was sent came back in a quotation.
type Echo uint64

// The ways in which a value comes back.
const (
	EchoSame Echo = iota
	EchoZero
	EchoSwapped // its two bytes changed places
	EchoRecomputed
	EchoOther
)

// Type is the type of a field's values.
type Type uint8

// The types. The zero value is invalid.
const (
	_    Type = iota
	Uint      // an unsigned number
	Text      // an interned string
)

// Source is what a field's value may depend on.
type Source uint8

// The sources of variation. SourceOS is the operating system's code itself;
// every other makes a field prone to overfitting when it is likely.
const (
	SourceOS Source = iota
	SourceConfig
	SourceApplication
	SourceHardware
	SourceNetwork
	SourceState
	SourceRandom
	NumSources = int(iota)
)

// SourceNames are the names in files and figures, by Source.
var SourceNames = [NumSources]string{"os", "config", "application", "hardware", "network", "state", "random"}

// Influence is how likely a source is to change a field.
type Influence uint8

// The influences.
const (
	None           Influence = iota
	BarelyPossible           // in principle, but not met in practice
	Likely
)

// Field is one entry of the catalogue: our own Table 2.
type Field struct {
	ID      FieldID
	Name    string // as "tcp.window"
	Type    Type
	Unit    string // "" for a plain number or code
	Paper   bool   // named in the paper's Figure 8
	Sources [NumSources]Influence
	Reason  string // a sentence with the RFC or kernel function behind Sources
}

// Vetted reports whether no source but the operating system is likely.
func (f *Field) Vetted() bool {
	for s, in := range f.Sources {
		if Source(s) != SourceOS && in == Likely {
			return false
		}
	}
	return true
}
