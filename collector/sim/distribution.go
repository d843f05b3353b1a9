package sim

import "fmt"

// Distribution is what a distribution of Linux sets on top of its kernel. It
// moves answers through these settings and in no other way; most change
// nothing but what happens in a flood of SYNs or behind a firewall.
type Distribution struct {
	Name       string
	SYNCookies bool   // sets sysctl tcp_syncookies to 1 whatever the kernel's default
	RejectCode uint8  // ICMP unreachable code of its firewall's reject rule
	Source     string // where this is written
}

// Distributions lists the values that Options["distribution"] may have on
// Linux personalities. Other families have none.
func Distributions() []Distribution { return append([]Distribution(nil), distributions...) }

var distributions = []Distribution{
	{Name: "debian", RejectCode: codePort, Source: "procps' /etc/sysctl.conf is all comments; iptables-extensions(8): REJECT's default is icmp-port-unreachable"},
	{Name: "ubuntu", SYNCookies: true, RejectCode: codePort, Source: "procps' /etc/sysctl.d/10-network-security.conf; ufw's reject rules"},
	{Name: "fedora", SYNCookies: true, RejectCode: codeHostProhibited, Source: "initscripts' /etc/sysctl.conf; system-config-firewall and firewalld reject with icmp-host-prohibited"},
	{Name: "rhel", SYNCookies: true, RejectCode: codeHostProhibited, Source: "as fedora"},
	{Name: "centos", SYNCookies: true, RejectCode: codeHostProhibited, Source: "as fedora"},
	{Name: "opensuse", SYNCookies: true, RejectCode: codePort, Source: "aaa_base's /etc/sysctl.conf; SuSEfirewall2's REJECT"},
	{Name: "sles", SYNCookies: true, RejectCode: codePort, Source: "as opensuse"},
	{Name: "arch", RejectCode: codePort, Source: "no sysctl file of its own"},
	{Name: "gentoo", RejectCode: codePort, Source: "baselayout's /etc/sysctl.conf sets rp_filter only"},
	{Name: "slackware", RejectCode: codePort, Source: "no sysctl file of its own"},
}

// distribution applies a distribution's defaults; "" is a bare kernel.
func (c *config) distribution(name string) error {
	if name == "" {
		return nil
	}
	if c.family != linux {
		return fmt.Errorf("option distribution: %s personalities have none", c.family)
	}
	var known []string
	for _, d := range distributions {
		if d.Name == name {
			c.cookiesOn = c.cookiesOn || d.SYNCookies
			c.rejectCode = d.RejectCode
			return nil
		}
		known = append(known, d.Name)
	}
	return fmt.Errorf("option distribution: unknown %q%s", name, meant(name, known))
}
