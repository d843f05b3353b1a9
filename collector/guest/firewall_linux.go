package guest

import (
	"encoding/binary"
	"fmt"
	"os"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// setFirewall puts an input chain into the thread's network namespace, as an
// administrator's "ct state established,related accept; tcp dport PORT ct
// state new tcp flags syn accept; icmp echo accept; drop" would.
func setFirewall(f Firewall, port uint16) error {
	if !f.On() {
		return nil
	}
	c, err := nftables.New()
	if err != nil {
		return fmt.Errorf("firewall: %w", err)
	}
	table := c.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: "tickle"})
	chain := c.AddChain(&nftables.Chain{Name: "input", Table: table, Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookInput, Priority: nftables.ChainPriorityFilter})
	rule := func(es ...expr.Any) { c.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: es}) }
	accept := &expr.Verdict{Kind: expr.VerdictAccept}

	rule(append(ctState(expr.CtStateBitESTABLISHED|expr.CtStateBitRELATED), accept)...)
	toPort := append(ctState(expr.CtStateBitNEW), isProto(unix.IPPROTO_TCP)...)
	toPort = append(toPort,
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binary.BigEndian.AppendUint16(nil, port)},
		// flags & (FIN|SYN|RST|ACK) == SYN
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 13, Len: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 1, Mask: []byte{0x17}, Xor: []byte{0}},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{0x02}},
		accept)
	rule(toPort...)
	rule(append(isProto(unix.IPPROTO_UDP), // fences, to the listener's application
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binary.BigEndian.AppendUint16(nil, port)},
		accept)...)
	echo := func(proto, typ byte) {
		es := append(isProto(proto),
			&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 0, Len: 1},
			&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{typ}},
			accept)
		rule(es...)
	}
	echo(unix.IPPROTO_ICMP, 8)
	echo(unix.IPPROTO_ICMPV6, 128)
	for typ := byte(133); typ <= 136; typ++ { // neighbour discovery
		echo(unix.IPPROTO_ICMPV6, typ)
	}
	if f == Reject {
		rule(&expr.Reject{Type: unix.NFT_REJECT_ICMPX_UNREACH, Code: unix.NFT_REJECT_ICMPX_PORT_UNREACH})
	} else {
		rule(&expr.Verdict{Kind: expr.VerdictDrop})
	}
	if err := c.Flush(); err != nil {
		return fmt.Errorf("firewall %s: %w", f, err)
	}
	// In a network namespace the table is the host's and not ours to size.
	_ = os.WriteFile("/proc/sys/net/netfilter/nf_conntrack_max", []byte(tracked), 0o644)
	return nil
}

// tracked is how many connections the firewall follows: a kernel with little
// memory would follow a thousand, and lose what comes beyond, of which a
// prober makes more in the ten seconds for which it keeps one that was reset.
const tracked = "32768"

func ctState(bits uint32) []expr.Any {
	return []expr.Any{
		&expr.Ct{Register: 1, Key: expr.CtKeySTATE},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: binaryutil.NativeEndian.PutUint32(bits), Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: make([]byte, 4)},
	}
}

func isProto(proto byte) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{proto}},
	}
}
