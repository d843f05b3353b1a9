package labtest

import (
	"errors"
	"os"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tickle/collector/ether"
)

// Serve plays a machine at the other end of a carrier until that closes:
// a SYN to port draws a SYN-ACK, any other TCP segment without RST a RST. It
// lets tests of backends run a program of their own in place of a stack's.
func Serve(c ether.Carrier, port uint16) error {
	buf := make([]byte, ether.MaxFrame)
	for {
		n, _, err := c.ReadFrame(buf, time.Now().Add(time.Second))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if err != nil {
			return err
		}
		reply := answer(buf[:n], port)
		if reply == nil {
			continue
		}
		if err := c.WriteFrame(reply); err != nil {
			return err
		}
	}
}

func answer(frame []byte, port uint16) []byte {
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
	eth, _ := p.Layer(layers.LayerTypeEthernet).(*layers.Ethernet)
	ip, _ := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
	tcp, _ := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
	if eth == nil || ip == nil || tcp == nil || tcp.RST {
		return nil
	}
	out := &layers.TCP{SrcPort: tcp.DstPort, DstPort: tcp.SrcPort, Window: 512}
	if open := uint16(tcp.DstPort) == port; open && tcp.SYN && !tcp.ACK {
		out.SYN, out.ACK, out.Seq, out.Ack = true, true, 7, tcp.Seq+1
	} else {
		out.RST, out.Seq = true, tcp.Ack
	}
	head := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: ip.DstIP, DstIP: ip.SrcIP}
	if err := out.SetNetworkLayerForChecksum(head); err != nil {
		return nil
	}
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		&layers.Ethernet{SrcMAC: eth.DstMAC, DstMAC: eth.SrcMAC, EthernetType: layers.EthernetTypeIPv4}, head, out); err != nil {
		return nil
	}
	return b.Bytes()
}
