//go:build !cgo

package golearn

import "tickle/learners"

// Entries offers nothing, for golearn needs cgo.
func Entries() []learners.Entry { return nil }
