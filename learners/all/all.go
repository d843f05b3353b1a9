// Package all is the list of every learner that the program has. A command or
// study that wants fewer makes its own registry of the entries it wants.
package all

import (
	"tickle/learners"
	"tickle/learners/bayes"
	"tickle/learners/forest"
	"tickle/learners/golearn"
	"tickle/learners/ibk"
	"tickle/learners/j48"
	"tickle/learners/jrip"
	"tickle/learners/logistic"
	"tickle/learners/majority"
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
