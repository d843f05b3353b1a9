package experiments

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"tickle/datasets"
)

// mostOften names the fields with the highest counts, as "ip.id 40, tcp.seq
// 12 and 3 more".
func mostOften(counts *[datasets.NumAllFields]int) string {
	var fields []datasets.FieldID
	for f, n := range counts {
		if n > 0 {
			fields = append(fields, datasets.FieldID(f))
		}
	}
	slices.SortStableFunc(fields, func(a, b datasets.FieldID) int { return cmp.Compare(counts[b], counts[a]) })
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = fmt.Sprintf("%s %d", f, counts[f])
	}
	return shortList(names)
}

func sortedInts[V any](m map[int]V) []int { return slices.Sorted(maps.Keys(m)) }
