package text_test

import (
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
