package experiments

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"tickle/datasets"
)

// factorFolds test machines with one value of a factor by models that met
// none with that value, or, as a control on the same tests, by models that
// met as many machines of each class, of any value. Folds are grouped: of the tests' groups
// no machine is trained on either way.
type factorFolds struct {
	factor  string // see factorValue
	k       int
	least   int  // machines that a value needs to be held out
	control bool // train on any value
}

// The names of the splits, before the factor.
const (
	heldOutSplit  = "held-out:"
	sameSizeSplit = "same-size:"
)

func (s factorFolds) Name() string {
	if s.control {
		return sameSizeSplit + s.factor
	}
	return heldOutSplit + s.factor
}

func (factorFolds) Stratified() bool { return true }

// factorStream draws the controls.
const factorStream = 0x666163746f72 << 16 // + fold

// Split makes up to k folds of each value that enough machines have. A fold
// without a test or without a training row is left out; without any fold
// there is an error.
func (s factorFolds) Split(t *Table, seed uint64) ([]Fold, error) {
	grouped, err := GroupedFolds{K: s.k}.Split(t, seed)
	if err != nil {
		return nil, err
	}
	value := make([]string, t.Rows)
	for r := range value {
		value[r] = factorValue(&t.Machines[r], s.factor)
	}
	var folds []Fold
	for _, v := range factorValues(t.Machines, s.factor, s.least) {
		for i := range grouped {
			f := Fold{Fold: len(folds)}
			for _, r := range grouped[i].Test {
				if value[r] == v {
					f.Test = append(f.Test, r)
				}
			}
			for _, r := range grouped[i].Train {
				if value[r] != v {
					f.Train = append(f.Train, r)
				}
			}
			if len(f.Test) == 0 || len(f.Train) == 0 {
				continue
			}
			if s.control {
				rng := rand.New(rand.NewPCG(seed, factorStream+uint64(len(folds))))
				f.Train = alikeInClasses(f.Train, grouped[i].Train, t.Labels, rng)
			}
			folds = append(folds, f)
		}
	}
	if len(folds) == 0 {
		return nil, fmt.Errorf("factor %s: no value leaves machines to train on and to test", s.factor)
	}
	return folds, nil
}

// alikeInClasses draws from all, of which rows are some, as many rows of each
// class as rows have: so that a control sees the classes as often as what it
// is compared with.
func alikeInClasses(rows, all, labels []int32, rng *rand.Rand) []int32 {
	left := make(map[int32]int)
	for _, r := range rows {
		left[labels[r]]++
	}
	var drawn []int32
	for _, k := range rng.Perm(len(all)) {
		if r := all[k]; left[labels[r]] > 0 {
			left[labels[r]]--
			drawn = append(drawn, r)
		}
	}
	slices.Sort(drawn)
	return drawn
}

// factorValue is a machine's value of a factor. "sysctl" and "app" stand for
// all factors that begin so, and have the values "default" and "changed"; of
// any other the value is the factor's own, "" where the machine has none.
func factorValue(m *datasets.Machine, factor string) string {
	if factor != "sysctl" && factor != "app" {
		return m.Factors[factor]
	}
	for name := range m.Factors {
		if strings.HasPrefix(name, factor+".") {
			return "changed"
		}
	}
	return "default"
}

// factorValues gives the values of a factor that enough machines have,
// ascending; none when fewer than two values are there at all.
func factorValues(machines []datasets.Machine, factor string, least int) []string {
	count := make(map[string]int)
	for i := range machines {
		count[factorValue(&machines[i], factor)]++
	}
	if len(count) < 2 {
		return nil
	}
	var values []string
	for _, v := range sortedKeys(count) {
		if count[v] >= least {
			values = append(values, v)
		}
	}
	return values
}
