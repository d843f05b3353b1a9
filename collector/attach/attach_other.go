//go:build !linux

package attach

import (
	"context"
	"errors"

	"tickle/collector/pool"
)

// Run reports that network namespaces need Linux.
func Run(context.Context, pool.Link, string, func()) error {
	return errors.New("network namespaces need Linux")
}
