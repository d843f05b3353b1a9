package main

import "time"

// timing says what each stage of a study took: timing.json.
type timing struct {
	Seconds float64       `json:"seconds"` // of all stages
	Stages  []stageTiming `json:"stages"`
}

type stageTiming struct {
	Stage   string  `json:"stage"`
	Seconds float64 `json:"seconds"`
	// PeakRSS is the largest resident set during the stage in MiB; 0 where
	// the system does not tell.
	PeakRSS float64 `json:"peak_rss_mib"`
}

// measure runs a stage's work and notes what it took.
func (t *timing) measure(name string, work func() error) error {
	resetPeakRSS()
	start := time.Now()
	err := work()
	s := stageTiming{Stage: name, Seconds: time.Since(start).Seconds(), PeakRSS: float64(peakRSS()) / (1 << 20)}
	t.Stages = append(t.Stages, s)
	t.Seconds += s.Seconds
	return err
}
