// Package nmap6 rebuilds the classifier of Nmap's second engine, the one for
// IPv6: the answers to its probes become a vector of 695 numbers (Vectorize),
// which a Model scales, scores against every class by logistic regression, and
// holds against the mean and variance of the best one before it says what
// answered, or that it cannot tell (Model.Classify).
//
// Models are Nmap's own, read from a user's copy of its FPModel.cc
// (ImportFPModel), or trained here on labelled vectors (Train). Both are of one
// kind. Nothing of Nmap's stands in this package: the probes and the vector
// come from its documentation ("IPv6 fingerprinting" in "Nmap Network
// Scanning") and the talk of D. Fifield and L. MartinGarcia (2011), and are
// held against what Nmap prints.
//
// The vectors are small and dense, so everything here works on plain slices of
// numbers; -1 stands for what is missing, as it does in Nmap.
package nmap6
