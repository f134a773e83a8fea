package main

import (
	"errors"
	"strings"
	"testing"
)

// TestComplainPlain: what a server wrote into its answer does not steer the terminal.
func TestComplainPlain(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	complain(&b, errors.New("HTTP 500 \x1b]0;evil\x07\nsecond"), "")
	if got, want := b.String(), "libration: HTTP 500 \\x1b]0;evil\\x07\nlibration: second\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
