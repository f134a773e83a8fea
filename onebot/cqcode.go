package onebot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// segment is one part of a message in OneBot's terms: a type and its data.
type segment struct {
	kind string
	data []field // in order; a key may occur twice, the last one counts
}

type field struct{ key, value string }

func textSegment(text string) segment { return segment{"text", []field{{"text", text}}} }

// get returns a data value, "" when there is none.
func (s segment) get(key string) string {
	for i := len(s.data) - 1; i >= 0; i-- {
		if s.data[i].key == key {
			return s.data[i].value
		}
	}
	return ""
}

// The escapes of CQ codes (docs/protocol/onebot11.md d.1). A comma is escaped in
// values only, and only there understood.
const (
	escapedAmp   = "&amp;"
	escapedOpen  = "&#91;"
	escapedClose = "&#93;"
	escapedComma = "&#44;"
)

var (
	textUnescaper  = strings.NewReplacer(escapedOpen, "[", escapedClose, "]", escapedAmp, "&")
	valueUnescaper = strings.NewReplacer(escapedComma, ",", escapedOpen, "[", escapedClose, "]", escapedAmp, "&")
)

func unescape(r *strings.Replacer, s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	return r.Replace(s)
}

// parseCQ parses a message with CQ codes. Nothing is an error: "[CQ:" with nothing
// behind it is text, and a code that runs out of text is dropped together with
// what follows it. A key is everything up to the next "=", whatever else is in it
// (docs/protocol/onebot11.md d.1).
func parseCQ(s string) []segment {
	var segments []segment
	for s != "" {
		i := strings.Index(s, "[CQ:")
		if i < 0 || i+len("[CQ:") == len(s) {
			return append(segments, textSegment(unescape(textUnescaper, s)))
		}
		if i > 0 {
			segments = append(segments, textSegment(unescape(textUnescaper, s[:i])))
		}
		code, rest, ok := parseCode(s[i+len("[CQ:"):])
		if !ok {
			return segments
		}
		segments = append(segments, code)
		s = rest
	}
	return segments
}

// parseCode parses a code behind its "[CQ:". ok is false when it has no end.
func parseCode(s string) (code segment, rest string, ok bool) {
	i := strings.IndexAny(s, ",]")
	if i < 0 {
		return code, "", false
	}
	code.kind = s[:i]
	for s[i] == ',' {
		key, value, found := strings.Cut(s[i+1:], "=")
		if !found {
			return code, "", false
		}
		s = value
		if i = strings.IndexAny(s, ",]"); i < 0 {
			return code, "", false
		}
		code.data = append(code.data, field{key, unescape(valueUnescaper, s[:i])})
	}
	return code, s[i+1:], true
}

// appendCQ appends segments as a message with CQ codes.
func appendCQ(dst []byte, segments []segment) []byte {
	for _, s := range segments {
		if s.kind == "text" {
			dst = appendEscaped(dst, s.get("text"), false)
			continue
		}
		dst = append(dst, "[CQ:"...)
		dst = append(dst, s.kind...)
		for _, f := range s.data {
			dst = append(dst, ',')
			dst = append(dst, f.key...)
			dst = append(dst, '=')
			dst = appendEscaped(dst, f.value, true)
		}
		dst = append(dst, ']')
	}
	return dst
}

func appendEscaped(dst []byte, s string, value bool) []byte {
	start := 0
	for i := range len(s) {
		var escape string
		switch s[i] {
		case '&':
			escape = escapedAmp
		case '[':
			escape = escapedOpen
		case ']':
			escape = escapedClose
		case ',':
			if !value {
				continue
			}
			escape = escapedComma
		default:
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = append(dst, escape...)
		start = i + 1
	}
	return append(dst, s[start:]...)
}

// parseSegments parses a message given as JSON: an array of segments, or one
// segment object. All data values become texts: null is "", objects and arrays
// their JSON, numbers are written without exponent (docs/protocol/onebot11.md d.2).
func parseSegments(raw json.RawMessage) ([]segment, error) {
	v, err := checked(raw)
	if err != nil {
		return nil, err
	}
	switch v[0] {
	case '{':
		s, err := parseSegment(v)
		return []segment{s}, err
	case '[':
	default:
		return nil, errors.New("not an array of segments")
	}
	var segments []segment
	for item := range elements(v) {
		s, err := parseSegment(item)
		if err != nil {
			return nil, fmt.Errorf("segment %d: %w", len(segments), err)
		}
		segments = append(segments, s)
	}
	return segments, nil
}

// parseSegment parses valid JSON.
func parseSegment(v json.RawMessage) (segment, error) {
	var s segment
	if v[0] != '{' {
		return s, errors.New("not an object")
	}
	typed := false
	for name, v := range members(v) {
		switch name {
		case "type":
			if typed = v[0] == '"'; typed {
				s.kind = unquote(v)
			}
		case "data":
			if v[0] != '{' && v[0] != 'n' {
				return s, errors.New(`"data" is not an object`)
			}
			s.data = s.data[:0]
			for name, v := range members(v) {
				s.data = append(s.data, field{name, dataText(v)})
			}
		}
	}
	if !typed {
		return s, errors.New(`no "type" string`)
	}
	return s, nil
}

// dataText is a data value as text.
func dataText(v json.RawMessage) string {
	switch v[0] {
	case 'n':
		return ""
	case '"':
		return unquote(v)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if bytes.ContainsAny(v, ".eE") {
			if f, err := strconv.ParseFloat(string(v), 64); err == nil {
				return strconv.FormatFloat(f, 'f', -1, 64)
			}
		}
	}
	return string(v)
}
