package live

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"

	"tickle/collector/pool"
)

// declared is a host that a user declares, by these options:
//
//	address: 192.168.1.7           the machine
//	prober:                        who asks, on this host's interface: an
//	  iface: eth0                  address or block that nobody has, so that
//	  address: 192.168.1.240/29    this host's kernel resets nothing
//	  mac: 02:54:69:63:6b:00       optional
//	  gateway: 192.168.1.1         where the machine is on another network
//	  address6: fd00:1::/96        with address6: the block whose addresses that
//	                               end in the prober's IPv4 ones ask over IPv6
//	address6: fd00::7              the machine's IPv6 address, if it has one
//	authorized: true               needed outside private, loopback and
//	reason: my own router          documentation ranges, with the reason
//	start: [virsh, start, win7]    optional commands: run before, until check
//	check: [virsh, domstate, win7] succeeds, and afterwards
//	stop: [virsh, shutdown, win7]
type declared struct {
	address, gateway   netip.Addr
	prober             netip.Prefix
	address6           netip.Addr   // invalid: the host is not asked over IPv6
	prober6            netip.Prefix //
	iface              string
	mac                net.HardwareAddr
	start, check, stop []string
}

var declaredOptions = []string{"address", "address6", "prober.iface", "prober.address", "prober.address6", "prober.mac", "prober.gateway", "authorized", "reason", "start", "check", "stop"}

// readDeclared reads and checks the options of a declared host.
func readDeclared(m *pool.Machine) (*declared, error) {
	d := &declared{iface: m.Options["prober.iface"]}
	for _, name := range slices.Sorted(maps.Keys(m.Options)) {
		if !slices.Contains(declaredOptions, name) {
			return nil, fmt.Errorf("option %q: want one of %s", name, strings.Join(declaredOptions, ", "))
		}
	}
	for name := range m.Factors {
		if !strings.HasPrefix(name, "path.") {
			return nil, fmt.Errorf("factor %q: a host that is declared is what it is: only path factors can be added", name)
		}
	}
	var err error
	if d.address, err = netip.ParseAddr(m.Options["address"]); err != nil || !d.address.Is4() {
		return nil, fmt.Errorf("option address=%q: want an IPv4 address", m.Options["address"])
	}
	if err := authorize("address", d.address, m.Options); err != nil {
		return nil, err
	}
	if err := d.readIPv6(m.Options); err != nil {
		return nil, err
	}
	if d.iface == "" {
		return nil, errors.New("option prober.iface: want the name of an interface of this host")
	}
	if d.prober, err = parseBlock(m.Options["prober.address"]); err != nil {
		return nil, err
	}
	if d.prober.Contains(d.address) {
		return nil, fmt.Errorf("option prober.address=%s: holds the machine %s", d.prober, d.address)
	}
	if text := m.Options["prober.gateway"]; text != "" {
		if d.gateway, err = netip.ParseAddr(text); err != nil || !d.gateway.Is4() {
			return nil, fmt.Errorf("option prober.gateway=%q: want an IPv4 address", text)
		}
	}
	if text := m.Options["prober.mac"]; text != "" {
		if d.mac, err = net.ParseMAC(text); err != nil || len(d.mac) != 6 {
			return nil, fmt.Errorf("option prober.mac=%q: want six bytes such as 02:54:69:63:6b:00", text)
		}
	}
	for name, argv := range map[string]*[]string{"start": &d.start, "check": &d.check, "stop": &d.stop} {
		text := m.Options[name]
		if text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(text), argv); err != nil || len(*argv) == 0 {
			return nil, fmt.Errorf("option %s=%s: want a list: the program and its arguments", name, text)
		}
	}
	return d, nil
}

// readIPv6 reads the options of IPv6, which are given together.
func (d *declared) readIPv6(options map[string]string) (err error) {
	text, block := options["address6"], options["prober.address6"]
	if text == "" && block == "" {
		return nil
	}
	if d.address6, err = netip.ParseAddr(text); err != nil || !d.address6.Is6() || d.address6.Is4In6() || d.address6.Zone() != "" {
		return fmt.Errorf("option address6=%q: want an IPv6 address, beside prober.address6", text)
	}
	if err := authorize("address6", d.address6, options); err != nil {
		return err
	}
	p, err := netip.ParsePrefix(block)
	if err != nil || !p.Addr().Is6() || p.Bits() > 96 || p.Contains(d.address6) {
		return fmt.Errorf("option prober.address6=%q: want a block of 96 bits at most, such as fd00:1::/96, without the machine", block)
	}
	d.prober6 = p.Masked()
	return nil
}

// net is the addressing of the host.
func (d *declared) net() pool.Net {
	return pool.Net{Machine: d.address, Prober: d.prober, Machine6: d.address6, Prober6: d.prober6}
}

// parseBlock reads an address or a block of addresses.
func parseBlock(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil && a.Is4() {
		return netip.PrefixFrom(a, 32), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil || !p.Addr().Is4() {
		return p, fmt.Errorf("option prober.address=%q: want an IPv4 address, or a block such as 192.168.1.240/29", text)
	}
	return p.Masked(), nil
}

// documentation are the blocks of RFC 5737 and RFC 3849 and, for benchmarks,
// RFC 2544.
var documentation = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("2001:db8::/32"),
}

// authorize refuses a machine outside private, loopback, link-local and
// documentation ranges unless its owner's word is given.
func authorize(option string, a netip.Addr, options map[string]string) error {
	if a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || slices.ContainsFunc(documentation, func(p netip.Prefix) bool { return p.Contains(a) }) {
		return nil
	}
	if a.IsMulticast() || a.IsUnspecified() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return fmt.Errorf("option %s=%s: is no host", option, a)
	}
	if options["authorized"] != "true" || strings.TrimSpace(options["reason"]) == "" {
		return fmt.Errorf("option %s=%s: is a public address: want authorized: true and a reason, for only machines that you may probe are probed", option, a)
	}
	return nil
}
