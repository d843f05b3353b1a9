package wekarand_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/wekarand"
)

// TestRandom has what OpenJDK 17.0.15 prints for nextInt(), nextInt(n) with n
// of bounds, and nextDouble(), in this order from one generator a seed.
func TestRandom(t *testing.T) {
	bounds := []int{1, 2, 3, 10, 16, 1000, 1 << 30, 1<<30 + 1, 1<<30 + 1, 1<<31 - 1}
	for _, c := range []struct {
		seed   int64
		any    []int32
		below  []int
		floats []float64
	}{
		{0, []int32{-1155484576, -723955400, 1033096058}, []int{0, 1, 2, 1, 1, 719, 839166427, 715581077, 542832677, 827187473}, []float64{0.6130357680446138, 0.9828195255872982, 0.023081853110331063}},
		{1, []int32{-1155869325, 431529176, 1761283695}, []int{0, 0, 1, 4, 10, 978, 763150874, 13136569, 327998473, 2069540317}, []float64{0.15957805424728078, 0.5540723196744161, 0.910950480954083}},
		{42, []int32{-1170105035, 234785527, -1360544799}, []int{0, 0, 1, 5, 11, 519, 98059046, 969067502, 791955276, 819572292}, []float64{0.2757480694417024, 0.46365357580915334, 0.7829017787900358}},
		{-7, []int32{1155869324, -423064701, -1403676116}, []int{0, 1, 2, 1, 5, 245, 212737472, 988357177, 370061409, 1175943822}, []float64{0.5869074035715927, 0.5676373706654751, 0.35478739662693215}},
		{1 << 40, []int32{673231968, 1037652280, -225195142}, []int{0, 1, 0, 1, 3, 623, 340044251, 953874469, 533586193, 1526199462}, []float64{0.6293727790821457, 0.5549637777095748, 0.8982804341969349}},
	} {
		r := wekarand.New(c.seed)
		for _, want := range c.any {
			require.Equal(t, want, r.Int32(), "seed %d", c.seed)
		}
		for i, want := range c.below {
			require.Equal(t, want, r.IntN(bounds[i]), "seed %d below %d", c.seed, bounds[i])
		}
		for _, want := range c.floats {
			require.InDelta(t, want, r.Float64(), 1e-15, "seed %d", c.seed)
		}
	}
	require.Panics(t, func() { wekarand.New(1).IntN(0) })
}

// TestHashCode has what OpenJDK 17.0.15 gives.
func TestHashCode(t *testing.T) {
	require.Equal(t, int32(0), wekarand.HashCode(""))
	require.Equal(t, int32(1434153439), wekarand.HashCode("sunny,85,85,FALSE,no"))
	require.Equal(t, int32(1996812), wekarand.HashCode("é\U0001F600"))
}

// TestForRows: the row is the first draw from the seed, and its hash ("a" is
// 97) is added to the seed.
func TestForRows(t *testing.T) {
	asked := -1
	r := wekarand.ForRows(42, 10, func(row int) string { asked = row; return "a" })
	require.Equal(t, wekarand.New(42).IntN(10), asked)
	require.Equal(t, wekarand.New(42+97).Int32(), r.Int32())
}

// TestOrder has what Weka 3.6.14 gives (Utils.sort), many values being equal.
func TestOrder(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   []int
	}{
		{[]float64{}, []int{}},
		{[]float64{2}, []int{0}},
		{[]float64{0, 0}, []int{0, 1}},
		{[]float64{2, 1, 3}, []int{1, 0, 2}},
		{[]float64{1, 3, 1, 1}, []int{0, 3, 2, 1}},
		{[]float64{2, 3, 1, 1, 3}, []int{2, 3, 0, 1, 4}},
		{[]float64{3, 0, 1, 3, 2, 3, 1, 0}, []int{7, 1, 2, 6, 4, 3, 5, 0}},
		{[]float64{1, 3, 0, 1, 1, 1, 2, 3, 2, 3, 0, 1, 2}, []int{10, 2, 0, 5, 3, 11, 4, 8, 6, 12, 1, 7, 9}},
		{[]float64{0, 0, 2, 1, 2, 1, 0, 2, 0, 1, 2, 3, 1, 1, 1, 2, 1, 1, 0, 0, 1}, []int{0, 8, 6, 19, 1, 18, 16, 13, 12, 17, 14, 20, 9, 3, 5, 2, 4, 15, 7, 10, 11}},
	} {
		require.Equal(t, c.want, wekarand.Order(c.values), "%v", c.values)
	}
	random := wekarand.New(6)
	for n := range 300 {
		values := make([]float64, n)
		for i := range values {
			values[i] = float64(random.IntN(1 + n/3))
		}
		order := wekarand.Order(values)
		require.Len(t, order, n)
		seen := make([]bool, n)
		for k, i := range order {
			require.False(t, seen[i])
			seen[i] = true
			require.True(t, k == 0 || values[order[k-1]] <= values[i])
		}
	}
}
