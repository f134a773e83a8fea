package app

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTestNotices(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	good := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer good.Close()
	bad := httptest.NewServer(http.NotFoundHandler())
	defer bad.Close()
	write := func(targets string) string {
		path := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(path, []byte("language: en\nnotices: {targets: ["+targets+"]}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var out bytes.Buffer
	err := TestNotices(ctx, &out, write(fmt.Sprintf("{url: %q}, {url: %q}, {url: %q}", bad.URL+"/hunter2", good.URL+"/hunter2", "ntfy://127.0.0.1:1/hunter2?scheme=http")))
	got := strings.Split(out.String(), "\n")
	if err == nil || len(got) != 4 || got[0] != "notices.targets[0] (http): failed: the answer is HTTP 404 Not Found" || got[1] != "notices.targets[1] (http): ok" ||
		!strings.HasPrefix(got[2], "notices.targets[2] (ntfy): failed: ") || !strings.Contains(got[2], "refused") || strings.Contains(out.String(), "hunter2") {
		t.Errorf("got error %v and %q", err, got)
	}
	out.Reset()
	if err := TestNotices(ctx, &out, write(fmt.Sprintf("{url: %q}", good.URL))); err != nil {
		t.Errorf("all well: %v, %s", err, &out)
	}
	if err := TestNotices(ctx, &out, write("")); err == nil || !strings.Contains(err.Error(), "notices.targets") {
		t.Errorf("without targets: got %v", err)
	}
}
