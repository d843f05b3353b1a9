package datasets

// SummaryWriter writes a machine's summaries to a Parquet file.
type SummaryWriter struct {
	f      *atomicFile
	counts Counts
}

// CreateSummary starts the file at path, in a folder that exists. It comes
// into being when Close succeeds.
func CreateSummary(path string, h SummaryHeader) (*SummaryWriter, error) {
	f, err := createAtomic(h.FS, path)
	if err != nil {
		return nil, err
	}
	return &SummaryWriter{f: f}, nil
}

// SetCounts gives the counts that Close writes.
func (w *SummaryWriter) SetCounts(c Counts) { w.counts = c }

// Write appends a summary. Probes must come in ascending order. texts has the
// texts of the Text fields.
func (w *SummaryWriter) Write(s *Summary, texts *Interner) error { return nil }

// Close completes the file.
func (w *SummaryWriter) Close() error { return w.f.commit() }

// Abort gives the file up and leaves nothing behind.
func (w *SummaryWriter) Abort() { w.f.abort() }

// ObservationWriter writes a machine's exchanges to a Parquet file.
type ObservationWriter struct {
	f *atomicFile
}

// CreateObservations starts the file at path, in a folder that exists. It
// comes into being when Close succeeds.
func CreateObservations(path string, h ObservationHeader) (*ObservationWriter, error) {
	f, err := createAtomic(h.FS, path)
	if err != nil {
		return nil, err
	}
	return &ObservationWriter{f: f}, nil
}

// Write appends an exchange. The order of exchanges is the order of rows.
func (w *ObservationWriter) Write(x *Exchange, texts *Interner) error { return nil }

// Close completes the file.
func (w *ObservationWriter) Close() error { return w.f.commit() }

// Abort gives the file up and leaves nothing behind.
func (w *ObservationWriter) Abort() { w.f.abort() }
