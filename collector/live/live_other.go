//go:build !linux

package live

import (
	"context"
	"errors"

	"tickle/collector/pool"
)

var errLinux = errors.New("network namespaces and packet sockets need Linux")

// Stack names the kernel.
func (Backend) Stack(*pool.Machine) string { return "Linux (this host)" }

// Check reports that this is not Linux, or a bad option or factor.
func (Backend) Check(m *pool.Machine) error {
	var err error
	if m.Options["address"] != "" {
		_, err = readDeclared(m)
	} else {
		_, err = read(m)
	}
	if err != nil {
		return err
	}
	return errLinux
}

// Open reports that this is not Linux.
func (Backend) Open(context.Context, *pool.Machine, pool.Net, uint64) (pool.Link, error) {
	return nil, errLinux
}

// Separate does nothing: there is nothing to give up.
func Separate([]pool.Machine) error { return nil }

// Join does nothing.
func Join() error { return nil }
