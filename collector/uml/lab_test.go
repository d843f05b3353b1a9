//go:build lab

package uml_test

import (
	"testing"

	"tickle/collector/lab"
	"tickle/collector/lab/labtest"
	"tickle/collector/pool"
	"tickle/collector/uml"
)

func TestLab(t *testing.T) {
	for _, kernel := range labtest.Names(t, lab.UML) {
		t.Run(kernel, func(t *testing.T) {
			m := &pool.Machine{Name: kernel, Ports: pool.Ports{Open: 22, Closed: 1, UDP: 40125}, Options: map[string]string{"kernel": kernel}}
			labtest.Exercise(t, uml.Backend{}, m, labtest.Expect{IPv6: true})
		})
	}
}
