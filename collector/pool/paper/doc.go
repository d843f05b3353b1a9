// Package paper makes the built-in pool "paper": 329 modelled machines, as
// many as the pool of the study that the project reproduces had.
//
// Of that pool little is known: Windows, Linux, BSD and Solaris at level 0,
// skewed to Linux and within it to Ubuntu. Its counts are lost. The counts
// here are ours and claim nothing else, and the machines are modelled
// (collector/sim), so that no number measured on them is evidence about a real
// system: the pool is for working at the paper's scale, and for seeing what a
// method makes of a population whose truth is known.
//
// What a machine is comes from a table of systems of the years up to 2010,
// when the study was made: which kernels a release really had. What else moves its answers are factors, each drawn for all
// machines without a look at their labels, as columns with fixed quotas in a
// seeded order. A column that follows a label by chance is drawn again. So a
// distribution differs from another with the same kernel in two things that
// its packages really set: whether SYN cookies are on, which shows where the
// SYN queue overflows, and the code with which its firewall rejects, which
// shows at closed ports.
package paper

//go:generate go run ./gen -o ../pools/paper.yaml
