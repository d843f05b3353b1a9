// Package nmap4 is Nmap's first engine of OS detection, that of IPv4, as the
// reference that automatic tools are held against: the text of fingerprints
// (Parse), the database nmap-os-db (ReadDatabase) and the matcher that ranks
// its references for a subject (NewMatcher).
//
// A fingerprint of ours is computed of the answers that a run keeps (OpenRun,
// Scan). In comparisons the database is made of the training machines (Learner,
// NewReference), as in the paper, or is Nmap's own, of whose references rows
// are drawn (Database.Table, RowsOfTable).
//
// It is written from the chapters "TCP/IP Fingerprinting Methods Supported by
// Nmap", "Understanding an Nmap Fingerprint" and "OS Matching Algorithms" of
// Nmap's book, and held against what Nmap 7.93 answers. Nothing of Nmap's code
// or data is here: the user's own copy of nmap-os-db is read.
package nmap4
