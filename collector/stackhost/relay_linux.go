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
	"tickle/collector/stackhost/hosts"
)

// startIsolated runs a program in a namespace of its own.
func startIsolated(ctx context.Context, p hosts.Program, m *pool.Machine, net pool.Net) (*machine, error) {
	path, err := lab.Find(lab.Stack, p.Name, p.File())
	if err != nil {
		return nil, err
	}
	// Not this process, but the program alone, is to have its libraries.
	command := append([]string{"env", lab.LoaderEnv, path}, passtArguments(m, net)...)
	if p.NPM != "" {
		command = append([]string{node, path}, arguments(m, net)...)
	}
	cmd, err := relay.Command(m.Ports.Open, command...)
	if err != nil {
		return nil, err
	}
	carrier, theirs, err := ether.StreamPair()
	if err != nil {
		return nil, err
	}
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
