package sim

import (
	"strings"
	"testing"

	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"
)

// TestSYNACK: the SYN-ACK to Nmap's S1 and to its ECN probe. Windows, scales
// and layouts are what the comments name: published prints of Nmap ("nmap"), or
// arithmetic on documented kernel defaults for 1 GiB of memory.
func TestSYNACK(t *testing.T) {
	for _, c := range []struct{ personality, s1, ecn string }{
		{"linux-2.4", "DF=Y T=64 W=5792 S=O A=S+ F=AS O=M1460ST11NW0", "W=5840"},    // 4*1448, 4*1460
		{"linux-2.6.9", "DF=Y T=64 W=5792 S=O A=S+ F=AS O=M1460ST11NW2", "W=5840"},  // 174760 >> 2
		{"linux-2.6.18", "DF=Y T=64 W=5792 S=O A=S+ F=AS O=M1460ST11NW7", "W=5840"}, // 4 MiB >> 7
		{"linux-2.6.32", "DF=Y T=64 W=5792 S=O A=S+ F=AS O=M1460ST11NW7", "W=5840"},
		{"linux-3.2", "DF=Y T=64 W=14480 S=O A=S+ F=AS O=M1460ST11NW7", "W=14600"},  // nmap: 3890, 3908
		{"linux-3.10", "DF=Y T=64 W=14480 S=O A=S+ F=AS O=M1460ST11NW7", "W=14600"}, // kernel.org's, not RHEL's
		{"linux-3.16", "DF=Y T=64 W=28960 S=O A=S+ F=AS O=M1460ST11NW7", "W=29200"}, // nmap: 7120, 7210
		{"linux-4.15", "DF=Y T=64 W=28960 S=O A=S+ F=AS O=M1460ST11NW7", "W=29200"}, // nmap, Ubuntu 18.04
		{"linux-4.19", "DF=Y T=64 W=28960 S=O A=S+ F=AS O=M1460ST11NW7", "W=29200"},
		{"linux-5.4", "DF=Y T=64 W=65160 S=O A=S+ F=AS O=M1460ST11NW7", "W=64240"}, // nmap: FE88, FAF0
		{"linux-6.6", "DF=Y T=64 W=31856 S=O A=S+ F=AS O=M1460ST11NW7", "W=32120"}, // 22 segments of 33280
		{"linux-6.12", "DF=Y T=64 W=65160 S=O A=S+ F=AS O=M1460ST11NW7", "W=64240"},
		{"windows-xp", "DF=Y T=128 W=64240 S=O A=S+ F=AS O=M1460NW0NNT00NNS", "W=64240"},   // nmap: FAF0
		{"windows-2003", "DF=Y T=128 W=17520 S=O A=S+ F=AS O=M1460NW0NNT00NNS", "W=17520"}, // KB 224829: 12*1460
		{"windows-7", "DF=Y T=128 W=8192 S=O A=S+ F=AS O=M1460NW8ST11", "W=8192"},          // nmap: 2000
		{"windows-10", "DF=Y T=128 W=65535 S=O A=S+ F=AS O=M1460NW8NNS", "W=65535"},        // nmap: FFFF
		{"windows-11", "DF=Y T=128 W=65535 S=O A=S+ F=AS O=M1460NW8ST11", "W=65535"},       // nmap
		{"freebsd-6", "DF=Y T=64 W=65535 S=O A=S+ F=AS O=M1460NW1NNT11SL", "W=65535"},      // nmap: SLL, of which gopacket shows one L
		{"freebsd-9", "DF=Y T=64 W=65535 S=O A=S+ F=AS O=M1460NW6ST11", "W=65535"},         // nmap
		{"freebsd-14", "DF=Y T=64 W=65535 S=O A=S+ F=AS O=M1460NW6ST11", "W=65535"},
		{"openbsd-4", "DF=Y T=64 W=16384 S=O A=S+ F=AS O=M1460NNSNW0NNT11", "W=16384"}, // nmap: 4000
		{"openbsd-7", "DF=Y T=64 W=16384 S=O A=S+ F=AS O=M1460NNSNW6NNT11", "W=16384"},
		{"netbsd-9", "DF=Y T=64 W=32768 S=O A=S+ F=AS O=M1460NW3NNT11SNN", "W=32768"},   // recvspace
		{"solaris-10", "DF=Y T=64 W=49232 S=O A=S+ F=AS O=NNT11M1460NW0NNS", "W=49640"}, // nmap: C050, C1E8
		{"solaris-11", "DF=Y T=64 W=64436 S=O A=S+ F=AS O=ST11M1460NW1", "W=64240"},     // 89*1448 >> 1, 88*1460 >> 1
	} {
		t.Run(c.personality, func(t *testing.T) {
			h := start(t, c.personality)
			require.Equal(t, c.s1, h.ask(probe{seq: 100, ack: 7, flags: flagSYN, options: s1}))
			require.Contains(t, h.ask(probe{seq: 100, ack: 7, flags: flagSYN, options: ecnO}), c.ecn)
		})
	}
}

