package text_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"libration/internal/text"
)

func TestText(t *testing.T) {
	t.Parallel()
	said := text.T("%s: %d left", "%s：剩余 %d").Fill(text.T("disk", "磁盘"), 3)
	for l, want := range map[text.Language]string{text.English: "disk: 3 left", text.Chinese: "磁盘：剩余 3", "fr": "disk: 3 left"} {
		if got := said.In(l); got != want {
			t.Errorf("in %q: got %q, want %q", l, got, want)
		}
	}
}

func TestErrorsWrapAndTranslateTheirCauses(t *testing.T) {
	t.Parallel()
	cause := text.Errorf("nobody there", "无人应答")
	err := text.Errorf("call %s: %v", "调用 %s: %v", "x", cause)
	if !errors.Is(err, cause) || err.Error() != "call x: nobody there" || text.Of(err).ZH != "调用 x: 无人应答" {
		t.Errorf("got %v, %+v", err, text.Of(err))
	}
	if got := text.Of(fmt.Errorf("first: %w", err)); got != text.Same("first: call x: nobody there") {
		t.Errorf("within another error: got %+v", got)
	}
	if got := text.Of(io.EOF); got != text.Same("EOF") {
		t.Errorf("another error: got %+v", got)
	}
}
