//go:build !linux

package supervise

import (
	"context"
	"errors"

	"tickle/collector/pool"
)

var errLinux = errors.New("a supervisor needs Linux")

// Run reports that a supervisor needs Linux.
func Run(context.Context, *pool.Pool, Options) error { return errLinux }

// Stop reports that a supervisor needs Linux.
func Stop(context.Context, *pool.Pool) error { return errLinux }

// Detach reports that a supervisor needs Linux.
func Detach(context.Context, *pool.Pool, []string) (*State, error) { return nil, errLinux }

func dial(string) (pool.Link, error) { return nil, errLinux }
