package onebot

import (
	"bytes"
	"encoding/json"
	"iter"
	"unicode/utf8"
)

// The functions of this file walk over JSON that is known to be valid (json.Valid),
// without copying it. Requests are small and many, so this is worth while: a frame
// is checked once and its parts are slices of it.

// members iterates over an object, keys in order and repeated ones repeatedly. A
// value that is no object has none.
func members(v json.RawMessage) iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		if len(v) == 0 || v[0] != '{' {
			return
		}
		for i := space(v, 1); i < len(v) && v[i] == '"'; {
			end := skip(v, i)
			name := unquote(v[i:end])
			i = space(v, space(v, end)+1) // over the colon
			end = skip(v, i)
			if !yield(name, v[i:end]) {
				return
			}
			i = space(v, space(v, end)+1) // over the comma, or past the end
		}
	}
}

// elements iterates over an array.
func elements(v json.RawMessage) iter.Seq[json.RawMessage] {
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
			for i++; v[i] != '"'; i++ {
				if v[i] == '\\' {
					i++
				}
			}
			i++
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

// unquote returns the content of a JSON string.
func unquote(v json.RawMessage) string {
	inner := v[1 : len(v)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	var text string
	_ = json.Unmarshal(v, &text) // cannot fail, v is valid
	return text
}

// checked returns valid JSON without the white space around it, or why it is not.
func checked(raw []byte) (json.RawMessage, error) {
	if !json.Valid(raw) {
		var v json.RawMessage
		return nil, json.Unmarshal(raw, &v) // says where
	}
	return raw[space(raw, 0):], nil
}
