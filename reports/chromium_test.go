//go:build chromium

package reports

import (
	"bytes"
	"cmp"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/experiments"
)

// chromium runs a headless Chromium on a page and returns its output.
func chromium(t *testing.T, page string, flags ...string) string {
	t.Helper()
	args := []string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars", "--user-data-dir=" + t.TempDir(),
	}
	out, err := exec.Command("chromium", append(append(args, flags...), "file://"+page)...).Output()
	require.NoError(t, err)
	return string(out)
}

// learnersShown lists the third cell of every row of the second table of a
// page, in the order in which they stand: the first table is of verdicts.
func learnersShown(t *testing.T, dom string) []string {
	t.Helper()
	_, dom, _ = strings.Cut(dom, `aria-label="Table: Classification accuracy"`)
	body, _, _ := strings.Cut(dom, "</tbody>")
	var names []string
	for _, row := range regexp.MustCompile(`(?s)<tr>(.*?)</tr>`).FindAllStringSubmatch(body, -1) {
		if cells := regexp.MustCompile(`<td[^>]*>([^<]*)</td>`).FindAllStringSubmatch(row[1], -1); len(cells) > 2 {
			names = append(names, cells[2][1])
		}
	}
	return names
}

// A click on a column's head sorts its table, a second one turns it round.
// Run with: go test -tags chromium ./reports -run Chromium. TICKLE_LOOK names
// a folder for the pictures.
func TestPageInChromium(t *testing.T) {
	dir := cmp.Or(os.Getenv("TICKLE_LOOK"), t.TempDir())
	var b bytes.Buffer
	require.NoError(t, WritePage(&b, []*experiments.Result{small(), compared(false), judged()}))
	const click = `<script>
for (let i = 0; i < CLICKS; i++) document.querySelectorAll("#accuracy thead button")[2].click();
</script></body>`
	page := func(clicks string) string {
		path := filepath.Join(dir, "page"+clicks+".html")
		text := strings.Replace(b.String(), "</body>", strings.Replace(click, "CLICKS", clicks, 1), 1)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	asIs := learnersShown(t, chromium(t, page("0"), "--dump-dom"))
	require.Len(t, asIs, 49)
	once := learnersShown(t, chromium(t, page("1"), "--dump-dom"))
	require.Equal(t, "forest", once[0])
	require.Equal(t, "ibk:k=1,missing=skip", once[48])
	require.ElementsMatch(t, asIs, once)
	require.NotEqual(t, asIs, once)
	twice := chromium(t, page("2"), "--dump-dom")
	require.Equal(t, "ibk:k=1,missing=skip", learnersShown(t, twice)[0])
	require.Contains(t, twice, `aria-sort="descending"`)

	for name, flags := range map[string][]string{
		"wide": {"--window-size=1200,2400"}, "narrow": {"--window-size=500,2400"},
		"dark": {"--window-size=1200,2400", "--blink-settings=preferredColorScheme=0"},
	} {
		picture := filepath.Join(dir, "page-"+name+".png")
		chromium(t, page("1"), append(flags, "--screenshot="+picture)...)
		f, err := os.Open(picture)
		require.NoError(t, err)
		img, err := png.Decode(f)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		colours := make(map[[3]uint32]bool)
		for y := 0; y < img.Bounds().Dy(); y += 3 {
			for x := 0; x < img.Bounds().Dx(); x += 3 {
				r, g, b, _ := img.At(x, y).RGBA()
				colours[[3]uint32{r, g, b}] = true
			}
		}
		require.Greater(t, len(colours), 50, "%s is all but empty", name)
	}
}