// TestSixSYNs holds windows that follow the peer's MSS to published prints:
// Solaris 9 in nmap-os-db and Windows 10 and 11 scanned without scaling.
func TestSixSYNs(t *testing.T) {
	six := []string{
		s1,
		"020405780303000402080affffffff0000000000",
		"080affffffff00000000010103030501" + "02040280",
		"0402080affffffff0000000003030a00",
		"020402180402080affffffff0000000003030a00",
		"020401090402080affffffff00000000",
	}
	for _, c := range []struct {
		personality string
		windows     [6]uint16
	}{
		{"solaris-10", [6]uint16{0xC050, 0xC330, 0xC1CC, 0xC068, 0xC068, 0xC0B7}},
		{"windows-10", [6]uint16{0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFF70}},
		{"windows-11", [6]uint16{0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFDC}},
		{"linux-5.4", [6]uint16{0xFE88, 0xFE88, 0xFE88, 0xFE88, 0xFE88, 0xFE88}},
		{"windows-2000", [6]uint16{0x4470, 0x41A0, 0x4100, 0x40E8, 0x40E8, 0x402E}},
		{"windows-xp", [6]uint16{0xFAF0, 0xFB90, 0xFC80, 0xFB40, 0xFB40, 0xFB8B}},
		{"windows-7", [6]uint16{0x2000, 0x2000, 0x2000, 0x2000, 0x2000, 0x2000}},
	} {
		h := start(t, c.personality)
		for i, options := range six {
			h.send(h.bytes(probe{seq: 1, flags: flagSYN, options: options}))
			a := h.next(ms)
			require.NotNil(t, a)
			require.Equal(t, c.windows[i], a.Layer(layers.LayerTypeTCP).(*layers.TCP).Window, "%s S%d", c.personality, i+1)
		}
	}
}

// TestOddSegments: T2 to T7 of Nmap, as its documentation's prints show them.
func TestOddSegments(t *testing.T) {
	const sfup = flagSYN | flagFIN | flagURG | flagPSH
	const fpu = flagFIN | flagPSH | flagURG
	for _, c := range []struct{ personality, t2, t3, t4, t5, t6, t7 string }{
		{"linux-2.4", "", "F=AS", "DF=Y T=255 W=0 S=A A=Z F=R O=", "DF=Y T=255 W=0 S=Z A=S+ F=AR O=", "S=A A=Z F=R", "S=Z A=S+ F=AR"},
		{"linux-2.6.32", "", "F=AS", "DF=Y T=64 W=0 S=A A=Z F=R O=", "DF=Y T=64 W=0 S=Z A=S+ F=AR O=", "S=A A=Z F=R", "S=Z A=S+ F=AR"},
		{"linux-5.4", "", "", "DF=Y T=64 W=0 S=A A=Z F=R O=", "DF=Y T=64 W=0 S=Z A=S+ F=AR O=", "S=A A=Z F=R", "S=Z A=S+ F=AR"},
		{"windows-xp", "DF=N T=128 W=0 S=Z A=S F=AR O=", "F=AS", "DF=N T=128 W=0 S=A A=A F=R O=", "DF=N T=128 W=0 S=Z A=S+ F=AR O=", "S=A A=A F=R", "S=Z A=S+ F=AR"},
		{"windows-7", "DF=Y T=128 W=0 S=Z A=S F=AR O=", "S=Z A=O F=AR", "DF=Y T=128 W=0 S=A A=A F=R O=", "DF=Y T=128 W=0 S=Z A=S+ F=AR O=", "S=A A=A F=R", "S=Z A=S+ F=AR"},
		{"freebsd-9", "", "F=AS", "DF=Y T=64 W=0 S=A A=Z F=R O=", "DF=Y T=64 W=0 S=Z A=S+ F=AR O=", "S=A A=Z F=R", "S=Z A=S F=AR"},
		{"freebsd-12", "", "F=AS", "DF=Y T=64 W=0 S=A A=Z F=R O=", "DF=Y T=64 W=0 S=Z A=S+ F=AR O=", "S=A A=Z F=R", "S=Z A=S+ F=AR"},
		{"openbsd-4", "DF=Y T=64 W=0 S=Z A=S F=AR O=", "F=AS", "DF=Y T=64 W=0 S=A A=Z F=R O=", "DF=Y T=64 W=0 S=Z A=S+ F=AR O=", "S=A A=Z F=R", "S=Z A=S F=AR"},
		{"openbsd-6", "", "", "DF=Y T=64 W=0 S=A A=S F=AR O=", "DF=Y T=64 W=0 S=Z A=S+ F=AR O=", "S=A A=S F=AR", ""},
		{"solaris-10", "", "", "DF=Y T=64 W=0 S=A A=Z F=R O=", "DF=Y T=64 W=0 S=Z A=S+ F=AR O=", "S=A A=Z F=R", ""},
	} {
		t.Run(c.personality, func(t *testing.T) {
			h := start(t, c.personality)
			ask := func(flags uint8, dport uint16) string {
				return h.ask(probe{seq: 1000, ack: 77777, flags: flags, dport: dport, options: s1})
			}
			contains := func(want, got string) {
				if want == "" {
					require.Empty(t, got)
				} else {
					require.Contains(t, got, want)
				}
			}
			contains(c.t2, ask(0, openPort))
			contains(c.t3, ask(sfup, openPort))
			contains(c.t4, ask(flagACK, openPort))
			contains(c.t5, ask(flagSYN, closedPort))
			contains(c.t6, ask(flagACK, closedPort))
			contains(c.t7, ask(fpu, closedPort))
			require.Empty(t, ask(flagRST, openPort))
			require.Empty(t, ask(flagRST|flagACK, closedPort))
			require.Empty(t, ask(flagSYN|flagRST, openPort))
		})
	}
}

