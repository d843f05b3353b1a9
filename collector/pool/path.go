package pool

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// pathPrefix leads the factors that Wrap handles, for every backend.
const pathPrefix = "path."

// pathFactors are what lies between the prober and a machine.
type pathFactors struct {
	hops    uint8   // each takes one from the TTL, both ways
	loss    float64 // probability that a packet is lost, each way
	delay   int64   // µs, each way
	jitter  int64   // µs, at most, on top of delay
	reorder float64 // probability that a packet is held back, each way
	ttl     uint8   // of answers, as the prober sees it; 0: as it comes
	mss     uint16  // largest MSS that a SYN may announce, both ways; 0: any
	strip   uint64  // bit k: TCP options of kind k become NOPs, both ways
}

// stripKinds are the words of path.strip with the bits of their option kinds
// (RFC 9293 and RFC 7323, RFC 2018).
var stripKinds = map[string]uint64{
	"timestamps": 1 << 8,
	"sack":       1<<4 | 1<<5,
	"wscale":     1 << 3,
}

// maxDelay bounds path.delay_us and path.jitter_us: one minute.
const maxDelay = 60_000_000

// pathParsers read the value of each path factor.
var pathParsers = map[string]func(f *pathFactors, value string) error{
	"path.hops": func(f *pathFactors, s string) error {
		v, err := parseUint(s, 0, 254)
		f.hops = uint8(v)
		return err
	},
	"path.loss": func(f *pathFactors, s string) (err error) {
		f.loss, err = parseProbability(s)
		return err
	},
	"path.delay_us": func(f *pathFactors, s string) error {
		v, err := parseUint(s, 0, maxDelay)
		f.delay = int64(v)
		return err
	},
	"path.jitter_us": func(f *pathFactors, s string) error {
		v, err := parseUint(s, 0, maxDelay)
		f.jitter = int64(v)
		return err
	},
	"path.reorder": func(f *pathFactors, s string) (err error) {
		f.reorder, err = parseProbability(s)
		return err
	},
	"path.ttl": func(f *pathFactors, s string) error {
		v, err := parseUint(s, 1, 255)
		f.ttl = uint8(v)
		return err
	},
	"path.mss": func(f *pathFactors, s string) error {
		v, err := parseUint(s, 1, 65535)
		f.mss = uint16(v)
		return err
	},
	"path.strip": func(f *pathFactors, s string) error {
		if strings.TrimSpace(s) == "" {
			return nil
		}
		for word := range strings.SplitSeq(s, ",") {
			bits, ok := stripKinds[strings.TrimSpace(word)]
			if !ok {
				return fmt.Errorf("%q: expected timestamps, sack or wscale, separated by commas", word)
			}
			f.strip |= bits
		}
		return nil
	},
}

func parseUint(s string, least, most uint64) (uint64, error) {
	v, err := strconv.ParseUint(s, 10, 64)
	if err != nil || v < least || v > most {
		return 0, fmt.Errorf("%q: expected a whole number from %d to %d", s, least, most)
	}
	return v, nil
}

func parseProbability(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || v < 0 || v > 1 {
		return 0, fmt.Errorf("%q: expected a probability from 0 to 1", s)
	}
	return v, nil
}

// checkPathFactor judges one factor whose name starts with pathPrefix.
func checkPathFactor(key, value string) error {
	parse, ok := pathParsers[key]
	if !ok {
		return fmt.Errorf("unknown path factor: expected one of %s", strings.Join(slices.Sorted(maps.Keys(pathParsers)), ", "))
	}
	return parse(&pathFactors{}, value)
}

// CheckPath returns what is wrong with the path factors among factors, or
// nil. Other factors are not looked at.
func CheckPath(factors map[string]string) error {
	_, err := parsePath(factors)
	return err
}

// parsePath reads the path factors, in the order of their names.
func parsePath(factors map[string]string) (pathFactors, error) {
	var f pathFactors
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(factors)) {
		if !strings.HasPrefix(key, pathPrefix) {
			continue
		}
		if err := checkPathFactor(key, factors[key]); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
			continue
		}
		if err := pathParsers[key](&f, factors[key]); err != nil {
			errs = append(errs, err)
		}
	}
	return f, errors.Join(errs...)
}

// Wrap puts a path between the prober and a machine's link: what the factors
// path.hops, path.loss, path.delay_us, path.jitter_us, path.reorder, path.ttl,
// path.mss and path.strip say. When none of them changes anything it returns
// the link itself. Everything random comes from seed, in one stream a
// direction, so that the same packets meet the same fate.
//
//   - Each hop takes one from the TTL (IPv6: hop limit) both ways. A packet
//     that has no more left is dropped; no ICMP time exceeded is sent, for the
//     path has no address of its own.
//   - loss drops a packet with that probability, each way.
//   - delay and jitter (uniform, at most) hold a packet, each way. Packets of
//     one direction keep their order.
//   - reorder is the probability, each way, that a packet is held back 2 ms
//     more, so that those sent meanwhile overtake it.
//   - mss lowers a greater MSS in SYNs, and strip overwrites options with
//     NOPs, both ways: a header keeps its length.
//   - ttl overwrites the TTL of answers last of all.
//
// Headers stay consistent with RFC 1624: a valid checksum stays valid and a
// wrong one stays wrong.
//
// Packets held on their way to the machine are handed to it when their time
// has come during Send and Receive; the wrapped link's clock, silence and
// rule for Receive's until are those of the link. After Close what was on its
// way is lost.
func Wrap(link Link, factors map[string]string, seed uint64) (Link, error) {
	f, err := parsePath(factors)
	if err != nil {
		return nil, err
	}
	if f == (pathFactors{}) {
		return link, nil
	}
	return newPathLink(link, f, seed), nil
}
