package account

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"libration/internal/config"
)

// signerOf returns the SignCard of an account with a configuration.
func signerOf(t *testing.T, change func(*config.Config)) func(context.Context, []byte) (string, error) {
	t.Helper()
	cfg := config.Default()
	change(cfg)
	a, err := New(cfg, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s := a.cardSigner()
	if s != nil {
		t.Cleanup(s.client.CloseIdleConnections)
	}
	return s.signCard()
}

func TestCardSigner(t *testing.T) {
	t.Parallel()
	status, answer := http.StatusOK, ""
	var asked, path, user string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked, path = r.Method+" "+r.Header.Get("Content-Type")+" "+string(body), r.URL.Path
		user, _, _ = r.BasicAuth()
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
	defer server.Close()
	secret := strings.Replace(server.URL, "://", "://name:hush@", 1) + "/key-of-mine?token=hush"
	sign := signerOf(t, func(c *config.Config) { c.OneBot.MusicSignURL = secret })
	for _, tt := range []struct {
		status           int
		answer, card, no string
	}{
		{200, "\n" + `{"app":"com.tencent.structmsg", "view":"music"}` + "\n", `{"app":"com.tencent.structmsg", "view":"music"}`, ""},
		{200, `{"view":"music"}`, "", `has no "app"`},
		{200, `{"app":5}`, "", "no JSON object"},
		{200, `[]`, "", "no JSON object"},
		{200, ``, "", "no JSON object"},
		{200, `{"app":"a"} {}`, "", "no JSON object"},
		{200, "{\"app\":\"\xff\"}", "", "no JSON object"},
		{200, `{"app":"` + strings.Repeat("a", maxCard) + `"}`, "", "larger than 65536 bytes"},
		{500, `{"app":"a"}`, "", "HTTP status 500"},
	} {
		status, answer = tt.status, tt.answer
		card, err := sign(t.Context(), []byte(`{"type":"qq","id":"1"}`))
		if card != tt.card || (err == nil) != (tt.no == "") {
			t.Errorf("%.40q: got %.40q, %v", tt.answer, card, err)
		}
		if err == nil {
			continue
		}
		typed, ok := errors.AsType[*cardError](err)
		if !ok || !strings.Contains(err.Error(), tt.no) || !strings.HasPrefix(typed.signer, server.URL+"/#") {
			t.Errorf("%.40q: got %v, want %q and the signer", tt.answer, err, tt.no)
		}
		if strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "key-of-mine") {
			t.Errorf("secrets: %v", err)
		}
	}
	if asked != `POST application/json {"type":"qq","id":"1"}` || path != "/key-of-mine" || user != "name" {
		t.Errorf("asked %s of %s as %s", asked, path, user)
	}
	server.Close()
	if _, err := sign(t.Context(), nil); err == nil || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "key-of-mine") {
		t.Errorf("nobody listens: got %v", err)
	}
}

// TestCardSignerOfSandbox: which signer is asked in which mode.
func TestCardSignerOfSandbox(t *testing.T) {
	t.Parallel()
	if signerOf(t, func(*config.Config) {}) != nil {
		t.Error("an account without the key has a signer")
	}
	var path string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.Path
		io.WriteString(w, `{"app":"a"}`)
	}))
	defer server.Close()
	ask := func(own string) {
		t.Helper()
		sign := signerOf(t, func(c *config.Config) {
			c.Server.Mode, c.Server.Sandbox.Control, c.OneBot.MusicSignURL = config.ModeSandbox, server.URL+"/", own
		})
		if _, err := sign(t.Context(), []byte("{}")); err != nil {
			t.Error(err)
		}
	}
	if ask(""); path != "/sign/music" {
		t.Errorf("asked %s", path)
	}
	if ask(server.URL + "/own"); path != "/own" {
		t.Errorf("asked %s", path)
	}
}
