package probegen_test

import (
	"fmt"
	"log"
	"net/netip"
	"os"

	"tickle/probegen"
)

func ExampleGenerate() {
	set, err := probegen.Generate("random", probegen.Config{N: 2, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	if err := set.Write(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// {"format":"tickle-probes/1","family":"random","version":1,"seed":1,"n":2}
	// {"id":0,"steps":[{"packet":{"port":"open-tcp","ip":{"tos":17,"id":32056,"df":false,"ttl":212},"tcp":{"seq":1512404544,"ack":750946361,"reserved":14,"flags":2,"window":51317,"urgent":27176,"options":"010303ba050a3e9d71f3a85fbea5080a95004bf493d11aeb0204617c0303370204f61b00"}}}]}
	// {"id":1,"steps":[{"packet":{"port":"open-tcp","ip":{"tos":106,"id":53362,"df":false,"ttl":252},"tcp":{"seq":1342758133,"ack":2669307843,"reserved":13,"flags":35,"window":44088,"urgent":59976,"options":"00010000"}}}]}

}

func ExampleSet_Show() {
	set := &probegen.Set{Probes: []probegen.Probe{{Name: "ping", Steps: []probegen.Step{{Packet: &probegen.Packet{
		Port:    probegen.NoPort,
		IP:      probegen.IPv4{TOS: 4, DF: true, TTL: 64},
		ICMP:    &probegen.ICMP{Type: 8, Code: 9, Rest: 0x12340127},
		Payload: probegen.Hex{0, 0, 0, 0},
	}}}}}}
	set.Header = probegen.Header{Family: "by hand", Version: 1}
	if err := set.Show(os.Stdout, 0); err != nil {
		log.Fatal(err)
	}
	// Output:
	// Probe 0 of 1: family by hand, version 1, seed 0
	// Name: "ping"
	// Example addresses and ports: prober 198.18.0.1:40000, machine 192.0.2.1, ports 22 open, 1 closed, 40125 closed UDP
	//
	// Internet Protocol Version 4, Src: 198.18.0.1, Dst: 192.0.2.1
	//     0100 .... = Version: 4
	//     .... 0101 = Header Length: 20 bytes (5)
	//     Differentiated Services Field: 0x04 (DSCP: Unknown, ECN: Not ECN-Capable Transport)
	//         0000 01.. = Differentiated Services Codepoint: Unknown (1)
	//         .... ..00 = Explicit Congestion Notification: Not ECN-Capable Transport (0)
	//     Total Length: 32
	//     Identification: 0x0000 (0)
	//     010. .... = Flags: 0x2, Don't fragment
	//         0... .... = Reserved bit: Not set
	//         .1.. .... = Don't fragment: Set
	//         ..0. .... = More fragments: Not set
	//     ...0 0000 0000 0000 = Fragment Offset: 0
	//     Time to Live: 64
	//     Protocol: ICMP (1)
	//     Header Checksum: 0xb2c4
	//     Source Address: 198.18.0.1
	//     Destination Address: 192.0.2.1
	// Internet Control Message Protocol
	//     Type: 8 (Echo (ping) request)
	//     Code: 9
	//     Checksum: 0xe49b
	//     Identifier (BE): 4660 (0x1234)
	//     Sequence Number (BE): 295 (0x0127)
	// Data (4 bytes)
	//     Data: 00000000
	//
	// 0000  45 04 00 20 00 00 40 00  40 01 b2 c4 c6 12 00 01   E.. ..@. @.......
	// 0010  c0 00 02 01 08 09 e4 9b  12 34 01 27 00 00 00 00   ........ .4.'....

}

func ExampleTemplate() {
	syn := &probegen.Packet{
		Port: probegen.OpenTCP,
		IP:   probegen.IPv4{TTL: 64},
		TCP:  &probegen.TCP{Flags: probegen.SYN, Window: 1024, Options: probegen.AppendMSS(nil, 1460)},
	}
	template, err := probegen.NewTemplate(syn)
	if err != nil {
		log.Fatal(err)
	}
	buf := make([]byte, 0, template.Len())
	machine := netip.MustParseAddrPort("192.0.2.1:22")
	for port := uint16(40000); port < 40003; port++ {
		packet, err := template.AppendTo(buf, netip.AddrPortFrom(netip.MustParseAddr("198.18.0.1"), port), machine)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%x\n", packet[20:])
	}
	// Output:
	// 9c4000160000000000000000600204006fbb0000020405b4
	// 9c4100160000000000000000600204006fba0000020405b4
	// 9c4200160000000000000000600204006fb90000020405b4

}

func ExampleNextOption() {
	b := []byte{2, 4, 5, 180, 4, 2, 1, 8, 10, 0}
	for {
		kind, data, rest, ok := probegen.NextOption(b)
		if !ok {
			fmt.Printf("malformed [%x]\n", rest)
			break
		}
		fmt.Printf("kind %d [%x]\n", kind, data)
		b = rest
	}
	// Output:
	// kind 2 [05b4]
	// kind 4 []
	// kind 1 []
	// malformed [080a00]
}