// TestICMP: U1 and IE of Nmap, but with TOS 0x1E and 300 bytes of data.
func TestICMP(t *testing.T) {
	for _, c := range []struct{ personality, udp, echo string }{
		{"linux-2.4", "DF=N T=255 TOS=DE 3/3 IPL=356", "DF=N T=255 TOS=1E 0/9 IPL=40"},
		{"linux-5.10", "DF=N T=64 TOS=DE 3/3 IPL=356", "DF=N T=64 TOS=1E 0/9 IPL=40"},
		{"windows-xp", "DF=N T=128 TOS=0 3/3 IPL=176", "DF=Y T=128 TOS=0 0/0 IPL=40"},
		{"windows-10", "DF=N T=128 TOS=0 3/3 IPL=356", "DF=N T=128 TOS=0 0/0 IPL=40"},
		{"freebsd-9", "DF=N T=64 TOS=0 3/3 IPL=56", "DF=Y T=64 TOS=1E 0/9 IPL=40"},
		{"openbsd-6", "DF=N T=255 TOS=0 3/3 IPL=56", "DF=Y T=255 TOS=1E 0/9 IPL=40"},
		{"solaris-10", "DF=Y T=255 TOS=0 3/3 IPL=112", "DF=Y T=255 TOS=1E 0/9 IPL=40"},
	} {
		t.Run(c.personality, func(t *testing.T) {
			h := start(t, c.personality)
			h.send(udp(300, 0x1e))
			require.Equal(t, c.udp, show(h.next(ms), probe{}))
			h.send(echo(12, 9, 0x1e))
			require.Equal(t, c.echo, show(h.next(ms), probe{}))
		})
	}
}

func udp(n int, tos byte) []byte {
	b := make([]byte, 28+n)
	ipHeader(b, protoUDP, 9, tos, false)
	copy(b[20:], []byte{0x99, 0x99, udpPort >> 8, udpPort & 255, byte((8 + n) >> 8), byte(8 + n), 0, 0})
	sum := slowChecksum(b[12:20], []byte{0, protoUDP, b[24], b[25]}, b[20:])
	b[26], b[27] = byte(sum>>8), byte(sum)
	return b
}

func echo(n int, code, tos byte) []byte {
	b := make([]byte, 28+n)
	ipHeader(b, protoICMP, 9, tos, true)
	copy(b[20:], []byte{typeEcho, code, 0, 0, 0xab, 0xcd, 0, 1})
	sum := slowChecksum(b[20:])
	b[22], b[23] = byte(sum>>8), byte(sum)
	return b
}

