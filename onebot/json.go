package onebot

import (
	"strconv"
	"unicode/utf8"
)

// The functions of this file append JSON by hand: events are encoded for every
// message, in one pass and into memory that is used again.

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string: raw UTF-8, only what JSON demands
// escaped, invalid bytes as U+FFFD.
func appendString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := decodeRune(s, i)
			if r == utf8.RuneError && size == 1 {
				dst = append(dst, s[start:i]...)
				dst = append(dst, "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// decodeRune decodes the rune of s at i without copying the rest of s.
func decodeRune[T string | []byte](s T, i int) (rune, int) {
	var b [utf8.UTFMax]byte
	n := copy(b[:], s[i:min(len(s), i+utf8.UTFMax)])
	return utf8.DecodeRune(b[:n])
}

// key appends ,"name": to an object that has a field already.
func key(dst []byte, name string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	return append(dst, '"', ':')
}

func textField[T string | []byte](dst []byte, name string, v T) []byte {
	return appendString(key(dst, name), v)
}

func intField[T ~int32 | ~int64](dst []byte, name string, v T) []byte {
	return strconv.AppendInt(key(dst, name), int64(v), 10)
}

func uintField[T ~uint32 | ~uint64](dst []byte, name string, v T) []byte {
	return strconv.AppendUint(key(dst, name), uint64(v), 10)
}

func boolField(dst []byte, name string, v bool) []byte {
	return strconv.AppendBool(key(dst, name), v)
}
