package logistic

import (
	"context"
	"math"
	"slices"

	"tickle/learners"
)

// calibrationFolds is how many parts the training rows are cut into, to have
// sums for rows that a model has not seen.
const calibrationFolds = 5

// heldOut is what a model says of a row that it has not seen: the logarithms
// of its classes' probabilities up to a constant, and which class is right.
type heldOut struct {
	logs  []float64
	right int
}

// calibrate finds the temperature of Guo, Pleiss, Sun and Weinberger, "On
// calibration of modern neural networks" (ICML 2017), one number for all
// classes, on rows held out of the training rows, whole groups at a time. A row
// whose class is then without training rows is left out; with no row left the
// temperature is 1.
func (l learner) calibrate(ctx context.Context, t *learners.Train) (float64, error) {
	parts := calibrationParts(t)
	var all []heldOut
	for k := range calibrationFolds {
		rest, out := *t, []int32(nil)
		rest.Rows, rest.Progress = nil, nil
		for i, r := range t.Rows {
			if parts[i] == k {
				out = append(out, r)
			} else {
				rest.Rows = append(rest.Rows, r)
			}
		}
		if len(out) == 0 || len(rest.Rows) == 0 {
			continue
		}
		m, err := l.fit(ctx, &rest)
		if err != nil {
			return 0, err
		}
		for _, r := range out {
			if right := slices.Index(m.present, t.Labels[r]); right >= 0 && len(m.present) > 1 {
				all = append(all, heldOut{m.logs(r), right})
			}
		}
	}
	return fitTemperature(all), nil
}

// calibrationParts gives each training row its part. The groups of a class go
// to the parts in turn, in the order of their first rows, from another part on
// for each class, so that every part has some of most. A row without a group is
// one of its own.
func calibrationParts(t *learners.Train) []int {
	parts, next, of := make([]int, len(t.Rows)), make([]int, len(t.Classes)), make(map[string]int)
	for i, r := range t.Rows {
		group := t.Data.Machines[r].Group
		part, known := of[group]
		if group == "" || !known {
			class := int(t.Labels[r])
			part = (class + next[class]) % calibrationFolds
			next[class]++
			of[group] = part
		}
		parts[i] = part
	}
	return parts
}

// The bounds of a temperature, which rows that are all right or all wrong
// would otherwise take to 0 or to infinity.
const lowestTemperature, highestTemperature = 1. / 64, 64.

// fitTemperature minimises the cross-entropy of softmax(logs/T). Like Platt's,
// its targets are a little less than certain ("Probabilistic outputs for
// support vector machines", 1999): (n+1)/(n+2) for the right class of n rows,
// the rest shared by the others. The loss is convex in 1/T, where its slope is
// bisected.
func fitTemperature(rows []heldOut) float64 {
	if len(rows) == 0 {
		return 1
	}
	n := float64(len(rows))
	slope := func(inverse float64) float64 {
		sum := 0.0
		for i := range rows {
			scores := slices.Clone(rows[i].logs)
			softmax(scores, 1/inverse)
			others := 1 / (n + 2) / float64(len(scores)-1)
			for c, score := range scores {
				target := others
				if c == rows[i].right {
					target = (n + 1) / (n + 2)
				}
				sum += (score - target) * rows[i].logs[c]
			}
		}
		return sum
	}
	low, high := math.Log2(lowestTemperature), math.Log2(highestTemperature)
	for range 50 {
		middle := (low + high) / 2
		if slope(math.Exp2(-middle)) > 0 {
			low = middle // 1/T is too large, T too low
		} else {
			high = middle
		}
	}
	return math.Exp2((low + high) / 2)
}
