// Package golearn offers the learners of the Go library golearn
// (github.com/sjwhitworth/golearn) as peers to compare ours with. It needs
// cgo: without it the package builds, and offers nothing.
//
// golearn holds a table of its own, so each value of a nominal column becomes
// a column of 0 and 1 there (a missing cell is 0 in all), and a selection that
// expands to too many cells is an error, where our learners would work on
// partitions. What golearn itself cannot do, as tried with the version in
// go.mod:
//
//   - It takes no seed. Its forests draw from a shared generator in
//     goroutines, and votes that tie go to whichever class a map yields first:
//     two fits of the same data differ. So these learners do not keep the
//     contract's promise of one model a seed, and no published number should
//     rest on one run of them.
//   - It gives a label and no score: the label's score is 1, all others' 0.
//   - It cannot be interrupted: a context is heeded before and after a fit.
//   - Its trees do not end on numeric columns in which rows of two classes are
//     the same, so golearn-id3 and golearn-forest refuse numeric columns. They
//     split on columns without gain until none is left, which takes time that
//     grows with the square of the columns.
//   - Its forest picks features once a tree, not at each node.
//   - Its linear models pass Go pointers to C in a way that Go forbids, and
//     panic; they are not offered.
package golearn
