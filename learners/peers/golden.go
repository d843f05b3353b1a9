//go:build !peers

package peers

import "testing"

// run gives the text of the golden file.
func run(t testing.TB, _ Case, path string, _ files) string {
	t.Helper()
	return readGolden(t, path)
}
