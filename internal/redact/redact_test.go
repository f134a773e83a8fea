package redact

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
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
