package collector

import (
	"context"
	"errors"
)

// Collect makes the run cfg, or what is missing of it, in cfg.Dir.
func Collect(ctx context.Context, cfg Config) (*Report, error) {
	return nil, errors.New("collect: no pool")
}
