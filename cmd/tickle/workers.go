package main

import (
	"fmt"
	"strconv"
)

// workers is a flag: a number of goroutines, 0 for one a processor.
type workers int

func (w *workers) String() string { return strconv.Itoa(int(*w)) }
func (w *workers) Type() string   { return "int" }
func (w *workers) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return fmt.Errorf("want 0 or a number of workers")
	}
	*w = workers(n)
	return nil
}
