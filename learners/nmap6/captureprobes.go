package nmap6

import (
	"encoding/hex"

	"tickle/probegen"
)

// tcpProbeKey is what tells the TCP probes apart: flags, window and options.
type tcpProbeKey struct {
	flags, window int
	options       string
}

// tcpProbeNames are the TCP probes of probegen's family nmap6.
var tcpProbeNames = func() map[tcpProbeKey]string {
	set, err := probegen.Generate(LearnerName, probegen.Config{})
	if err != nil {
		panic(err) // the family is this program's own
	}
	names := map[tcpProbeKey]string{}
	for i := range set.Probes {
		if t := set.Probes[i].Steps[0].Packet.TCP; t != nil {
			names[tcpProbeKey{int(t.Flags), int(t.Window), hex.EncodeToString(t.Options)}] = set.Probes[i].Name
		}
	}
	return names
}()

// tcpProbeName tells which probe a TCP header is of.
func tcpProbeName(tcp []byte) string {
	return tcpProbeNames[tcpProbeKey{int(tcp[13]), be16(tcp[14:]), hex.EncodeToString(tcp[tcpLen:])}]
}
