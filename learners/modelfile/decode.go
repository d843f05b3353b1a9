package modelfile

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Decoder reads a payload. Its first error stays; from then on its methods
// give zeros, so that whoever reads looks for it once, at the end, and where a
// loop is long. What names a thing in the error. Nothing that it returns is
// larger than the bytes for it justify.
type Decoder struct {
	b   []byte
	at  int
	err error
}

// NewDecoder reads from b.
func NewDecoder(b []byte) *Decoder { return &Decoder{b: b} }

// Err is the first error.
func (d *Decoder) Err() error { return d.err }

// Fail makes an error of what was read, unless there is one.
func (d *Decoder) Fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("payload, up to byte %d: %s", d.at, fmt.Sprintf(format, args...))
	}
}

// End is the first error; bytes that are left are one.
func (d *Decoder) End() error {
	if d.err == nil && d.at < len(d.b) {
		d.Fail("%d bytes more than the model has", len(d.b)-d.at)
	}
	return d.err
}

// Uint reads a uint.
func (d *Decoder) Uint(what string) uint64 {
	if d.err != nil {
		return 0
	}
	v, n := binary.Uvarint(d.b[d.at:])
	if n <= 0 {
		d.Fail("%s: want a number, but it is cut or too large", what)
		return 0
	}
	d.at += n
	return v
}

// Count reads a count of things of which each takes least bytes or more, of
// those that are left.
func (d *Decoder) Count(what string, least int) int {
	v := d.Uint(what)
	if left := len(d.b) - d.at; d.err == nil && v > uint64(left/max(least, 1)) {
		d.Fail("%d %s: want no more than the %d bytes left can hold", v, what, left)
	}
	if d.err != nil {
		return 0
	}
	return int(v)
}

// Number reads a uint from low to high.
func (d *Decoder) Number(what string, low, high int) int {
	v := d.Uint(what)
	if d.err == nil && (v < uint64(low) || v > uint64(high)) {
		d.Fail("%s: %d: want a number from %d to %d", what, v, low, high)
	}
	if d.err != nil {
		return low
	}
	return int(v)
}

// Index reads an index into a list of n.
func (d *Decoder) Index(what string, n int) int {
	v := d.Uint(what)
	if d.err == nil && v >= uint64(n) {
		d.Fail("%s: number %d: want one of %d", what, v, n)
	}
	if d.err != nil {
		return 0
	}
	return int(v)
}

// Indices reads count indices into a list of n; nil after an error.
func (d *Decoder) Indices(what string, count, n int) []int32 {
	if !d.Holds(what, count) {
		return nil
	}
	list := make([]int32, count)
	for i := range list {
		list[i] = int32(d.Index(what, n))
	}
	return list
}

// Holds makes sure that the bytes left can hold count things of a byte each:
// what follows from something else and is not counted in the file.
func (d *Decoder) Holds(what string, count int) bool {
	if d.err == nil && count > len(d.b)-d.at {
		d.Fail("%s: want %d, but there are %d bytes", what, count, len(d.b)-d.at)
	}
	return d.err == nil
}

// Flag reads a flag.
func (d *Decoder) Flag(what string) bool { return d.Index(what, 2) == 1 }

// Float reads a finite float.
func (d *Decoder) Float(what string) float64 {
	v := d.Any(what)
	if d.err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
		d.Fail("%s: %v: want a finite number", what, v)
		return 0
	}
	return v
}

// Between reads a float from low to high.
func (d *Decoder) Between(what string, low, high float64) float64 {
	v := d.Float(what)
	if d.err == nil && !(v >= low && v <= high) {
		d.Fail("%s: %v: want a number from %v to %v", what, v, low, high)
	}
	if d.err != nil {
		return low
	}
	return v
}

// Any reads a float, finite or not.
func (d *Decoder) Any(what string) float64 {
	v := d.Uint(what)
	switch {
	case d.err != nil:
		return 0
	case v&1 == 0 && v < 2*wholeFloats:
		return float64(v / 2)
	case v != 1 || len(d.b)-d.at < 8:
		d.Fail("%s: want a number", what)
		return 0
	}
	d.at += 8
	return math.Float64frombits(binary.LittleEndian.Uint64(d.b[d.at-8:]))
}

// Floats reads count finite floats; nil after an error.
func (d *Decoder) Floats(what string, count int) []float64 {
	return d.FloatsBetween(what, count, [2]float64{-math.MaxFloat64, math.MaxFloat64})
}

// FloatsBetween reads count floats from bounds[0] to bounds[1]; nil after an
// error.
func (d *Decoder) FloatsBetween(what string, count int, bounds [2]float64) []float64 {
	if !d.Holds(what, count) {
		return nil
	}
	list := make([]float64, count)
	for i := range list {
		list[i] = d.Between(what, bounds[0], bounds[1])
	}
	if d.err != nil {
		return nil
	}
	return list
}

// rounding is how far what is one by definition may be from it.
const rounding = 1e-6

// Share reads a float that is a share of one.
func (d *Decoder) Share(what string) float64 { return d.Between(what, 0, 1+rounding) }

// Shares reads count shares that sum to one; nil after an error.
func (d *Decoder) Shares(what string, count int) []float64 {
	list := d.FloatsBetween(what, count, [2]float64{0, 1 + rounding})
	sum := 0.0
	for _, v := range list {
		sum += v
	}
	d.One(what, sum)
	if d.err != nil {
		return nil
	}
	return list
}

// One fails when the sum of some shares is not one.
func (d *Decoder) One(what string, sum float64) {
	if d.err == nil && !(math.Abs(sum-1) <= rounding) {
		d.Fail("%s: sum %v: want 1", what, sum)
	}
}

// Text reads a text.
func (d *Decoder) Text(what string) string {
	n := d.Count(what, 1)
	if d.err != nil {
		return ""
	}
	d.at += n
	return string(d.b[d.at-n : d.at])
}

// MaxDepth is how many levels a tree in a file may have below its root: what
// shows one indents every level, so that a deep one takes the square of it.
const MaxDepth = 1 << 11

// TooDeep is the error of storing a tree that is deeper.
func TooDeep() error {
	return fmt.Errorf("a tree of more than %d levels: files have none so deep", MaxDepth)
}

// MaxWeight is the most that a weight of training rows may be in a file.
const MaxWeight = 1 << 40
