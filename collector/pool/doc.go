// Package pool describes the machines that are probed: pool files, factors,
// and the two interfaces behind which every kind of machine stands.
//
// A study can only tell systems apart if nothing else does. So a pool says of
// each machine what it is (labels), what it was made from (image: machines of
// one image are clones and stay together in folds), and what may change its
// answers without being the system (factors), and Check measures whether the
// factors are crossed with the labels or follow them.
//
// # Pool files
//
// A pool file is YAML: plain text, lists and mappings, without anchors or
// tags. Unknown keys are errors, and all errors are reported at once.
//
//	name: lab                     # else the file's path
//	defaults:                     # for every entry that does not say otherwise
//	  backend: sim
//	  ports: {open: 22}           # closed: 1 and udp: 40125 unless said otherwise
//	machines:
//	  - name: linux-2.6.32
//	    image: linux-2.6.32-debian6
//	    labels:                   # three levels each, level 0 the same in both
//	      kernel: [Linux, Linux 2.6, Linux 2.6.32]
//	      distribution: [Linux, Debian, Debian 6]
//	    options: {personality: linux-2.6.32}
//	    factors: {memory: 512}
//	    rate: 1000                # packets a second of the machine's time
//	    vary: {path.hops: [0, 3]} # every combination
//	    zip:                      # in step: all lists are of one length
//	      memory: [256, 512]
//	      firewall: [none, drop]
//
// An entry becomes one machine for each step of zip and combination of vary,
// all of one image, named for what varies: linux-2.6.32/hops3-m256-firewall.none.
//
// In place of image, images lists several that share what the entry says. Each
// has a name, which is appended to the entry's, and may have any key of an
// entry: factors, options and ports are merged one by one, labels by
// hierarchy; vary and zip replace the entry's.
//
//	images:
//	  - {name: debian6, labels: {distribution: [Linux, Debian, Debian 6]}}
//	  - name: centos6
//	    labels: {distribution: [Linux, CentOS, CentOS 6]}
//	    factors: {memory: 1024}
//
// An image's text is image, or the joined name when that is not given.
package pool