// TestIDs: where consecutive answers' IP ids come from, as Nmap's TI, CI and
// II name it: Z zero, I by one, R neither.
func TestIDs(t *testing.T) {
	for _, c := range []struct{ personality, want string }{
		{"linux-2.6.32", "Z Z I"},
		{"linux-3.13", "Z I I"}, // 3.12 to 4.18: RSTs have ids
		{"linux-4.15", "Z Z I"},
		{"linux-5.10", "Z Z I"},
		{"windows-7", "I I I"},
		{"freebsd-9", "I I I"},
		{"freebsd-13", "Z Z Z"}, // the requests have DF
		{"openbsd-6", "R R R"},
		{"solaris-10", "I I I"},
	} {
		t.Run(c.personality, func(t *testing.T) {
			h := start(t, c.personality)
			kinds := []func(){
				func() { h.send(h.bytes(probe{flags: flagSYN, src: 9})) },
				func() { h.send(h.bytes(probe{flags: flagSYN, src: 9, dport: closedPort})) },
				func() { h.send(echo(0, 0, 0)) },
			}
			var got string
			for _, ask := range kinds {
				var ids [4]uint16
				for i := range ids {
					ask()
					ids[i] = h.next(ms).NetworkLayer().(*layers.IPv4).Id
				}
				got += " " + sequence(ids[:])
			}
			require.Equal(t, " "+c.want, got)
		})
	}
}

func sequence(ids []uint16) string {
	zero, one := true, true
	for i, id := range ids {
		zero = zero && id == 0
		one = one && (i == 0 || id == ids[i-1]+1)
	}
	switch {
	case zero:
		return "Z"
	case one:
		return "I"
	}
	return "R"
}

// TestMemoryMovesWindowScale: tcp_rmem[2] by tcp_init; 96 MiB as measured on a
// real 5.10 (scale 3), 1 GiB and more is the cap of 6 MiB.
func TestMemoryMovesWindowScale(t *testing.T) {
	for memory, want := range map[string]string{"96": "W3", "256": "W5", "512": "W6", "1024": "W7", "65536": "W7"} {
		h := start(t, "linux-5.10", "memory="+memory)
		require.Contains(t, h.ask(probe{seq: 1, flags: flagSYN, options: s1}), "N"+want, "memory %s", memory)
	}
}

// TestECN: RFC 3168 SYNs by the kernel's default; a marked IP header is
// refused since Linux 3.6, unless a reserved bit is set since 4.20.
func TestECN(t *testing.T) {
	const syn = flagSYN | flagECE | flagCWR
	for _, c := range []struct {
		personality              string
		plain, marked, markedRes bool
	}{
		{"linux-2.6.18", false, false, false},
		{"linux-2.6.32", true, true, true},
		{"linux-4.4", true, false, false},
		{"linux-5.10", true, false, true},
		{"windows-10", false, false, false},
		{"windows-2019", true, true, true},
		{"freebsd-9", false, false, false},
		{"freebsd-13", true, true, true},
		{"openbsd-7", false, false, false},
		{"solaris-10", true, true, true},
	} {
		h := start(t, c.personality)
		for _, k := range []struct {
			p    probe
			want bool
		}{{probe{flags: syn, seq: 9}, c.plain}, {probe{flags: syn, seq: 9, tos: 2}, c.marked}, {probe{flags: syn, seq: 9, tos: 2, res: 1}, c.markedRes}} {
			want := "F=AS"
			if k.want {
				want = "F=EAS"
			}
			require.Contains(t, h.ask(k.p), want, "%s %+v", c.personality, k.p)
		}
	}
}

// TestFirewall: what a stateful firewall lets through and how it refuses.
func TestFirewall(t *testing.T) {
	for _, c := range []struct {
		personality, settings, open, null, closed, udp string
	}{
		{"linux-5.10", "firewall=drop", "F=AS", "", "", ""},
		{"linux-5.10", "firewall=reject", "F=AS", "", "TOS=C0 3/3", "TOS=C0 3/3"},
		{"linux-5.10", "firewall=reject distribution=fedora", "F=AS", "", "TOS=C0 3/10", "TOS=C0 3/10"},
		{"windows-10", "firewall=drop", "F=AS", "", "", ""},
		{"openbsd-4", "firewall=reject", "F=AS", "S=Z A=S F=AR", "S=Z A=S+ F=AR", "3/3"},
		{"openbsd-7", "firewall=reject", "F=AS", "", "S=Z A=S+ F=AR", "3/3"},
		{"solaris-10", "firewall=drop", "F=AS", "", "", ""},
	} {
		h := start(t, c.personality, strings.Fields(c.settings)...)
		check := func(want, got string) {
			if want == "" {
				require.Empty(t, got, "%s %s", c.personality, c.settings)
			} else {
				require.Contains(t, got, want, "%s %s", c.personality, c.settings)
			}
		}
		check(c.open, h.ask(probe{seq: 5, flags: flagSYN}))
		check(c.null, h.ask(probe{seq: 5}))
		check(c.closed, h.ask(probe{seq: 5, flags: flagSYN, dport: closedPort}))
		h.send(udp(8, 0))
		check(c.udp, show(h.next(ms), probe{}))
		h.send(echo(8, 0, 0))
		require.NotNil(t, h.next(ms))
	}
}
