package onebot

import (
	"bytes"
	"strconv"
	"strings"

	"libration/internal/text"
)

// The functions of this file read URL-encoded forms and queries in place: a form may
// have a picture in it. A semicolon is a character like any other, as browsers and
// the URL standard have it.

// checkEncoded says what is wrong with a form or query.
func checkEncoded(s []byte) error {
	if bytes.Count(s, []byte("&")) >= maxValues {
		return errTooManyValues
	}
	for i := 0; ; i += 3 {
		n := bytes.IndexByte(s[i:], '%')
		if n < 0 {
			return nil
		}
		if i += n; !isHex(s[i:]) {
			return text.Errorf("invalid escape %q", "转义 %q 无效", s[i:min(len(s), i+3)])
		}
	}
}

// isHex tells whether s begins with an escape %XX.
func isHex(s []byte) bool {
	if len(s) < 3 {
		return false
	}
	_, err := strconv.ParseUint(string(s[1:3]), 16, 8)
	return err == nil
}

// encodedValue returns the first value of a name in a checked form or query.
func encodedValue(s []byte, name string) (text string, ok bool) {
	for len(s) > 0 {
		var pair []byte
		pair, s, _ = bytes.Cut(s, []byte("&"))
		if key, v, _ := bytes.Cut(pair, []byte("=")); len(pair) > 0 && len(key) <= 3*len(name) && decode(key) == name {
			return decode(v), true
		}
	}
	return "", false
}

// decode replaces the escapes.
func decode(s []byte) string {
	if !bytes.ContainsAny(s, "%+") {
		return string(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '%':
			n, _ := strconv.ParseUint(string(s[i+1:i+3]), 16, 8) // it was checked
			b.WriteByte(byte(n))
			i += 2
		case '+':
			b.WriteByte(' ')
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
