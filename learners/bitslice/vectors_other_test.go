//go:build !amd64

package bitslice

import "testing"

// withVectors runs a test; there is no assembly for this processor.
func withVectors(t *testing.T, run func(t *testing.T)) { run(t) }
