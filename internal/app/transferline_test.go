package app

import (
	"strings"
	"testing"

	"libration/internal/admin"
	"libration/internal/text"
)

func TestTransferLine(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	l := transferLine{out: &out, language: text.English, running: map[uint64]admin.Transfer{}}
	a := admin.Transfer{
		ID: 1, Direction: "upload", Kind: "video", Name: "a\x1b[31m" + strings.Repeat("x", 40), Step: "block",
		Done: 1 << 20, Total: 4 << 20, State: admin.TransferRunning,
	}
	l.show(a)
	b := admin.Transfer{ID: 2, Direction: "download", Kind: "image", Step: "fetch", State: admin.TransferRunning}
	l.show(b)
	a.State, b.State = admin.TransferDone, admin.TransferFailed
	l.show(b)
	l.show(a)
	l.clear()
	first := "upload video a[31mxxxxxxxxxxxxxxxxxx…, block [#####---------------] 25% / 4.0 MiB"
	want := first + clearLine + "download image, fetch (+1)" + clearLine + first + clearLine
	if got := out.String(); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}
