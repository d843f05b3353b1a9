package probegen

import "io"

// Show prints probe id.
func (s *Set) Show(w io.Writer, id int) error { return nil }
