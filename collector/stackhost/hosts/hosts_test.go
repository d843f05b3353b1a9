package hosts

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProgramsAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range List() {
		require.False(t, seen[p.Name], p.Name)
		seen[p.Name] = true
		found, err := Find(p.Name)
		require.NoError(t, err)
		require.Equal(t, p, found)
		if p.Binary != "" {
			require.NotEmpty(t, p.Package, p.Name)
			require.Empty(t, p.Files)
			continue
		}
		if p.NPM != "" {
			require.Contains(t, string(p.Files[p.File()]), "net.Socket({ fd: 3")
			continue
		}
		if p.Module == "" {
			require.NotEmpty(t, p.Package, p.Name)
			require.NotEmpty(t, p.Links, p.Name)
			require.Contains(t, string(p.Files["main.c"])+string(p.Files["main.cc"]), "int main(")
			continue
		}
		// A pseudo-version's date is the name's.
		_, date, _ := strings.Cut(p.Name, "-")
		require.Contains(t, p.Version, "v0.0.0-"+date, p.Name)
		require.Contains(t, string(p.Files["go.mod"]), "require "+p.Module+" "+p.Version+"\n")
		for name, data := range p.Files {
			if strings.HasSuffix(name, ".go") {
				f, err := parser.ParseFile(token.NewFileSet(), name, data, parser.ImportsOnly)
				require.NoError(t, err)
				require.Equal(t, "main", f.Name.Name)
			}
		}
	}
	_, err := Find("vax")
	require.ErrorContains(t, err, `program "vax": want one of gvisor-20210111, `)
}
