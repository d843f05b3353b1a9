// Package nearest finds what somebody who misspelt a name may have meant.
package nearest

import "math"

// Name gives the known name with the least distance from name, the first of
// equals, and that distance; "" and math.MaxInt when none is known.
func Name(name string, known []string) (best string, least int) {
	least = math.MaxInt
	for _, k := range known {
		if d := Distance(name, k); d < least {
			best, least = k, d
		}
	}
	return best, least
}

// Distance is Levenshtein's, in bytes: insertions, deletions and
// substitutions cost one each (Soviet Physics Doklady 10, 1966).
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
