package stackhost

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// setting is what a factor's value may be: one of words, or a whole number
// from least to most.
type setting struct {
	words       []string
	least, most int
}

// settings are the factors that any of the stacks has.
var settings = map[string]setting{
	"cc":     {words: []string{"reno", "cubic"}},
	"mtu":    {least: 1280, most: 1500}, // IPv6 needs 1280 (RFC 8200)
	"rcvbuf": {least: 4096, most: 8 << 20},
	"sack":   {words: []string{"0", "1"}},
	"ttl":    {least: 1, most: 255},
}

func checkSetting(name, value string) error {
	s := settings[name]
	if s.words != nil {
		if !slices.Contains(s.words, value) {
			return fmt.Errorf("factor %s=%s: want %s", name, value, strings.Join(s.words, " or "))
		}
		return nil
	}
	if n, err := strconv.Atoi(value); err != nil || n < s.least || n > s.most {
		return fmt.Errorf("factor %s=%s: want a whole number from %d to %d", name, value, s.least, s.most)
	}
	return nil
}
