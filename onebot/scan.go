package onebot

import (
	"bytes"
	"encoding/json"
	"iter"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"libration/internal/bom"
)

// The functions of this file walk over JSON that is known to be valid (json.Valid),
// without copying it. Requests are small and many, so this is worth while: a frame
// is checked once and its parts are slices of it.

// members iterates over an object, keys in order and repeated ones repeatedly. A
// value that is no object has none.
func members(v json.RawMessage) iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		for key, v := range rawMembers(v) {
			if !yield(unquote(key), v) {
				return
			}
		}
	}
}

// rawMembers does so with the keys as written, in quotes.
func rawMembers(v json.RawMessage) iter.Seq2[json.RawMessage, json.RawMessage] {
	return func(yield func(key, v json.RawMessage) bool) {
		if len(v) == 0 || v[0] != '{' {
			return
		}
		for i := space(v, 1); i < len(v) && v[i] == '"'; {
			end := skip(v, i)
			key := v[i:end]
			i = space(v, space(v, end)+1) // over the colon
			end = skip(v, i)
			if !yield(key, v[i:end]) {
				return
			}
			i = space(v, space(v, end)+1) // over the comma, or past the end
		}
	}
}

// items iterates over an array.
func items(v json.RawMessage) iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		if len(v) == 0 || v[0] != '[' {
			return
		}
		for i := space(v, 1); i < len(v) && v[i] != ']'; {
			end := skip(v, i)
			if !yield(v[i:end]) {
				return
			}
			end = space(v, end)
			if v[end] == ']' {
				return
			}
			i = space(v, end+1)
		}
	}
}

// space returns the index of the first byte at or after i that is no white space.
func space(v []byte, i int) int {
	for i < len(v) && (v[i] == ' ' || v[i] == '\n' || v[i] == '\t' || v[i] == '\r') {
		i++
	}
	return i
}

// skip returns the index behind the value that begins at i.
func skip(v []byte, i int) int {
	depth := 0
	for i < len(v) {
		switch v[i] {
		case '"':
			i = stringEnd(v, i)
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			depth--
			i++
		case ' ', '\n', '\t', '\r', ',', ':':
			i++
			continue
		default: // a number, true, false or null
			for i < len(v) && !delimiter(v[i]) {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
	return i
}

func delimiter(c byte) bool {
	switch c {
	case ' ', '\n', '\t', '\r', ',', ':', ']', '}':
		return true
	}
	return false
}

// member returns the value of a key of an object; nil when it has none. Of a
// repeated key the last one counts.
func member(v json.RawMessage, name string) (found json.RawMessage) {
	for key, v := range rawMembers(v) {
		if isKey(key, name) {
			found = v
		}
	}
	return found
}

// isKey tells whether a JSON string has the content name.
func isKey(key json.RawMessage, name string) bool {
	inner := key[1 : len(key)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner) == name
	}
	return len(inner) <= 6*len(name) && unquote(key) == name
}

// unquote returns the content of a JSON string. Bytes that are no UTF-8, and halves
// of surrogate pairs, become U+FFFD.
func unquote(v json.RawMessage) string {
	inner := v[1 : len(v)-1]
	escape := bytes.IndexByte(inner, '\\')
	if escape < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	var b strings.Builder
	b.Grow(len(inner)) // at once: it may be a picture
	for len(inner) > 0 {
		if inner[0] != '\\' {
			r, size := utf8.DecodeRune(inner)
			b.WriteRune(r)
			inner = inner[size:]
			continue
		}
		c := inner[1]
		if c != 'u' {
			if i := strings.IndexByte("bfnrt", c); i >= 0 {
				c = "\b\f\n\r\t"[i]
			}
			b.WriteByte(c)
			inner = inner[2:]
			continue
		}
		r := hexRune(inner)
		inner = inner[6:]
		if utf16.IsSurrogate(r) {
			if r = utf16.DecodeRune(r, hexRune(inner)); r != utf8.RuneError {
				inner = inner[6:]
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}

// hexRune reads the escape \uXXXX at the start of v; -1 when there is none.
func hexRune(v []byte) rune {
	if len(v) < 6 || v[0] != '\\' || v[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(v[2:6]), 16, 32)
	if err != nil {
		return -1
	}
	return rune(n)
}

// checked returns valid JSON within the bounds, without the white space and the byte
// order mark before it, or why it is not.
func checked(raw []byte) (json.RawMessage, error) {
	raw, err := bom.Trim(raw)
	if err == nil {
		err = bounded(raw)
	}
	if err != nil {
		return nil, err
	}
	if !json.Valid(raw) {
		var v json.RawMessage
		return nil, json.Unmarshal(raw, &v) // says where
	}
	return bytes.TrimRight(raw[space(raw, 0):], " \t\r\n"), nil
}
