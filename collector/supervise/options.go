package supervise

import "tickle/collector/pool"

// Options are a supervisor's.
type Options struct {
	Backends map[string]pool.Backend
	Net      pool.Net // what the machines are told; a collection's prober block must lie within
	Starts   int      // machines started at a time; 0: DefaultStarts
	Ready    func(*State)
	Log      func(format string, args ...any) // of machines that could not be started, or died; nil: none
}

// DefaultStarts is how many machines boot at a time: emulated kernels take a
// processor each.
const DefaultStarts = 2

func (o *Options) log(format string, args ...any) {
	if o.Log != nil {
		o.Log(format, args...)
	}
}
