package collector

import (
	"bufio"
	"strconv"
	"strings"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"tickle/datasets"
)

// CapturePath is where a run keeps the packets to and from a machine under a
// plan, when it keeps them: a pcapng of raw IP packets, in the order in which
// they were sent and seen, with times on the link's clock.
func CapturePath(run, plan, machine string) string {
	return strings.TrimSuffix(datasets.ObservationPath(run, plan, machine), ".exchanges.parquet") + ".pcapng"
}

// CaptureIndexPath is where the index of a capture stands: a CSV file with
// the columns packet (its number in Wireshark, from 1), time_us, kind (probe,
// answer, late, unmatched, malformed, teardown, fence, fence-answer), probe,
// repeat and step. The last three are empty for what belongs to no probe; a
// dialogue's copy at a slow pace is the repeat behind the last.
func CaptureIndexPath(run, plan, machine string) string {
	return strings.TrimSuffix(CapturePath(run, plan, machine), ".pcapng") + ".packets.csv"
}

// sightingKind is what a packet in a capture is.
type sightingKind uint8

const (
	_ sightingKind = iota
	probeSent
	answerSeen
	lateSeen
	straySeen
	malformedSeen
	teardownSent
	fenceSent
	fenceSeen
)

var sightingNames = [...]string{probeSent: "probe", answerSeen: "answer", lateSeen: "late", straySeen: "unmatched",
	malformedSeen: "malformed", teardownSent: "teardown", fenceSent: "fence", fenceSeen: "fence-answer"}

// sighting says what a packet is and, when known, whose.
type sighting struct {
	at    int64
	copy  uint32
	kind  sightingKind
	step  uint8
	known bool
}

// capture writes a pcapng file and its index.
type capture struct {
	packets, index *datasets.WholeFile
	ng             *pcapgo.NgWriter
	csv            *bufio.Writer
	program        *program
	seen           int
	line           []byte
}

func createCapture(fs datasets.FS, part part) (*capture, error) {
	c := &capture{program: part.program}
	var err error
	if c.packets, err = datasets.CreateWhole(fs, CapturePath(part.run, part.program.plan.Name, part.machine.Name)); err != nil {
		return nil, err
	}
	if c.index, err = datasets.CreateWhole(fs, CaptureIndexPath(part.run, part.program.plan.Name, part.machine.Name)); err != nil {
		c.packets.Abort()
		return nil, err
	}
	c.csv = bufio.NewWriter(c.index)
	_, err = c.csv.WriteString("packet,time_us,kind,probe,repeat,step\n")
	if err == nil { // no name of the host in it: the same run is the same file
		c.ng, err = pcapgo.NewNgWriterInterface(c.packets,
			pcapgo.NgInterface{Name: part.machine.Name, LinkType: layers.LinkTypeRaw, TimestampResolution: 9},
			pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{Application: "tickle"}})
	}
	if err != nil {
		c.abort()
		return nil, err
	}
	return c, nil
}

// see adds a packet.
func (c *capture) see(s sighting, b []byte) error {
	info := gopacket.CaptureInfo{Timestamp: time.UnixMicro(s.at), CaptureLength: len(b), Length: len(b)}
	if err := c.ng.WritePacket(info, b); err != nil {
		return storeError{err}
	}
	c.seen++
	c.line = strconv.AppendInt(c.line[:0], int64(c.seen), 10)
	c.line = strconv.AppendInt(append(c.line, ','), s.at, 10)
	c.line = append(append(c.line, ','), sightingNames[s.kind]...)
	if s.known {
		c.line = strconv.AppendUint(append(c.line, ','), uint64(c.program.probeOf(s.copy)), 10)
		c.line = strconv.AppendUint(append(c.line, ','), uint64(c.program.repeatOf(s.copy)), 10)
		c.line = strconv.AppendUint(append(c.line, ','), uint64(s.step), 10)
	} else {
		c.line = append(c.line, ",,,"...)
	}
	_, err := c.csv.Write(append(c.line, '\n'))
	return onDisk(err)
}

// close completes both files.
func (c *capture) close() error {
	err := c.csv.Flush()
	if err == nil {
		err = c.ng.Flush()
	}
	if err != nil {
		c.abort()
		return err
	}
	if err := c.index.Close(); err != nil {
		c.packets.Abort()
		return err
	}
	return c.packets.Close()
}

// abort leaves neither.
func (c *capture) abort() {
	c.index.Abort()
	c.packets.Abort()
}
