package live

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
)

func TestDeclaredHosts(t *testing.T) {
	good := map[string]string{"address": "192.168.7.9", "prober.iface": "eth0", "prober.address": "192.168.7.240/29"}
	for _, c := range []struct {
		name, key, value, want string
	}{
		{"as it is", "", "", ""},
		{"one address", "prober.address", "192.168.7.200", ""},
		{"commands", "start", `["virsh","start","win7"]`, ""},
		{"no address", "address", "win7", "IPv4 address"},
		{"a group", "address", "224.0.0.1", "no host"},
		{"everybody", "address", "255.255.255.255", "no host"},
		{"public", "address", "9.9.9.9", "authorized: true and a reason"},
		{"no block", "prober.address", "eth0", "IPv4 address, or a block"},
		{"a block that holds the machine", "prober.address", "192.168.7.0/24", "holds the machine"},
		{"no interface", "prober.iface", "", "interface"},
		{"gateway", "prober.gateway", "x", "prober.gateway"},
		{"hardware address", "prober.mac", "02:54", "prober.mac"},
		{"no list", "stop", "virsh", "stop"},
		{"IPv6 alone", "address6", "fd00::7", "prober.address6"},
		{"an IPv6 block alone", "prober.address6", "fd00:1::/96", "address6"},
		{"unknown", "adress", "x", "adress"},
	} {
		options := map[string]string{}
		for k, v := range good {
			options[k] = v
		}
		if c.key != "" {
			options[c.key] = c.value
		}
		_, err := readDeclared(&pool.Machine{Options: options})
		if c.want == "" {
			require.NoError(t, err, c.name)
		} else {
			require.ErrorContains(t, err, c.want, c.name)
		}
	}
}

// A public address needs both the word and a reason.
func TestPublicAddressesNeedAuthorization(t *testing.T) {
	options := map[string]string{"address": "9.9.9.9", "prober.iface": "eth0", "prober.address": "192.168.7.240", "prober.gateway": "192.168.7.1", "authorized": "true"}
	m := &pool.Machine{Options: options}
	_, err := readDeclared(m)
	require.ErrorContains(t, err, "reason")
	_, err = Backend{}.Net(m)
	require.ErrorContains(t, err, "reason")
	options["reason"] = "a machine of mine"
	_, err = readDeclared(m)
	require.NoError(t, err)
	options["authorized"] = "yes"
	_, err = readDeclared(m)
	require.Error(t, err)
}

func TestDeclaredHostsTakeNoFactors(t *testing.T) {
	options := map[string]string{"address": "192.168.7.9", "prober.iface": "eth0", "prober.address": "192.168.7.240/29"}
	_, err := readDeclared(&pool.Machine{Options: options, Factors: map[string]string{"path.hops": "2"}})
	require.NoError(t, err)
	_, err = readDeclared(&pool.Machine{Options: options, Factors: map[string]string{"memory": "96"}})
	require.ErrorContains(t, err, "memory")
}

// IPv6 addresses are judged as IPv4 ones are.
func TestDeclaredIPv6(t *testing.T) {
	options := map[string]string{"address": "192.168.7.9", "prober.iface": "eth0", "prober.address": "192.168.7.240/29"}
	m := &pool.Machine{Options: options}
	require.Error(t, Backend{}.IPv6(m))
	for _, c := range []struct{ address, block, want string }{
		{"fd00::7", "fd00:1::/96", ""},
		{"2001:db8::7", "2001:db8:1::/64", ""},
		{"fe80::7", "fd00:1::/96", ""},
		{"2001:4860::7", "fd00:1::/96", "option address6=2001:4860::7: is a public address"},
		{"ff02::1", "fd00:1::/96", "no host"},
		{"::ffff:192.0.2.1", "fd00:1::/96", "want an IPv6 address"},
		{"fe80::7%eth0", "fd00:1::/96", "want an IPv6 address"},
		{"fd00::7", "fd00:1::/120", "96 bits at most"},
		{"fd00::7", "fd00::/64", "without the machine"},
		{"fd00::7", "192.168.7.0/24", "96 bits at most"},
	} {
		options["address6"], options["prober.address6"] = c.address, c.block
		require.NoError(t, Backend{}.IPv6(m))
		n, err := Backend{}.Net(m)
		if c.want != "" {
			require.ErrorContains(t, err, c.want)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, c.address, n.Machine6.String())
		require.Equal(t, c.block, n.Prober6.String())
	}
}
