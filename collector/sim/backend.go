package sim

import (
	"context"
	"fmt"

	"tickle/collector/pool"
)

// Backend starts modelled machines. A machine's Options["personality"] names
// the system it behaves as, one of Personalities; Options["distribution"], if
// there, is one of Distributions and gives the defaults that a distribution
// sets on top of its kernel. Factors lists the factors it understands.
type Backend struct{}

// Name is the word in pool files.
func (Backend) Name() string { return "sim" }

// Modelled reports that answers are computed from a model.
func (Backend) Modelled() bool { return true }

// ModelVersion rises whenever a model answers otherwise than before, so that
// data of two versions is never taken for one.
const ModelVersion = 4

// Stack names the personality behind m and the version of the models.
func (Backend) Stack(m *pool.Machine) string {
	return fmt.Sprintf("sim %s, model %d", m.Options["personality"], ModelVersion)
}

// Check returns what is wrong with m's options and factors.
func (Backend) Check(m *pool.Machine) error {
	_, err := configure(m)
	return err
}

// Open starts the machine. Everything random in it comes from seed.
func (Backend) Open(ctx context.Context, m *pool.Machine, net pool.Net, seed uint64) (pool.Link, error) {
	c, err := configure(m)
	if err != nil {
		return nil, fmt.Errorf("machine %s: %w", m.Name, err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return newStack(c, net, seed)
}

var _ pool.Backend = Backend{}
