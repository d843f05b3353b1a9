package experiments_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/experiments"
)

// randomTable makes rows of uneven groups, each of one class or two.
func randomTable(rng *rand.Rand) *experiments.Table {
	t := &experiments.Table{}
	classes := 1 + rng.IntN(6)
	for g := range int32(4 + rng.IntN(30)) {
		class := int32(rng.IntN(classes))
		for range 1 + rng.IntN(5) {
			if rng.IntN(10) == 0 {
				class = int32(rng.IntN(classes))
			}
			t.Labels = append(t.Labels, class)
			t.Groups = append(t.Groups, g)
			t.Rows++
		}
	}
	return t
}

func TestEveryRowIsTestedOnceARepeat(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	same := 0
	for range 50 {
		table := randomTable(rng)
		for _, s := range []experiments.Splitter{experiments.RandomFolds{K: 10, Repeats: 2}, experiments.GroupedFolds{K: 4, Repeats: 2}} {
			folds, err := s.Split(table, 5)
			require.NoError(t, err)
			tested := make([][2]int, table.Rows)
			for _, f := range folds {
				require.Len(t, append(append([]int32{}, f.Train...), f.Test...), table.Rows)
				in := make(map[int32]bool)
				for _, r := range f.Train {
					in[r] = true
				}
				for _, r := range f.Test {
					require.False(t, in[r], "%s: row %d is on both sides", s.Name(), r)
					tested[r][f.Repeat]++
				}
				require.NotEmpty(t, f.Test)
			}
			for r := range tested {
				require.Equal(t, [2]int{1, 1}, tested[r], "%s: row %d", s.Name(), r)
			}
			again, err := s.Split(table, 5)
			require.NoError(t, err)
			require.Equal(t, folds, again)
			other, err := s.Split(table, 6)
			require.NoError(t, err)
			if fmt.Sprint(other) == fmt.Sprint(folds) {
				same++
			}
		}
	}
	// Four groups go into four folds in one way only but for order.
	require.Less(t, same, 5, "another seed should give other folds")
}

func TestRandomFoldsAreEqualInSize(t *testing.T) {
	folds, err := experiments.RandomFolds{K: 10}.Split(&experiments.Table{Rows: 329}, 1)
	require.NoError(t, err)
	for _, f := range folds {
		require.Contains(t, []int{32, 33}, len(f.Test))
	}
}

func TestGroupedFoldsSplitNoGroup(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for range 50 {
		table := randomTable(rng)
		folds, err := experiments.GroupedFolds{K: 5, Repeats: 3}.Split(table, rng.Uint64())
		require.NoError(t, err)
		home := make(map[string]int)
		for _, f := range folds {
			for _, r := range f.Test {
				k := fmt.Sprint(f.Repeat, table.Groups[r])
				if fold, ok := home[k]; ok {
					require.Equal(t, fold, f.Fold, "group %d", table.Groups[r])
				}
				home[k] = f.Fold
			}
		}
	}
}

func TestGroupedFoldsSpreadClasses(t *testing.T) {
	// Where it can be even it is: three classes of 10, 20 and 40 groups of
	// two rows, in ten folds.
	table := &experiments.Table{}
	for g := range int32(70) {
		class := int32(0)
		if g >= 10 {
			class = 1
		}
		if g >= 30 {
			class = 2
		}
		table.Labels = append(table.Labels, class, class)
		table.Groups = append(table.Groups, g, g)
		table.Rows += 2
	}
	folds, err := experiments.GroupedFolds{K: 10}.Split(table, 9)
	require.NoError(t, err)
	for _, f := range folds {
		count := [3]int{}
		for _, r := range f.Test {
			count[table.Labels[r]]++
		}
		require.Equal(t, [3]int{2, 4, 8}, count, "fold %d", f.Fold)
	}
}

func TestFoldsOfTooLittle(t *testing.T) {
	_, err := experiments.RandomFolds{K: 10}.Split(&experiments.Table{Rows: 1}, 1)
	require.EqualError(t, err, "paper split into 10 folds of 1 rows: want 2 of each at least")
	_, err = experiments.GroupedFolds{K: 10}.Split(&experiments.Table{Rows: 3, Labels: []int32{0, 1, 0}, Groups: []int32{0, 0, 0}}, 1)
	require.EqualError(t, err, "grouped split into 10 folds of 1 groups: want 2 of each at least")
	folds, err := experiments.RandomFolds{K: 10}.Split(&experiments.Table{Rows: 3}, 1)
	require.NoError(t, err)
	require.Len(t, folds, 3)
}
