// Package bom reads texts that people and foreign programs hand over: editors such
// as Notepad begin them with a byte order mark, or write them as UTF-16. It imports
// nothing of this module.
package bom

import (
	"bytes"
	"errors"
)

// ErrUTF16 is returned for a text that is not UTF-8 but UTF-16.
var ErrUTF16 = errors.New("the text is UTF-16: save it as UTF-8")

// Trim returns text without the byte order mark of UTF-8, which it need not have.
// The error is ErrUTF16, with and without the mark of that.
func Trim(text []byte) ([]byte, error) {
	if len(text) >= 2 {
		switch first, second := text[0], text[1]; {
		case first == 0xff && second == 0xfe, first == 0xfe && second == 0xff:
			return nil, ErrUTF16
		case (first == 0) != (second == 0): // half of an ASCII character: no text begins with NUL
			return nil, ErrUTF16
		}
	}
	return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), nil
}
