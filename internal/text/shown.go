package text

import (
	"fmt"
	"strings"
	"unicode"
)

// Shown returns what a terminal may be given: control characters, with which strangers could
// move its cursor, colour it or name its window, are written out. Line breaks and tabs stay.
func Shown(s string) string {
	control := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	if !strings.ContainsFunc(s, control) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if control(r) {
			fmt.Fprintf(&b, "\\x%02x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
