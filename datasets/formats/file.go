package formats

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"tickle/datasets"
)

// importFile reads the file at path and makes a data set of what read puts
// together. It sums up the file on the way, to its end.
func importFile(path string, read func(io.Reader) (*assembly, error)) (*datasets.Dataset, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sum := sha256.New()
	all := io.TeeReader(f, sum)
	a, err := read(all)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a.dataset(hex.EncodeToString(sum.Sum(nil)))
}
