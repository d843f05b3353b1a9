//go:build !linux

package stackhost

import (
	"context"
	"errors"

	"tickle/collector/pool"
	"tickle/collector/stackhost/hosts"
)

// startIsolated says that this host has no namespaces.
func startIsolated(context.Context, hosts.Program, *pool.Machine, pool.Net) (*machine, error) {
	return nil, errors.New("this stack runs in a network namespace, which only Linux has")
}
