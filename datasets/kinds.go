package datasets

import (
	"bytes"
	"hash/maphash"
)

// kinds says which machines are the same in a unit. Machines with one stack
// answer most fields alike, and what is alike is the same bytes on disk, for
// the writer leaves no choice: so bytes are compared, and only one machine of
// each kind is decoded, transposed and coded.
type kinds struct {
	of       []int32 // machine to kind; kinds are numbered in order of their first machine
	first    []int32 // kind to its first machine
	machines []int64 // kind to its number of machines
	decides  []bool  // kind to whether one of its machines is not masked

	head  map[uint64]int32 // hash to the last kind that has it
	next  []int32          // kind to the one before with its hash, or -1
	bytes []byte           // of the kinds, one behind the other
	ends  []int
}

// apart makes every machine a kind of its own.
func apart(masked []bool) kinds {
	var k kinds
	for m, mask := range masked {
		k.of, k.first = append(k.of, int32(m)), append(k.first, int32(m))
		k.machines, k.decides = append(k.machines, 1), append(k.decides, !mask)
	}
	return k
}

// find compares the machines of b in a field of a row group.
func (k *kinds) find(b *builder, group int, field FieldID) error {
	k.of, k.first, k.machines, k.decides = k.of[:0], k.first[:0], k.machines[:0], k.decides[:0]
	k.next, k.bytes, k.ends = k.next[:0], k.bytes[:0], k.ends[:0]
	if k.head == nil {
		k.head = make(map[uint64]int32)
	}
	clear(k.head)
	column := b.plan.Layout().fieldColumn(field)
	for m, f := range b.files {
		start := len(k.bytes)
		var err error
		if k.bytes, err = f.t.appendRaw(k.bytes, group, column, column+1); err != nil {
			return err
		}
		kind, seen := k.match(maphash.Bytes(b.grouper.seed, k.bytes[start:]), start)
		if seen {
			k.bytes = k.bytes[:start]
		} else {
			k.ends = append(k.ends, len(k.bytes))
			k.first, k.machines, k.decides = append(k.first, int32(m)), append(k.machines, 0), append(k.decides, false)
		}
		k.of = append(k.of, kind)
		k.machines[kind]++
		k.decides[kind] = k.decides[kind] || !b.masked[m]
	}
	return nil
}

// match gives the kind whose bytes are those from start on, or a new one.
func (k *kinds) match(hash uint64, start int) (kind int32, seen bool) {
	last, ok := k.head[hash]
	if !ok {
		last = -1
	}
	for kind = last; kind >= 0; kind = k.next[kind] {
		from := 0
		if kind > 0 {
			from = k.ends[kind-1]
		}
		if bytes.Equal(k.bytes[from:k.ends[kind]], k.bytes[start:]) {
			return kind, true
		}
	}
	kind = int32(len(k.next))
	k.head[hash] = kind
	k.next = append(k.next, last)
	return kind, false
}
