package onebot

import (
	"bytes"
	"unicode/utf8"

	"libration/gateway"
	"libration/internal/text"
)

// Bounds of a request, checked before memory is taken for what is in it.
const (
	maxValues = 8192      // JSON values, all levels together; parameters of a form or query; parts of CQ codes
	maxDepth  = 64        // objects and arrays in one another
	maxEcho   = 64 << 10  // bytes
	maxText   = 128 << 10 // bytes of text in one message; the service takes far less
	maxScalar = 64        // bytes of a number or boolean
)

var (
	errTooManyValues = text.Errorf("it has more than %d values", "超过 %d 个值", maxValues)
	errTooDeep       = text.Errorf("it is nested more than %d deep", "嵌套超过 %d 层", maxDepth)
	errNoUTF8        = text.Errorf("it is not UTF-8", "不是 UTF-8 编码")
)

// bounded looks over JSON that nobody has checked yet, and says what there is too
// much of. Strings cost next to nothing, however long.
func bounded(raw []byte) error {
	values, depth := 0, 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			i = stringEnd(raw, i) - 1
		case '{', '[':
			values++
			if depth++; depth > maxDepth {
				return errTooDeep
			}
		case '}', ']':
			depth--
		case ',':
			values++
		}
		if values > maxValues {
			return errTooManyValues
		}
	}
	// Elsewhere a byte that is wrong becomes U+FFFD, which has three.
	if len(raw) > gateway.SmallRequest && !utf8.Valid(raw) {
		return errNoUTF8
	}
	return nil
}

// stringEnd returns the index behind the string that begins at i, the length of v
// when it has no end.
func stringEnd(v []byte, i int) int {
	for start := i + 1; ; {
		n := bytes.IndexByte(v[start:], '"')
		if n < 0 {
			return len(v)
		}
		end := start + n
		escape := end
		for escape > start && v[escape-1] == '\\' {
			escape--
		}
		if (end-escape)%2 == 0 {
			return end + 1
		}
		start = end + 1
	}
}
