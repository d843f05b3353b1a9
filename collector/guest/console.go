package guest

// What a guest's first process begins a line of the console with when the
// machine is set up, or could not be.
const (
	SaysReady  = "tickle: ready"
	SaysFailed = "tickle: failed"
)
