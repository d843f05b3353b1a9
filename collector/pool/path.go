package pool

// Wrap puts the path factors between the prober and a machine's link.
func Wrap(link Link, factors map[string]string, seed uint64) (Link, error) { return link, nil }

// CheckPath returns what is wrong with the path factors among factors.
func CheckPath(factors map[string]string) error { return nil }
