package nmap4

import (
	"errors"
	"fmt"
	"strings"
)

// checkExpression reports what is not well-formed in an expression of either
// dialect.
func checkExpression(text string) error {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c > '~' || c == '(' {
			return fmt.Errorf("%q: want printable characters", c)
		}
	}
	if err := checkBrackets(text); err != nil {
		return err
	}
	for _, alt := range splitOutside(text) {
		if err := checkAlternative(alt); err != nil {
			return err
		}
	}
	return nil
}

func checkAlternative(alt string) error {
	if lo, hi, open, ok := numbers(alt); ok {
		if !open && hexValue(lo) > hexValue(hi) {
			return fmt.Errorf("range %s is upside down", alt)
		}
		return nil
	}
	outside := alt
	for {
		before, rest, nested := strings.Cut(outside, "[")
		if strings.ContainsAny(before, "<>-") {
			return fmt.Errorf("%s: want a bound as >A or a range as 1-6, of hexadecimal numbers in capitals, up to %d digits", clip(alt), maxDigits)
		}
		if !nested {
			return nil
		}
		inner, behind, _ := strings.Cut(rest, "]")
		for _, a := range strings.Split(inner, "|") {
			if err := checkNested(a); err != nil {
				return err
			}
		}
		outside = behind
	}
}

// checkNested checks an alternative in brackets: a number, bound or range.
func checkNested(alt string) error {
	if _, _, _, ok := numbers(alt); !ok && !isHex(alt) {
		return fmt.Errorf("[%s]: want hexadecimal numbers, ranges or bounds in brackets", clip(alt))
	}
	return checkAlternative(alt)
}

// checkBrackets reports brackets that are not closed, not opened, or within
// others.
func checkBrackets(text string) error {
	open := false
	for i := range len(text) {
		switch {
		case text[i] == '[' && open:
			return errors.New("brackets in brackets")
		case text[i] == '[':
			open = true
		case text[i] == ']' && !open:
			return errors.New("']' without '['")
		case text[i] == ']':
			open = false
		}
	}
	if open {
		return errors.New("'[' without ']'")
	}
	return nil
}
