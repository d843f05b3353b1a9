package main

import (
	"tickle/collector/live"
	"tickle/collector/netstack"
	"tickle/collector/pool"
	"tickle/collector/qemu"
	"tickle/collector/sim"
	"tickle/collector/slirp"
	"tickle/collector/stackhost"
	"tickle/collector/uml"
)

// backends are the kinds of machine that this program can start, by the name
// that pool files use.
func backends() map[string]pool.Backend {
	byName := make(map[string]pool.Backend)
	for _, b := range []pool.Backend{netstack.Backend{}, sim.Backend{}, qemu.Backend{}, uml.Backend{}, stackhost.Backend{}, slirp.Backend{}, live.Backend{}} {
		byName[b.Name()] = b
	}
	return byName
}
