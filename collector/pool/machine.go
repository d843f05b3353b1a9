package pool

import "tickle/datasets"

// Machine is one host of a pool, as its pool file describes it after vary is
// expanded.
type Machine struct {
	Name    string
	Backend string
	Image   string // the group: kernel build and distribution release
	Labels  datasets.Labels
	Ports   Ports
	// Factors may change answers without being the operating system:
	// memory, sysctls, application, firewall, middlebox, hops, ….
	Factors map[string]string
	// Options are the backend's own settings that are part of the image
	// (sim: personality).
	Options map[string]string
	Rate    float64 // packets a second of the machine's time; 0: the run's default
}

// Ports are the machine's ports by class.
type Ports struct {
	Open   uint16 // TCP, something listens
	Closed uint16 // TCP, nothing listens
	UDP    uint16 // UDP, nothing listens
}

// Pool is a set of machines with distinct names.
type Pool struct {
	Name     string // of the built-in pool, or the file's path
	Machines []Machine
}
