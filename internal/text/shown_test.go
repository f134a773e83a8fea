package text

import "testing"

func TestShown(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"":                             "",
		"一行\nand\tanother":             "一行\nand\tanother",
		"HTTP 500 \x1b[31mx\x07\r\x00": `HTTP 500 \x1b[31mx\x07\x0d\x00`,
		"\u009b31mx\x7f":               `\x9b31mx\x7f`,
	} {
		if got := Shown(said); got != want {
			t.Errorf("Shown(%q) = %q, want %q", said, got, want)
		}
	}
}
