// Package datasets says what an answer is and what a data set is.
//
// An answer is the fields of the catalogue (Catalogue), each with what its
// value may depend on: our own Table 2. The fields of one exchange are an
// Observation, those of all repeats of a probe a Summary, and a run keeps both
// in Parquet files that any reader opens: see CreateSummary and
// CreateObservations.
//
// A data set (Build, Open) is a Matrix of machines by features. It is nominal
// throughout, so that a feature is no more than a way of grouping the
// machines, and two million features are some thousand groupings: columns
// that group the machines alike share one Partition. Nothing here looks at
// labels; what was left out, and why, is in Meta.
package datasets
