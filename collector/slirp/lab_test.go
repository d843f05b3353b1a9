//go:build lab

package slirp_test

import (
	"testing"

	"tickle/collector/lab/labtest"
	"tickle/collector/pool"
	"tickle/collector/slirp"
)

func TestLab(t *testing.T) {
	m := &pool.Machine{Name: "slirp", Ports: pool.Ports{Open: 22, Closed: 1, UDP: 40125}}
	labtest.Exercise(t, slirp.Backend{}, m, labtest.Expect{IPv6: true})
}
