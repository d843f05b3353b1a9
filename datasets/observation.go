package datasets

// Observation holds the fields of one exchange: those of its first answer.
// Values of text fields are indices into the run's Interner.
type Observation struct {
	Values  [NumAllFields]uint64
	Present uint64 // bit f is set when field f has a value
}

// Set gives field f a value.
func (o *Observation) Set(f FieldID, v uint64) {
	o.Values[f] = v
	o.Present |= 1 << f
}

// Get returns field f's value and whether it is present.
func (o *Observation) Get(f FieldID) (v uint64, ok bool) {
	return o.Values[f], o.Present&(1<<f) != 0
}

// Reset makes every field absent.
func (o *Observation) Reset() { o.Present = 0 }

// Kind is the kind of an exchange's first answer, the value of AnswerKind.
type Kind uint64

// The kinds of answer. KindNone is a value too: silence is an answer.
const (
	KindNone Kind = iota
	KindTCP
	KindICMP
	KindUDP
)

// Interner numbers the texts of one machine's run, in order of appearance.
// The zero value is ready for use.
type Interner struct {
	ids   map[string]uint64
	texts []string
}

// ID gives the number of text b. It does not keep b and allocates only for a
// text it has not seen.
func (in *Interner) ID(b []byte) uint64 {
	if id, ok := in.ids[string(b)]; ok {
		return id
	}
	if in.ids == nil {
		in.ids = make(map[string]uint64)
	}
	s := string(b)
	id := uint64(len(in.texts))
	in.ids[s] = id
	in.texts = append(in.texts, s)
	return id
}

// Text gives back what ID numbered.
func (in *Interner) Text(id uint64) string { return in.texts[id] }

// Len is the number of distinct texts.
func (in *Interner) Len() int { return len(in.texts) }
