package datasets

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Sources says for every field what its value depends on. The zero value is
// of no use; start from DefaultSources.
type Sources [NumAllFields][NumSources]Influence

// DefaultSources are those of the catalogue.
func DefaultSources() *Sources {
	s := new(Sources)
	for f := range s {
		s[f] = Catalogue[f].Sources
	}
	return s
}

// Vetted reports whether no source of f but the operating system is likely.
func (s *Sources) Vetted(f FieldID) bool {
	field := Field{Sources: s[f]}
	return field.Vetted()
}

// influencesJSON is a field's sources as JSON names them.
type influencesJSON struct {
	Likely []string `json:"likely"`
	Barely []string `json:"barely,omitempty"`
}

// MarshalJSON gives an object of fields, each with its likely and barely
// possible sources. Fields of dialogues alone stand there only when their
// sources are not the catalogue's.
func (s *Sources) MarshalJSON() ([]byte, error) {
	m := make(map[string]influencesJSON, NumFields)
	for f := range s {
		if f >= NumFields && s[f] == Catalogue[f].Sources {
			continue
		}
		var in influencesJSON
		for source, influence := range s[f] {
			switch influence {
			case Likely:
				in.Likely = append(in.Likely, SourceNames[source])
			case BarelyPossible:
				in.Barely = append(in.Barely, SourceNames[source])
			}
		}
		m[Catalogue[f].Name] = in
	}
	return json.Marshal(m)
}

// UnmarshalJSON reads what MarshalJSON gives; every field but those of
// dialogues alone must be there.
func (s *Sources) UnmarshalJSON(b []byte) error {
	var m map[string]influencesJSON
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	*s = Sources{}
	for f := range s {
		in, ok := m[Catalogue[f].Name]
		delete(m, Catalogue[f].Name)
		if !ok && f >= NumFields {
			s[f] = Catalogue[f].Sources
			continue
		}
		if !ok {
			return fmt.Errorf("sources: field %s is not there", Catalogue[f].Name)
		}
		for influence, names := range map[Influence][]string{Likely: in.Likely, BarelyPossible: in.Barely} {
			for _, name := range names {
				source := slices.Index(SourceNames[:], name)
				if source < 0 || s[f][source] != None {
					return fmt.Errorf("sources: field %s: source %q: want each known one once", Catalogue[f].Name, name)
				}
				s[f][source] = influence
			}
		}
	}
	for name := range m {
		return fmt.Errorf("sources: field %q: not in the catalogue", name)
	}
	return nil
}

// LoadSources reads a file that overrides the catalogue's sources:
//
//	tcp.window:
//	  likely: [os, config]
//	  barely: [hardware]
//
// A field that it names has these sources and no others; the rest keep the
// catalogue's. Unknown fields, keys and sources, a source or field named
// twice, and a file that is not YAML are errors with file, line and column.
func LoadSources(path string) (*Sources, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("sources: %w", err)
	}
	s, err := parseSources(b)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	return s, nil
}

// parseSources gives errors that begin with line and column.
func parseSources(b []byte) (*Sources, error) {
	file, err := parser.ParseBytes(b, 0)
	if err != nil {
		return nil, syntaxError(err)
	}
	s := DefaultSources()
	if len(file.Docs) > 1 {
		return nil, errors.New("1:1: want one YAML document")
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return s, nil
	}
	fields, err := mapping(file.Docs[0].Body, "a mapping of field names")
	if err != nil {
		return nil, err
	}
	for _, kv := range fields {
		name := kv.Key.GetToken().Value
		id, ok := FieldByName(name)
		if !ok {
			return nil, at(kv.Key, "field %q: not in the catalogue", name)
		}
		if s[id], err = parseInfluences(kv.Value, name); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func parseInfluences(n ast.Node, field string) (in [NumSources]Influence, err error) {
	keys, err := mapping(n, "a mapping with likely and barely")
	if err != nil {
		return in, err
	}
	for _, kv := range keys {
		var influence Influence
		switch key := kv.Key.GetToken().Value; key {
		case "likely":
			influence = Likely
		case "barely":
			influence = BarelyPossible
		default:
			return in, at(kv.Key, "%s: key %q: want likely or barely", field, key)
		}
		list, ok := kv.Value.(*ast.SequenceNode)
		if !ok {
			return in, at(kv.Value, "%s: want a list of sources", field)
		}
		for _, item := range list.Values {
			name := item.GetToken().Value
			source := slices.Index(SourceNames[:], name)
			if _, scalar := item.(*ast.StringNode); !scalar || source < 0 {
				return in, at(item, "%s: source %q: want one of %s", field, name, strings.Join(SourceNames[:], ", "))
			}
			if in[source] != None {
				return in, at(item, "%s: source %q is named twice", field, name)
			}
			in[source] = influence
		}
	}
	return in, nil
}

// mapping gives the entries of a mapping whose keys differ.
func mapping(n ast.Node, want string) ([]*ast.MappingValueNode, error) {
	var entries []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		entries = n.Values
	case *ast.MappingValueNode:
		entries = []*ast.MappingValueNode{n}
	default:
		return nil, at(n, "want %s", want)
	}
	seen := make(map[string]bool, len(entries))
	for _, kv := range entries {
		key := kv.Key.GetToken().Value
		if seen[key] {
			return nil, at(kv.Key, "key %q stands twice", key)
		}
		seen[key] = true
	}
	return entries, nil
}

// at is an error at a node's place, as line:col: message.
func at(n ast.Node, format string, args ...any) error {
	line, col := 1, 1
	if t := n.GetToken(); t != nil && t.Position != nil {
		line, col = t.Position.Line, t.Position.Column
	}
	return fmt.Errorf("%d:%d: %s", line, col, fmt.Sprintf(format, args...))
}

// syntaxError puts the parser's error, which spans lines, on one.
func syntaxError(err error) error {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil {
		p := y.GetToken().Position
		return fmt.Errorf("%d:%d: %s", p.Line, p.Column, y.GetMessage())
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("1:1: %s", first)
}
