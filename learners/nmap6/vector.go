package nmap6

import (
	"fmt"
	"strconv"
	"strings"

	"tickle/nearest"
)

// NumFeatures is the length of a vector.
const NumFeatures = 695

// Missing is the value of a feature that has none.
const Missing = -1

// Vector has a value for each of Features, Missing where there is none.
type Vector [NumFeatures]float64

// ProbeNames are the probes whose answers are in the vector, in its order.
var ProbeNames = [...]string{"S1", "S2", "S3", "S4", "S5", "S6", "IE1", "IE2", "NS", "U1", "TECN", "T2", "T3", "T4", "T5", "T6", "T7"}

var (
	tcpProbes    = [...]string{"S1", "S2", "S3", "S4", "S5", "S6", "TECN", "T2", "T3", "T4", "T5", "T6", "T7"}
	icmpv6Probes = [...]string{"IE1", "IE2", "NS"}
	timedProbes  = tcpProbes[:6]
	flagNames    = [...]string{"F", "S", "R", "P", "A", "U", "E", "C", "RES8", "RES9", "RES10", "RES11"}
)

// numOptions is the number of TCP options that have a place in the vector.
const numOptions = 16

// Where the parts of a vector start: three features a probe, the rate of
// initial sequence numbers, what a TCP answer has, and ICMPv6's type and code.
const (
	perProbe = 3
	perTCP   = 1 + len(flagNames) + 2*numOptions + 4
	isrAt    = perProbe * len(ProbeNames)
	tcpAt    = isrAt + 1
	icmpv6At = tcpAt + perTCP*len(tcpProbes)
)

// Features are the names of the vector's values, in order, as "S1.PLEN",
// "TECN.TCP_OPTLEN_3" or "TCP_ISR".
var Features = featureNames()

func featureNames() [NumFeatures]string {
	names := make([]string, 0, NumFeatures)
	for _, p := range ProbeNames {
		names = append(names, p+".PLEN", p+".TC", p+".HLIM")
	}
	names = append(names, "TCP_ISR")
	for _, p := range tcpProbes {
		p += ".TCP_"
		names = append(names, p+"WINDOW")
		for _, f := range flagNames {
			names = append(names, p+"FLAG_"+f)
		}
		for i := range numOptions {
			names = append(names, p+"OPT_"+strconv.Itoa(i))
		}
		for i := range numOptions {
			names = append(names, p+"OPTLEN_"+strconv.Itoa(i))
		}
		names = append(names, p+"MSS", p+"SACKOK", p+"WSCALE", p+"CORR_WINDOW_MSS")
	}
	for _, p := range icmpv6Probes {
		names = append(names, p+".ICMPV6_TYPE", p+".ICMPV6_CODE")
	}
	return [NumFeatures]string(names)
}

var featureIndex = func() map[string]int {
	at := make(map[string]int, NumFeatures)
	for i, name := range Features {
		at[name] = i
	}
	return at
}()

// FeatureIndex finds a feature by its name; an unknown name is an error that
// says which was meant.
func FeatureIndex(name string) (int, error) {
	if i, ok := featureIndex[name]; ok {
		return i, nil
	}
	if best, d := nearest.Name(name, Features[:]); d <= len(name)/2 {
		return 0, fmt.Errorf("feature %q: no such feature; did you mean %s?", name, best)
	}
	return 0, fmt.Errorf("feature %q: no such feature; want names as S1.PLEN, TECN.TCP_OPTLEN_3 or TCP_ISR", name)
}

// FeatureProbe gives the probe that a feature is read from; TCP_ISR, which is
// of S1 to S6 together, has the empty name.
func FeatureProbe(feature string) string {
	probe, _, found := strings.Cut(feature, ".")
	if !found {
		return ""
	}
	return probe
}

// Dialect is a version of Nmap where versions differ.
type Dialect uint8

// The dialects. They differ in options beyond the sixteenth, and in what they
// make of malformed ones.
const (
	_       Dialect = iota
	V793            // Nmap 7.93 drops options after the sixteenth
	Current         // the newest source writes the seventeenth's kind over the first one's length
)

var dialectNames = [...]string{V793: "7.93", Current: "current"}

// String gives the name used in flags.
func (d Dialect) String() string {
	if d == 0 || int(d) >= len(dialectNames) {
		return fmt.Sprintf("Dialect(%d)", uint8(d))
	}
	return dialectNames[d]
}

// ParseDialect reads a name that String gives.
func ParseDialect(s string) (Dialect, error) {
	for i, name := range dialectNames {
		if i > 0 && name == s {
			return Dialect(i), nil
		}
	}
	return 0, fmt.Errorf("dialect %q: want 7.93 or current", s)
}
