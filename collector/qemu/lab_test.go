//go:build lab

package qemu_test

import (
	"testing"

	"tickle/collector/lab"
	"tickle/collector/lab/labtest"
	"tickle/collector/pool"
	"tickle/collector/qemu"
)

func TestLab(t *testing.T) {
	for _, kernel := range labtest.Names(t, lab.Kernel) {
		t.Run(kernel, func(t *testing.T) {
			m := &pool.Machine{Name: kernel, Ports: pool.Ports{Open: 22, Closed: 1, UDP: 40125}, Options: map[string]string{"kernel": kernel}}
			labtest.Exercise(t, qemu.Backend{}, m, labtest.Expect{IPv6: true})
		})
	}
}
