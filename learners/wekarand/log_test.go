package wekarand_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/wekarand"
)

// TestLog has Math.log of OpenJDK 17.0.15 where math.Log of Go differs from
// it or nearly does, and, against math.Log, everything else but the last bit.
func TestLog(t *testing.T) {
	for x, want := range map[float64]string{
		3:        "3ff193ea7aad030b",
		14:       "40051cca16d7bba7",
		20. / 7:  "3ff0cc1248b56ccb",
		23 / 7.:  "3ff308894d710d89",
		36. / 7:  "3ffa33a54621e5ad",
		38. / 7:  "3ffb111add5428f9",
		45. / 7:  "3ffdc5a43f1538f1",
		47. / 7:  "3ffe77c1b0ef8715",
		48:       "400ef8383c50bb75",
		48. / 7:  "3ffecdfdca6f1c91",
		74:       "4011375cd6fcab1d",
		81. / 7:  "4003969b9e40d8e9",
		90. / 7:  "40046e62df492af5",
		94. / 7:  "4004c77198365207",
		96. / 7:  "4004f28fa4f61cc5",
		123 / 7.: "4006ee212bcc00a7",
		129. / 7: "40074fabfc52406b",
		164. / 7: "40093b4d6df29c19",
		166. / 7: "40095420836b2a53",
		176:      "4014ae935b3cb89d",
		196:      "40151cca16d7bba7",
		199. / 7: "400ac776dc166de1",
		220:      "4015931319798d6f",
		299:      "4016cd411481a021",
		308:      "4016eb9f470ac0b7",
		334:      "40173e9bbe951e9d",
		343:      "401759d602a5c3c1",
		346:      "401762c0d8a3c1c5",
		362:      "4017910b2e25d669",
	} {
		require.Equal(t, want, fmt.Sprintf("%x", math.Float64bits(wekarand.Log(x))), "ln %v", x)
	}
	require.Zero(t, wekarand.Log(1))
	for x := 1e-300; x < 1e300; x *= 1.7 {
		require.InEpsilon(t, math.Log(x), wekarand.Log(x), 3e-16, "ln %v", x)
	}
}
