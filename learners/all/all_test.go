package all_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/all"
)

// TestRegistry: every learner has a summary and documented options, and is
// made with its defaults.
func TestRegistry(t *testing.T) {
	r := all.Registry()
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
