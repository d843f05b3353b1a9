package stackhost

import (
	"context"
	"fmt"
	"path/filepath"

	"tickle/collector/ether"
	"tickle/collector/guest/boot"
	"tickle/collector/lab"
	"tickle/collector/pool"
	"tickle/collector/relay"
)

// startRelay runs a program of passt's kind in a namespace of its own.
func startRelay(ctx context.Context, path string, m *pool.Machine, net pool.Net) (*machine, error) {
	carrier, theirs, err := ether.StreamPair()
	if err != nil {
		return nil, err
	}
	// Not this process, but the program alone, is to have its libraries.
	command := append([]string{"env", lab.LoaderEnv, path}, passtArguments(m, net)...)
	cmd := relay.Command(m.Ports.Open, command...)
	cmd.Dir = filepath.Dir(path)
	return launch(ctx, cmd, ends{carrier, theirs}, m.Ports.Open, net)
}

// passtArguments have passt be the machine: a connection to its address is one
// to the loopback of its namespace.
func passtArguments(m *pool.Machine, net pool.Net) []string {
	args := []string{"--foreground", "--quiet", "--fd", "3", "--mac-addr", boot.MAC.String(),
		"--address", net.Prober.Addr().Next().String(), "--netmask", fmt.Sprint(net.Prober.Bits()),
		"--address", boot.Prober6.Addr().Next().String()}
	for _, a := range []string{net.Machine.String(), boot.Machine6.String()} {
		args = append(args, "--gateway", a, "--map-host-loopback", a)
	}
	if mtu := m.Factors["mtu"]; mtu != "" {
		args = append(args, "--mtu", mtu)
	}
	return args
}
