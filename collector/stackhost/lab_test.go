//go:build lab

package stackhost_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/lab"
	"tickle/collector/lab/labtest"
	"tickle/collector/pool"
	"tickle/collector/stackhost"
	"tickle/collector/stackhost/hosts"
)

func TestLab(t *testing.T) {
	for _, name := range labtest.Names(t, lab.Stack) {
		t.Run(name, func(t *testing.T) {
			p, err := hosts.Find(name)
			require.NoError(t, err)
			m := &pool.Machine{Name: name, Ports: pool.Ports{Open: 22, Closed: 1, UDP: 40125}, Options: map[string]string{"program": name}}
			labtest.Exercise(t, stackhost.Backend{}, m, labtest.Expect{IPv6: p.IPv6, NoResets: p.NoResets})
		})
	}
}
