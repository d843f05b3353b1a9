package datasets

// FieldSummary is what is known of one field after all repeats of a probe.
type FieldSummary struct {
	State State
	// Value is the field's value when State is Present; for a Text field the
	// number of the text in the machine's Interner.
	Value uint64
	// Distinct is the number of different outcomes among the answers, absence
	// being one of them: 1 unless State is Nondet.
	Distinct uint16
	// First is the first repeat, counted from 1, whose outcome differed from
	// the first answer's; 0 when none did, or but a copy at a slow pace.
	First uint16
}

// Summary is what is known of one probe, or of one place for an answer in a
// dialogue, on one machine after all repeats.
type Summary struct {
	Probe    int32
	Step     uint8  // as in Slot
	Answer   uint8  //
	Repeats  uint16 // sendings
	Answered uint16 // sendings with at least one answer
	Answers  uint32 // answers to all sendings of the packet, or of the step, duplicates included
	Fields   [NumAllFields]FieldSummary
}

// Lossy reports whether some repeats were answered and some were not. All or
// none answered is consistent.
func (s *Summary) Lossy() bool { return s.Answered > 0 && s.Answered < s.Repeats }

// Summarize fills dst's Repeats, Answered and Fields from the repeats of a
// probe in order; it leaves the rest alone. obs[i] holds the first
// answer to repeat i when answered[i]; otherwise it is not looked at.
//
// A field is Present only when present with one value in every answer, Absent
// when absent in every answer or when there was none, and else Nondet. Only
// answers count: on a lossy probe the fields, AnswerKind among them, say what
// the answers that came had in common, and whether to believe that is for the
// loss policy. A probe that was never answered has the kind KindNone, Present
// and with one value: silence in every repeat is a kind of answer.
func Summarize(dst *Summary, obs []Observation, answered []bool) {
	dst.Repeats, dst.Answered = uint16(len(obs)), 0
	first := -1
	var some, every, differ uint64
	every = allFields
	for i := range obs {
		if !answered[i] {
			continue
		}
		o := &obs[i]
		dst.Answered++
		some |= o.Present
		every &= o.Present
		if first < 0 {
			first = i
			continue
		}
		differ |= o.Present ^ obs[first].Present
		for f := range NumAllFields {
			if o.Values[f] != obs[first].Values[f] {
				differ |= (o.Present & (1 << f))
			}
		}
	}
	if first < 0 {
		for f := range dst.Fields {
			dst.Fields[f] = FieldSummary{State: Absent, Distinct: 1}
		}
		dst.Fields[AnswerKind] = FieldSummary{State: Present, Value: uint64(KindNone), Distinct: 1}
		return
	}
	for f := range dst.Fields {
		bit := uint64(1) << f
		switch {
		case differ&bit != 0:
			dst.Fields[f] = summarizeNondet(FieldID(f), obs, answered)
		case every&bit != 0:
			dst.Fields[f] = FieldSummary{State: Present, Value: obs[first].Values[f], Distinct: 1}
		default:
			dst.Fields[f] = FieldSummary{State: Absent, Distinct: 1}
		}
	}
}

const allFields = 1<<NumAllFields - 1

// summarizeNondet counts the outcomes of a field that is known to vary.
func summarizeNondet(f FieldID, obs []Observation, answered []bool) FieldSummary {
	s := FieldSummary{State: Nondet}
	firstAnswer := -1
	for i := range obs {
		if !answered[i] {
			continue
		}
		if firstAnswer < 0 {
			firstAnswer = i
		}
		seen := false
		for j := firstAnswer; j < i && !seen; j++ {
			seen = answered[j] && sameOutcome(f, &obs[i], &obs[j])
		}
		if seen {
			continue
		}
		s.Distinct++
		if s.Distinct == 2 {
			s.First = uint16(i + 1)
		}
	}
	return s
}

func sameOutcome(f FieldID, a, b *Observation) bool {
	v, ok := a.Get(f)
	w, was := b.Get(f)
	return ok == was && (!ok || v == w)
}
