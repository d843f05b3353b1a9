package bitslice

import "testing"

// withVectors runs a test without and with the assembly.
func withVectors(t *testing.T, run func(t *testing.T)) {
	had := vectors
	defer func() { vectors = had }()
	vectors = false
	t.Run("Go", run)
	if !had {
		t.Log("this processor lacks the instructions of the assembly")
		return
	}
	vectors = true
	t.Run("AVX-512", run)
}
