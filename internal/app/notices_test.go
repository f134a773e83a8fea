package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libration/ntqq"
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

// TestTestNoticesNamesAccounts: the notice says whose notices will arrive.
func TestTestNoticesNamesAccounts(t *testing.T) {
	t.Parallel()
	said := make(chan string, 1)
	target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		said <- string(body)
	}))
	defer target.Close()
	for accounts, want := range map[string]string{
		"account: {uin: 10001}": "Notices of account 10001 will arrive here.",
		"accounts: [{name: work, uin: 10001, default: true}, {name: play, uin: 10002}]": "Notices of account work 10001, account play 10002 will arrive here.",
		"data: DATA": "Notices of account 10003 will arrive here.", // the number of the saved session
		"log: {}":    "Notices of account (not logged in yet) will arrive here.",
	} {
		dir := t.TempDir()
		folder := filepath.Join(dir, "data", "default")
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(accounts, "DATA") {
			accounts = strings.ReplaceAll(accounts, "DATA", "./data")
			if err := ntqq.FileKeystore(filepath.Join(folder, "keystore.json")).Save(&ntqq.Keystore{UIN: 10003, Device: ntqq.NewDevice()}); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(dir, "config.yaml")
		if err := os.WriteFile(path, fmt.Appendf(nil, "language: en\n%s\nnotices: {targets: [{url: %q}]}\n", accounts, target.URL), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := TestNotices(t.Context(), io.Discard, path); err != nil {
			t.Errorf("%s: %v", accounts, err)
			continue
		}
		if got := <-said; !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", accounts, got, want)
		}
	}
}
