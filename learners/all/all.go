// Package all is the list of every learner that the program has. A command or
// study that wants fewer makes its own registry of the entries it wants.
package all

import (
	"context"

	"tickle/learners"
	"tickle/learners/bayes"
	"tickle/learners/forest"
	"tickle/learners/golearn"
	"tickle/learners/ibk"
	"tickle/learners/j48"
	"tickle/learners/jrip"
	"tickle/learners/logistic"
	"tickle/learners/majority"
	"tickle/learners/modelfile"
	"tickle/learners/novelty"
	"tickle/learners/oner"
	"tickle/learners/smo"
)

// Registry holds every learner, in the order in which lists show them. Those
// of golearn are there when the program is built with cgo.
func Registry() *learners.Registry {
	ours := []learners.Entry{
		forest.Entry(),
		j48.Entry(),
		jrip.Entry(),
		oner.Entry(),
		ibk.Entry(),
		smo.Entry(),
		logistic.Entry(),
		bayes.Entry(),
		majority.Entry(),
	}
	return learners.NewRegistry(append(ours, golearn.Entries()...)...)
}

// Novelty holds every detector of novelty.
func Novelty() *learners.Registry { return learners.NewRegistry(novelty.Entries()...) }

// Load ties a model of any role to data: a classifier, or a measure of novelty.
// The other is nil.
func Load(ctx context.Context, f *modelfile.File, to *modelfile.Target) (learners.Model, learners.Novelty, error) {
	if f.Header.Role == modelfile.Novelty {
		n, err := Novelty().LoadNovelty(ctx, f, to)
		return nil, n, err
	}
	m, err := Registry().Load(ctx, f, to)
	if err != nil || f.Header.Role == modelfile.Classifier {
		return m, nil, err
	}
	return nil, novelty.CertaintyOf(m), nil
}
