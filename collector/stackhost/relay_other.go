//go:build !linux

package stackhost

import (
	"context"
	"errors"

	"tickle/collector/pool"
)

// startRelay says that this host has no namespaces.
func startRelay(context.Context, string, *pool.Machine, pool.Net) (*machine, error) {
	return nil, errors.New("what relays runs in a network namespace, which only Linux has")
}
