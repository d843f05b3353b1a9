package modelfile

import (
	"encoding/binary"
	"math"
)

// Encoder writes a payload. The zero value is ready for use.
type Encoder struct{ b []byte }

// Bytes gives what was written.
func (e *Encoder) Bytes() []byte { return e.b }

// Uint writes a uint.
func (e *Encoder) Uint(v uint64) { e.b = binary.AppendUvarint(e.b, v) }

// Count writes a count; n must not be negative.
func (e *Encoder) Count(n int) { e.Uint(uint64(n)) }

// Index writes an index; i must not be negative.
func (e *Encoder) Index(i int) { e.Uint(uint64(i)) }

// Flag writes a flag.
func (e *Encoder) Flag(v bool) {
	b := byte(0)
	if v {
		b = 1
	}
	e.b = append(e.b, b)
}

// wholeFloats is up to where whole numbers are written as such.
const wholeFloats = 1 << 52

// Float writes a float, any.
func (e *Encoder) Float(v float64) {
	if v >= 0 && v < wholeFloats && v == math.Trunc(v) && !math.Signbit(v) {
		e.Uint(2 * uint64(v))
		return
	}
	e.b = binary.LittleEndian.AppendUint64(append(e.b, 1), math.Float64bits(v))
}

// Floats writes some floats, without their number.
func (e *Encoder) Floats(values []float64) {
	for _, v := range values {
		e.Float(v)
	}
}

// Indices writes some indices, without their number.
func (e *Encoder) Indices(values []int32) {
	for _, v := range values {
		e.Index(int(v))
	}
}

// Text writes a text.
func (e *Encoder) Text(s string) {
	e.Count(len(s))
	e.b = append(e.b, s...)
}
