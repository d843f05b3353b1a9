package datasets

import "cmp"

// FieldID identifies a field of the catalogue. The order is the order of
// columns everywhere; new fields go to the end.
type FieldID uint8

// The fields of a single packet's answer. Numbers are as they stand in the header unless
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

	// NumFields is the number of fields of a single packet's answer.
	NumFields = int(iota)
)

// The fields of dialogues alone: what an answer says relative to its
// connection, and what a step drew in all. They stand behind the others, and
// files of single packets do not have them.
const (
	StepAnswers     FieldID = FieldID(NumFields) + iota // to the step; of its first answer, as is StepOrder
	StepOrder                                           // text: the answers' flags or kinds, in order
	TCPSeqRel                                           // minus the machine's initial number, but an RST's 0 is 0
	TCPAckRel                                           // minus ours; without the ACK flag minus the nearer one
	TCPSACKRel                                          // text: all blocks, minus our initial number
	TCPTSEcrRel                                         // minus the first timestamp that was sent
	TCPWindowBytes                                      // scaled
	TCPWindowMSS                                        // in segments of the connection, rounded down
	TCPWindowChange                                     // of its right edge since the first answer; minus what was acknowledged

	// NumAllFields is the size of the catalogue.
	NumAllFields = NumFields + iota
)

// Layout is what the rows of a plan's files are.
type Layout uint8

// The layouts.
const (
	// Packets has a row a probe, which is a single packet: that of the fields
	// of its first answer.
	Packets Layout = iota
	// Dialogues has a row a place for an answer (Slot): so many to each step
	// of each probe. Numbers that only mean something relative to the
	// connection stand so, instead of as they came.
	Dialogues
)

var (
	packetFields   = fieldsOf(func(f FieldID) bool { return int(f) < NumFields })
	dialogueFields = fieldsOf(func(f FieldID) bool {
		switch f {
		case TCPSeq, TCPAck, TCPChecksum, TCPTSVal, TCPTSEcr, TCPSACKLeft, TCPSACKRight, TCPSACKMore:
			return false
		}
		return true
	})
)

func fieldsOf(in func(f FieldID) bool) (fields []FieldID) {
	for f := range FieldID(NumAllFields) {
		if in(f) {
			fields = append(fields, f)
		}
	}
	return fields
}

// Fields lists the fields of a layout, in order. It must not be changed.
func (l Layout) Fields() []FieldID {
	if l == Dialogues {
		return dialogueFields
	}
	return packetFields
}

// AnswersPerStep is the number of answers to a step of a dialogue whose fields
// are kept. StepAnswers and StepOrder know of all.
const AnswersPerStep = 3

// Slot is a place for an answer under a plan.
type Slot struct {
	Probe int32
	// Step and Answer count from 1. In a plan of single packets both are 0,
	// and there is one place a probe.
	Step, Answer uint8
}

func compareSlots(a, b Slot) int {
	return cmp.Or(cmp.Compare(a.Probe, b.Probe), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Answer, b.Answer))
}

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
