package probegen

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDialoguesOverIPv6: shares hold, what is over IPv6 is the dialogue that it
// is over IPv4, and its packets can be sent and shown.
func TestDialoguesOverIPv6(t *testing.T) {
	const n = 2000
	four := dialogues(t, n, nil)
	six := dialogues(t, n, map[string]string{"ipv6-share": "30", "extension-share": "20"})
	over, packets, extended := 0, 0, 0
	for i := range six.Probes {
		a, b := four.Probes[i], six.Probes[i]
		require.Equal(t, a.Name, b.Name)
		require.Len(t, b.Steps, len(a.Steps))
		old, isSix := b.versions()
		require.False(t, old && isSix, "one dialogue, one version")
		if !isSix {
			require.Equal(t, a, b)
			continue
		}
		over++
		label := -1
		for j := range b.Steps {
			p, q := a.Steps[j].Packet, b.Steps[j].Packet
			if p == nil {
				require.Nil(t, q)
				continue
			}
			packets++
			require.Equal(t, p.TCP, q.TCP)
			require.Equal(t, p.Port, q.Port)
			require.Equal(t, p.IP.TOS, q.IP6.TrafficClass)
			if label < 0 {
				label = int(q.IP6.FlowLabel)
			}
			require.EqualValues(t, label, q.IP6.FlowLabel)
			if q.ICMP != nil && q.ICMP.Target != nil {
				require.EqualValues(t, 255, q.IP6.HopLimit)
			} else {
				require.True(t, bytes.HasPrefix(p.Payload, q.Payload))
				require.True(t, len(p.Payload) == len(q.Payload) || q.Len() == ethernetMTU, "cut only to fit")
				require.Equal(t, p.IP.TTL, q.IP6.HopLimit)
			}
			if len(q.IP6.Extensions) > 0 {
				extended++
			}
			_, err := q.AppendRelative(nil, prober6, machine6, Numbers{})
			require.NoError(t, err)
		}
	}
	shareNear(t, "ipv6", over, n, 0.3)
	shareNear(t, "extensions", extended, packets, 0.2)
}
