//go:build !peers

package logistic_test

import "testing"

// run gives the text of the golden file.
func (r run) run(t *testing.T, _ []byte) string { return r.read(t) }
