// Package sim is a modelled TCP/IP stack: machines whose answers are computed
// from a description of what an operating system is documented to do.
//
// A model is not evidence about a real system, and every result that rests on
// one says so. It is here for what real stacks cannot give in one process:
// hundreds of machines of every family, with known truth, at millions of
// exchanges a second. So the model is honest where it can be. Answers come
// from one machine of RFC 9293, with a system's departures as rows of a table
// (a personality); each value in a table names the kernel function, RFC or
// document that it was taken from; and two versions between which no documented
// difference is visible in an answer share their rows, and cannot be told apart.
//
// Everything happens inside Send and Receive, on a virtual clock. There are no
// goroutines, and silence is certain.
package sim
