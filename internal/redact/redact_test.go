package redact

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestURL(t *testing.T) {
	for raw, want := range map[string]string{
		"ws://127.0.0.1:8080": "ws://127.0.0.1:8080", "ws://127.0.0.1:8080/": "ws://127.0.0.1:8080",
		"https://[::1]:5": "https://[::1]:5", "": "(unreadable URL)", "http://%zz/s3cr3t": "(unreadable URL)", "s3cr3t": "(unreadable URL)",
	} {
		if got := URL(raw); got != want {
			t.Errorf("URL(%q): got %q, want %q", raw, got, want)
		}
	}
	form := regexp.MustCompile(`^http://host:5/#[0-9a-f]{6}$`)
	seen := map[string]string{}
	for _, raw := range []string{
		"http://host:5/s3cr3t", "http://host:5/s3cr3t/", "http://host:5/s3cr3t/b", "http://host:5/S3cr3t", "http://host:5?s3cr3t", "http://host:5/#s3cr3t",
		"http://s3cr3t@host:5", "http://s3cr3t:x@host:5", "http://host:5/s3cr3t?a=1", "http://host:5/s3cr3t%2Fb",
	} {
		got := URL(raw)
		if !form.MatchString(got) {
			t.Errorf("URL(%q): got %q", raw, got)
		}
		if other, ok := seen[got]; ok {
			t.Errorf("%s and %s look the same", raw, other)
		}
		seen[got] = raw
	}
}

func TestErr(t *testing.T) {
	_, err := http.Get("http://127.0.0.1:1/s3cr3t?s3cr3t")
	wrapped := fmt.Errorf("ask: %w", err)
	if got := Err(wrapped); got == nil || strings.Contains(got.Error(), "s3cr3t") || !strings.Contains(got.Error(), "127.0.0.1:1") {
		t.Errorf("got %v", got)
	}
	if Err(nil) != nil {
		t.Error("nil became an error")
	}
}

// TestErrIsBounded: what another end sends in place of HTTP, or as the target of a redirect,
// fills neither logs nor answers, and the cause can be found still.
func TestErrIsBounded(t *testing.T) {
	long := strings.Repeat("好", 15_000)
	for name, head := range map[string]string{
		"no HTTP": long, "no version": "HTTP/9." + long + " 200 OK", "no status": "HTTP/1.1 " + long, "no target": "HTTP/1.1 302 Found\r\nLocation: http://%zz" + long,
	} {
		client := &http.Client{Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				go func() {
					defer theirs.Close()
					if _, err := http.ReadRequest(bufio.NewReader(theirs)); err == nil {
						_, _ = io.WriteString(theirs, head+"\r\n\r\n")
					}
				}()
				return ours, nil
			},
		}}
		_, whole := client.Get("http://host/")
		if whole == nil || len(whole.Error()) < len(long) {
			t.Errorf("%s: package net/http says %.80v...: this test has no point", name, whole)
			continue
		}
		got := Err(fmt.Errorf("ask: %w", whole))
		if n := len(got.Error()); n > mostSaid+3 || !strings.HasSuffix(got.Error(), "...") || !utf8.ValidString(got.Error()) {
			t.Errorf("%s: got %d bytes, %.80v", name, n, got)
		}
		if cause := errors.Unwrap(whole); !errors.Is(got, cause) {
			t.Errorf("%s: the cause is not in it", name)
		}
	}
}

// TestTextIsBounded: a text is shortened when its secrets are out of it.
func TestTextIsBounded(t *testing.T) {
	secret := strings.Repeat("s3cr3t", 10)
	got := Text(strings.Repeat("x", mostSaid-5)+secret+strings.Repeat("y", 60_000), "http://host/"+secret)
	if want := strings.Repeat("x", mostSaid-5) + "***yy..."; got != want {
		t.Errorf("got %d bytes, with %q at the end", len(got), got[max(0, len(got)-20):])
	}
}

func FuzzURL(f *testing.F) {
	f.Add("http://a:b@host/path?query#fragment")
	f.Fuzz(func(t *testing.T, raw string) {
		got := URL(raw)
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" {
			return
		}
		if rest, ok := strings.CutPrefix(got, u.Scheme+"://"+u.Host); !ok || rest != "" && (len(rest) != 8 || !strings.HasPrefix(rest, "/#")) {
			t.Errorf("URL(%q): got %q", raw, got)
		}
	})
}
