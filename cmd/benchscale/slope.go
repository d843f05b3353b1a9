package main

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// wanted is the largest exponent of time that counts as linear.
const wanted = 1.1

// What is drawn and fitted: against an axis, a quantity of a stage.
const (
	byProbes   = "probes"
	byMachines = "machines"
	cpuTime    = "CPU s"
	peakMemory = "peak MiB"
)

// slope is the exponent b of quantity = a·axisᵇ, by least squares on the
// logarithms.
type slope struct {
	Stage    string  `json:"stage"`
	Quantity string  `json:"quantity"`
	Axis     string  `json:"axis"`
	N        int     `json:"n"` // points, all rounds
	Exponent float64 `json:"exponent"`
	StdErr   float64 `json:"std_err"` // of the exponent, with n-2 degrees of freedom
	Factor   float64 `json:"factor"`  // a
	Last     float64 `json:"last"`    // the exponent between the two largest points, where what is fixed weighs least
}

func (l slope) String() string {
	return fmt.Sprintf("%-8s %-8s ~ %-8s ^ %5.3f ± %.3f, %5.3f from the last point but one to the last", l.Stage, l.Quantity, l.Axis, l.Exponent, l.StdErr, l.Last)
}

// of gives the quantity of a measurement.
func (m *measurement) of(quantity string) float64 {
	if quantity == cpuTime {
		return m.CPU
	}
	return m.PeakMiB
}

// along gives the axis and quantity of all measurements of a stage in which
// only the axis differs from the base.
func along(base point, all []measurement, l slope) (x, y []float64) {
	for i := range all {
		m := &all[i]
		v := m.of(l.Quantity)
		if m.Stage != l.Stage || v <= 0 {
			continue
		}
		switch {
		case l.Axis == byProbes && m.Machines == base.Machines:
			x, y = append(x, float64(m.Probes)), append(y, v)
		case l.Axis == byMachines && m.Probes == base.Probes:
			x, y = append(x, float64(m.Machines)), append(y, v)
		}
	}
	return x, y
}

// slopes fits every stage and quantity along both axes. What the system does
// not tell is left out.
func slopes(base point, all []measurement) []slope {
	var fitted []slope
	for _, quantity := range []string{cpuTime, peakMemory} {
		for _, stage := range []string{collectStage, storeStage} {
			for _, axis := range []string{byProbes, byMachines} {
				l := slope{Stage: stage, Quantity: quantity, Axis: axis}
				if x, y := along(base, all, l); len(x) > 2 {
					l.fit(x, y)
					fitted = append(fitted, l)
				}
			}
		}
	}
	return fitted
}

// fit lays a line through the logarithms of x and y.
func (l *slope) fit(x, y []float64) {
	lx, ly := make([]float64, len(x)), make([]float64, len(y))
	for i := range x {
		lx[i], ly[i] = math.Log(x[i]), math.Log(y[i])
	}
	a, b := stat.LinearRegression(lx, ly, nil, false)
	l.N, l.Exponent, l.Factor = len(x), b, math.Exp(a)
	rest, spread, mean := 0.0, 0.0, stat.Mean(lx, nil)
	for i := range lx {
		d := ly[i] - a - b*lx[i]
		rest += d * d
		spread += (lx[i] - mean) * (lx[i] - mean)
	}
	l.Last = last(lx, ly)
	l.StdErr = math.Sqrt(rest / float64(len(x)-2) / spread)
}

// last gives the slope between the means at the two largest x, which differ.
func last(x, y []float64) float64 {
	sum, n := make(map[float64]float64), make(map[float64]float64)
	for i := range x {
		sum[x[i]], n[x[i]] = sum[x[i]]+y[i], n[x[i]]+1
	}
	at := slices.Sorted(maps.Keys(sum))
	b, a := at[len(at)-1], at[len(at)-2]
	return (sum[b]/n[b] - sum[a]/n[a]) / (b - a)
}

// at gives the fitted quantity.
func (l slope) at(x float64) float64 { return l.Factor * math.Pow(x, l.Exponent) }
