//go:build !peers

package novelty_test

import "testing"

// run gives the text of the golden file.
func (r run) run(t *testing.T, _, _ []byte) string { return r.read(t) }
