//go:build !linux

package slirp

import (
	"context"
	"errors"

	"tickle/collector/pool"
)

var errNoNamespaces = errors.New("libslirp runs in a network namespace, which only Linux has")

// Check says that this host has no namespaces.
func (Backend) Check(m *pool.Machine) error { return errors.Join(checkMachine(m), errNoNamespaces) }

// Open says that this host has no namespaces.
func (Backend) Open(context.Context, *pool.Machine, pool.Net, uint64) (pool.Link, error) {
	return nil, errNoNamespaces
}
