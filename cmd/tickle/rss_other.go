//go:build !linux

package main

func resetPeakRSS() {}

// peakRSS is the largest resident set in bytes, 0 where it is not known.
func peakRSS() int64 { return 0 }
