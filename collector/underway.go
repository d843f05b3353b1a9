package collector

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// underWay adds to the error of a machine that ended, or of its link, the
// dialogues that were under way, by their numbers in the set: one of them, or
// one that was over a moment before, may be why.
func (e *engine) underWay(err error) error {
	var dead linkError
	if !errors.As(err, &dead) || e.dialogues.active == 0 {
		return err
	}
	var ids []int
	for _, slot := range e.dialogues.heap {
		ids = append(ids, e.g.plan.Set.Probes[e.dialogues.slots[slot].probe].ID)
	}
	slices.Sort(ids)
	var list []string
	for _, id := range slices.Compact(ids) {
		list = append(list, strconv.Itoa(id))
	}
	return fmt.Errorf("%w; under way: dialogues %s", err, strings.Join(list, ", "))
}
