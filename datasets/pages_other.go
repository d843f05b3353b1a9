//go:build !linux

package datasets

// largePages asks for large pages where a system is known to take hints.
func largePages[T any](s []T) {}
