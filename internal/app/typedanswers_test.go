package app

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"

	"libration/internal/captcha"
)

// TestReadLine: after a line that is far too long the next one counts.
func TestReadLine(t *testing.T) {
	t.Parallel()
	in := bufio.NewReader(strings.NewReader(strings.Repeat("x", 1<<20) + "\n\nt03 @abc\r\nlast"))
	long, err := readLine(in)
	if err != nil || len(long) <= captcha.MaxSize || len(long) > 2*captcha.MaxSize {
		t.Errorf("a line of 1 MiB: %d bytes, %v", len(long), err)
	}
	if _, err := captcha.Read(long); err == nil {
		t.Error("it is an answer")
	}
	for _, want := range []string{"", "t03 @abc"} {
		if got, err := readLine(in); err != nil || got != want {
			t.Errorf("then %q, %v, want %q", got, err, want)
		}
	}
	if got, err := readLine(in); !errors.Is(err, io.EOF) || got != "last" {
		t.Errorf("at the end %q, %v", got, err)
	}
}
