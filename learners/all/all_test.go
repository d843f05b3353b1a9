package all_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners"
	"tickle/learners/all"
)

// TestRegistry: every learner and detector has a summary and documented options, and is
// made with its defaults.
func TestRegistry(t *testing.T) {
	for _, r := range []*learners.Registry{all.Registry(), all.Novelty()} {
		checkEntries(t, r)
	}
}

func checkEntries(t *testing.T, r *learners.Registry) {
	for _, e := range r.Entries() {
		require.NotEmpty(t, e.Summary, e.Name)
		for _, o := range e.Options {
			require.NotEmpty(t, o.Doc, e.Name+": "+o.Name)
		}
		list, err := r.Parse(e.Name)
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Empty(t, list[0].Options)
	}
}
