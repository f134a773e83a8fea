package app

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"libration/internal/admin"
	"libration/internal/paste"
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
	const noWrap, wrap, clearLine = "\x1b[?7l", "\x1b[?7h", "\r\x1b[K"
	first := noWrap + "upload video [#####---------------] 25% / 4.0 MiB, transferring, a[31mxxxxxxxxxxxxxxxxxx…" + wrap
	want := first + clearLine + noWrap + "download picture, reading (+1)" + wrap + clearLine + first + clearLine
	if got := out.String(); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// TestShowTransfers: what the owner's service says is drawn, of the account that is meant;
// nothing where there is another program.
func TestShowTransfers(t *testing.T) {
	t.Parallel()
	event := func(account string) string {
		return fmt.Sprintf("event: transfer\ndata: {\"account\":%q,\"id\":3,\"direction\":\"upload\",\"kind\":\"image\",\"step\":\"wait\",\"state\":\"running\"}\n\n", account)
	}
	const noWrap, wrap, clearLine = "\x1b[?7l", "\x1b[?7h", "\r\x1b[K"
	for server, want := range map[string]string{admin.ServerHeader: noWrap + "上传 图片, 等待中" + wrap + clearLine, "other": ""} {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/transfers" || r.Header.Get("Authorization") != "Bearer s3cret" {
				t.Errorf("asked for %s with %q", r.URL, r.Header.Get("Authorization"))
			}
			w.Header().Set("Server", server)
			_, _ = io.WriteString(w, event("two")+event("one")+":\n\ndata: nonsense\n\n")
		}))
		o := ownerAt(strings.TrimPrefix(web.URL, "http://"), "s3cret", paste.Service{})
		o.account = "one"
		var out strings.Builder
		o.ShowTransfers(t.Context(), &out, text.Chinese)
		o.Close()
		web.Close()
		if out.String() != want {
			t.Errorf("%s: got %q, want %q", server, out.String(), want)
		}
	}
}
