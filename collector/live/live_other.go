//go:build !linux

package live

import (
	"context"
	"errors"

	"tickle/collector/pool"
)

var errLinux = errors.New("network namespaces need Linux")

// Stack names the kernel.
func (Backend) Stack(*pool.Machine) string { return "Linux (this host)" }

// Check reports that this is not Linux, or a bad option or factor.
func (Backend) Check(m *pool.Machine) error {
	if _, err := read(m); err != nil {
		return err
	}
	return errLinux
}

// Open reports that this is not Linux.
func (Backend) Open(context.Context, *pool.Machine, pool.Net, uint64) (pool.Link, error) {
	return nil, errLinux
}
