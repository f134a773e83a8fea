// Package bom reads text files of people and of other programs. Editors such as Notepad
// begin a file with a byte order mark, or write it as UTF-16. It imports nothing of
// this module but internal/text.
package bom

import (
	"bytes"

	"libration/internal/text"
)

// ErrUTF16 is returned for a text that is not UTF-8 but UTF-16.
var ErrUTF16 = text.Errorf("the text is UTF-16: save it as UTF-8", "文本是 UTF-16 编码，请改用 UTF-8")

// Trim returns a text without the byte order mark of UTF-8, if it has one. The error is
// ErrUTF16 for UTF-16, with or without a byte order mark.
func Trim(b []byte) ([]byte, error) {
	if len(b) >= 2 {
		switch first, second := b[0], b[1]; {
		case first == 0xff && second == 0xfe, first == 0xfe && second == 0xff:
			return nil, ErrUTF16
		case (first == 0) != (second == 0): // half of an ASCII character: no text begins with NUL
			return nil, ErrUTF16
		}
	}
	return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), nil
}
