package nearest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"same", "same", 0}} {
		require.Equal(t, c.want, Distance(c.a, c.b), c)
		require.Equal(t, c.want, Distance(c.b, c.a), c)
	}
}

func TestNameTakesTheFirstOfEquals(t *testing.T) {
	best, d := Name("forst", []string{"forest", "frost", "ibk"})
	require.Equal(t, "forest", best)
	require.Equal(t, 1, d)
	best, d = Name("x", nil)
	require.Empty(t, best)
	require.Equal(t, math.MaxInt, d)
}
