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

// The first kernel, with a firewall: nothing but the open port answers.
func TestLabFirewall(t *testing.T) {
	kernel := labtest.Names(t, lab.Kernel)[0]
	for _, firewall := range []string{"drop", "reject"} {
		m := &pool.Machine{Name: kernel, Ports: pool.Ports{Open: 22, Closed: 1, UDP: 40125},
			Options: map[string]string{"kernel": kernel, "sysctl.net.ipv4.conf.*.rp_filter": "2"},
			Factors: map[string]string{"firewall": firewall, "sysctl.ip_default_ttl": "128", "mtu": "1400", "app.rcvbuf": "16384"}}
		t.Run(firewall, func(t *testing.T) {
			labtest.Exercise(t, qemu.Backend{}, m, labtest.Expect{IPv6: true, NoResets: true})
		})
	}
}
