package datasets

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// largePages asks for large pages in the room of a long slice, of values
// without pointers, before it is filled: at half a gigabyte of codes the faults
// of small ones cost more than the copying. It is a hint that changes no result.
func largePages[T any](s []T) {
	const large = 2 << 20
	from := uintptr(unsafe.Pointer(unsafe.SliceData(s)))
	to := from + uintptr(cap(s))*unsafe.Sizeof(*new(T))
	first := (from + large - 1) &^ (large - 1)
	if first+large > to {
		return
	}
	room := unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(s)), first-from)), (to-first)&^(large-1))
	_ = unix.Madvise(room, unix.MADV_HUGEPAGE) // kernels without large pages refuse
}
