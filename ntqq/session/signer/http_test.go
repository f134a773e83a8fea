package signer

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"libration/ntqq/session/identity"
)

var quiet = slog.New(slog.DiscardHandler)

func signRequest() *Request {
	app, _ := identity.App("linux")
	return &Request{
		Command: "wtlogin.login", Sequence: 5000001, Payload: []byte{0xab, 0xcd}, UIN: 10001,
		GUID: []byte{1, 2, 0xff}, App: &app,
	}
}

func signServer(t *testing.T, status int, answer string, seen *map[string]any) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if seen != nil {
			*seen = map[string]any{"auth": r.Header.Get("Authorization"), "ua": r.Header.Get("User-Agent")}
			if err := json.Unmarshal(body, seen); err != nil {
				t.Error(err)
			}
		}
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s
}

const (
	lagrangeSigned = `{"platform":"Linux","version":"3.2.26-46494","value":{"sign":"0A0b","token":"CC","extra":"dd"}}`
	secSigned      = `{"code":0,"message":"","value":{"sec_sign":"0a0b","sec_token":"cc","sec_extra":"DD"}}`
)

func TestHTTPStyles(t *testing.T) {
	want := &Signature{Sign: []byte{0x0a, 0x0b}, Token: []byte{0xcc}, Extra: []byte{0xdd}}
	for _, c := range []struct {
		name, path, answer string
		style              Style
		sent               map[string]any
	}{
		{"lagrange", "", lagrangeSigned, Auto, map[string]any{"cmd": "wtlogin.login", "seq": 5000001.0, "src": "ABCD", "auth": "Bearer secret", "ua": "qq/3.2.26-46494"}},
		{"sec-sign", "/api/sign/sec-sign", secSigned, Auto, map[string]any{
			"command": "wtlogin.login", "seq": 5000001.0, "body": "abcd", "uin": 10001.0, "guid": "0102ff",
			"qua": "V1_LNX_NQ_3.2.26_46494_GW_B", "auth": "Bearer secret", "ua": "qq/3.2.26-46494",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var sent map[string]any
			s := signServer(t, 200, c.answer, &sent)
			h := &HTTP{URLs: []string{s.URL + c.path}, Style: c.style, Token: "secret", Client: s.Client(), Log: quiet}
			got, err := h.Sign(t.Context(), signRequest())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
			if diff := cmp.Diff(c.sent, sent); diff != "" {
				t.Errorf("request: want -, got +\n%s", diff)
			}
		})
	}
}

func TestHTTPFailures(t *testing.T) {
	for name, c := range map[string]struct {
		status       int
		answer, want string
	}{
		"status":        {503, "", "503"},
		"no JSON":       {200, "<html>", "answer"},
		"refused":       {200, `{"code":7,"message":"bad token"}`, "code 7: bad token"},
		"no value":      {200, `{}`, "no value"},
		"empty sign":    {200, `{"value":{"sign":"","token":""}}`, "empty signature"},
		"odd hex":       {200, `{"value":{"sign":"abc"}}`, "answer"},
		"wrong version": {200, `{"platform":"Linux","version":"9.9.9","value":{"sign":"aa"}}`, "9.9.9"},
		"wrong, long":   {200, `{"version":"` + strings.Repeat("9", 1e5) + `","value":{"sign":"aa"}}`, "wrong version"},
		"long text":     {200, `{"code":7,"message":"` + strings.Repeat("签", 1e5) + `"}`, "code 7: 签"},
		"long number":   {200, `{"code":` + strings.Repeat("7", 1e5) + `}`, "answer"},
		"wrong system":  {200, `{"platform":"Windows","version":"3.2.26-46494","value":{"sign":"aa"}}`, "Windows"},
	} {
		t.Run(name, func(t *testing.T) {
			s := signServer(t, c.status, c.answer, nil)
			h := &HTTP{URLs: []string{s.URL}, Client: s.Client(), Log: quiet}
			_, err := h.Sign(t.Context(), signRequest())
			if !errors.Is(err, ErrNoSignature) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want ErrNoSignature with %q", err, c.want)
			}
			if n := len(err.Error()); n > 2000 {
				t.Errorf("the error has %d bytes", n)
			}
			if state := h.Health()[0].State; (state == WrongVersion) != strings.HasPrefix(name, "wrong") {
				t.Errorf("the signer is %s", state)
			}
		})
	}
}

func TestHTTPHidesSecrets(t *testing.T) {
	h := &HTTP{URLs: []string{"http://user:pw@127.0.0.1:1/sign?key=secret"}, Timeout: time.Second, Log: quiet}
	_, err := h.Sign(t.Context(), signRequest())
	if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "pw") {
		t.Errorf("got %v, want an error without secrets", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Sign(ctx, signRequest()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func FuzzSignAnswer(f *testing.F) {
	f.Add([]byte(lagrangeSigned))
	f.Add([]byte(secSigned))
	app, _ := identity.App("")
	f.Fuzz(func(t *testing.T, b []byte) {
		var a answer
		if json.Unmarshal(b, &a) != nil {
			return
		}
		for _, style := range []Style{Lagrange, SecSign} {
			if sig, err := a.signature(style, &app); err == nil && len(sig.Sign) == 0 {
				t.Error("an empty signature was taken")
			}
		}
	})
}
