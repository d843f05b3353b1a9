package collector

import "math"

// dialogues holds those that run, in slots, with a heap by when they are due;
// ties go to the lower copy.
type dialogues struct {
	slots  []dialogue
	free   []uint32
	heap   []uint32
	active int
}

func (d *dialogues) reset() {
	d.slots, d.free, d.heap, d.active = d.slots[:0], d.free[:0], d.heap[:0], 0
}

// soonest gives the dialogue that is due first, or never.
func (d *dialogues) soonest() (slot uint32, due int64) {
	if len(d.heap) == 0 {
		return 0, never
	}
	return d.heap[0], d.slots[d.heap[0]].due
}

// open takes a slot.
func (d *dialogues) open() uint32 {
	d.active++
	var slot uint32
	if n := len(d.free); n > 0 {
		slot = d.free[n-1]
		d.free = d.free[:n-1]
	} else {
		slot = uint32(len(d.slots))
		d.slots = append(d.slots, dialogue{})
	}
	d.slots[slot] = dialogue{due: never, place: int32(len(d.heap))}
	d.heap = append(d.heap, slot)
	return slot
}

// close gives a slot back.
func (d *dialogues) close(slot uint32) {
	d.schedule(slot, math.MinInt64) // to the top
	last := len(d.heap) - 1
	d.swap(0, last)
	d.heap = d.heap[:last]
	d.down(0)
	d.free = append(d.free, slot)
	d.active--
}

// schedule sets when a dialogue is due.
func (d *dialogues) schedule(slot uint32, due int64) {
	s := &d.slots[slot]
	s.due = due
	d.up(int(s.place))
	d.down(int(s.place))
}

func (d *dialogues) less(i, j int) bool {
	a, b := &d.slots[d.heap[i]], &d.slots[d.heap[j]]
	return a.due < b.due || a.due == b.due && a.copy < b.copy
}

func (d *dialogues) swap(i, j int) {
	d.heap[i], d.heap[j] = d.heap[j], d.heap[i]
	d.slots[d.heap[i]].place, d.slots[d.heap[j]].place = int32(i), int32(j)
}

func (d *dialogues) up(i int) {
	for parent := (i - 1) / 2; i > 0 && d.less(i, parent); i, parent = parent, (parent-1)/2 {
		d.swap(i, parent)
	}
}

func (d *dialogues) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(d.heap) {
			return
		}
		if child+1 < len(d.heap) && d.less(child+1, child) {
			child++
		}
		if !d.less(child, i) {
			return
		}
		d.swap(i, child)
		i = child
	}
}
