package main

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/nmap6"
)

// The tolerances of two scans of a machine, one by Nmap, which prints what it
// found in few digits.
const (
	printedTolerance = 1e-4 // of a value, at least of 1

	// TCP_ISR is the sum of five differences of initial sequence numbers over
	// the time between, and most stacks draw these: the sums of five numbers
	// drawn from 0 to 2³² are further apart than by this factor once in
	// 300,000 pairs.
	rateFactor = 16
	// Below this, in 1/s, is a counter that moves by less than the clock of
	// RFC 793, and by how long the machine has been up, as lwIP's: two scans
	// that begin at other times see other rates.
	lowRate = 1000
)

// sameVector says what two vectors of a machine differ in by more than the
// tolerances; nil: in nothing.
func sameVector(nmap, ours *nmap6.Vector) error {
	for i, name := range nmap6.Features {
		a, b := nmap[i], ours[i]
		same := (a == nmap6.Missing) == (b == nmap6.Missing)
		if name == "TCP_ISR" {
			same = same && (max(a, b) < lowRate || max(a, b) <= rateFactor*min(a, b))
		} else {
			same = same && math.Abs(a-b) <= printedTolerance*max(1, a)
		}
		if !same {
			return fmt.Errorf("%s: nmap has %v, ours is %v", name, a, b)
		}
	}
	return nil
}

func TestSameVector(t *testing.T) {
	for _, c := range []struct {
		feature    string
		nmap, ours float64
		same       bool
	}{
		{"TCP_ISR", 2e10, 2e10, true},
		{"TCP_ISR", 2e10, 0.3e10, true}, // both drawn
		{"TCP_ISR", 1.6e10, 1e9, true},
		{"TCP_ISR", 1e9, 1.6e10, true},
		{"TCP_ISR", 1.6001e10, 1e9, false},
		{"TCP_ISR", 1e9, 1.6001e10, false},
		{"TCP_ISR", 2e10, 6e5, false}, // drawn, and a counter
		{"TCP_ISR", 6e5, 5.7, false},
		{"TCP_ISR", 5.7, 999.9, true}, // counters, after seconds and after minutes
		{"TCP_ISR", 5.7, 1000, false},
		{"TCP_ISR", 0, 5.7, true},
		{"TCP_ISR", 0, 2e10, false},
		{"TCP_ISR", nmap6.Missing, nmap6.Missing, true},
		{"TCP_ISR", nmap6.Missing, 5.7, false},
		{"TCP_ISR", 5.7, nmap6.Missing, false},
		{"S1.HLIM", 64, 64, true},
		{"S1.HLIM", 64, 63, false},
		{"S1.HLIM", 1, nmap6.Missing, false},
		{"S1.HLIM", 0, nmap6.Missing, false},
		{"S1.TCP_WINDOW", 64800, 64806, true},
		{"S1.TCP_WINDOW", 64800, 64807, false},
		{"S1.TCP_CORR_WINDOW_MSS", 0.5, 0.5001, true},
		{"S1.TCP_CORR_WINDOW_MSS", 0.5, 0.5002, false},
	} {
		t.Run(fmt.Sprintf("%s %v %v", c.feature, c.nmap, c.ours), func(t *testing.T) {
			at, err := nmap6.FeatureIndex(c.feature)
			require.NoError(t, err)
			var nmap, ours nmap6.Vector
			nmap[at], ours[at] = c.nmap, c.ours
			if c.same {
				require.NoError(t, sameVector(&nmap, &ours))
			} else {
				require.ErrorContains(t, sameVector(&nmap, &ours), c.feature+": nmap has ")
			}
		})
	}
}
