package gateway

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const someMedium = "000102030405060708090a0b0c0d0e0f"

func newLinks(clock *fakeClock, key byte) *Links {
	return NewLinks(LinkOptions{Key: [LinkKeySize]byte{key}, Base: func() string { return "http://127.0.0.1:3000/" }, Clock: clock})
}

// visit asks for a path; open gives a file with this content.
func visit(t *testing.T, l *Links, method, path, content string, header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	file := filepath.Join(t.TempDir(), "medium")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, path, nil)
	for k, v := range header {
		r.Header[k] = v
	}
	w := httptest.NewRecorder()
	l.Serve(w, r, func(_ context.Context, id string) (*os.File, error) {
		if id != someMedium {
			t.Errorf("asked for %q", id)
		}
		if content == "" {
			return nil, errors.New("secret reasons")
		}
		return os.Open(file)
	})
	return w
}

func TestLinks(t *testing.T) {
	clock := &fakeClock{now: time.Unix(testTime, 0)}
	l := newLinks(clock, 1)
	address := l.URL(someMedium)
	path, ok := strings.CutPrefix(address, "http://127.0.0.1:3000")
	if !ok || !strings.HasPrefix(path, "/media/") || len(path) > 100 {
		t.Fatalf("the address is %q", address)
	}
	if got := visit(t, l, "GET", path, "GIF89a...", nil); got.Code != 200 || got.Body.String() != "GIF89a..." || got.Header().Get("Content-Type") != "image/gif" {
		t.Errorf("got %d %q, %v", got.Code, got.Body, got.Header())
	}
	for _, id := range []string{"", "x", someMedium[2:], someMedium + "00"} {
		if got := l.URL(id); got != "" {
			t.Errorf("medium %q has the address %q", id, got)
		}
	}
	nowhere := NewLinks(LinkOptions{Base: func() string { return "" }, Clock: clock})
	if got := nowhere.URL(someMedium); got != "" {
		t.Errorf("without a listener: %q", got)
	}

	for in, want := range map[string]string{address: someMedium, address + "x": "", "http://127.0.0.1:3001" + path: "", path: "", "": ""} {
		if got := l.Medium(in); got != want {
			t.Errorf("%q is medium %q, want %q", in, got, want)
		}
	}
	if got := nowhere.Medium(path); got != "" {
		t.Errorf("without a listener: medium %q", got)
	}

	forged, err := base64.RawURLEncoding.DecodeString(path[len("/media/"):])
	if err != nil {
		t.Fatal(err)
	}
	for i := range forged {
		other := bytes.Clone(forged)
		other[i] ^= 1
		if got := visit(t, l, "GET", "/media/"+base64.RawURLEncoding.EncodeToString(other), "x", nil); got.Code != http.StatusNotFound {
			t.Errorf("byte %d is another one: got %d %q", i, got.Code, got.Body)
		}
	}
	for _, other := range []string{"", "/", path[7:] + "A", path[7:] + "=", "../" + path[7:], strings.Repeat("A", 1<<16)} {
		if got := visit(t, l, "GET", "/media/"+other, "x", nil); got.Code != http.StatusNotFound {
			t.Errorf("%.80q: got %d", other, got.Code)
		}
	}
	if got := visit(t, newLinks(clock, 2), "GET", path, "x", nil); got.Code != http.StatusNotFound {
		t.Errorf("with the key of another account: got %d", got.Code)
	}

	clock.now = clock.now.Add(linkLife)
	if got := visit(t, l, "GET", path, "x", nil); got.Code != 200 {
		t.Errorf("after a month: got %d", got.Code)
	}
	clock.now = clock.now.Add(linkStep)
	if got := visit(t, l, "GET", path, "x", nil); got.Code != http.StatusGone {
		t.Errorf("later: got %d %q", got.Code, got.Body)
	}
	if l.URL(someMedium) == address {
		t.Error("the address stays the same")
	}
}

// TestLinkAnswers: parts, what was not changed, types, and nothing that a browser runs.
func TestLinkAnswers(t *testing.T) {
	l := newLinks(&fakeClock{now: time.Unix(testTime, 0)}, 1)
	path := strings.TrimPrefix(l.URL(someMedium), "http://127.0.0.1:3000")
	for _, c := range []struct {
		name, method, content, header, value string
		status                               int
		kind, body                           string
	}{
		{"a part", "GET", "GIF89a12345", "Range", "bytes=6-7", 206, "image/gif", "12"},
		{"the end", "GET", "GIF89a12345", "Range", "bytes=-2", 206, "image/gif", "45"},
		{"too far", "GET", "GIF89a12345", "Range", "bytes=90-", 416, "text/plain; charset=utf-8", ""},
		{"known already", "GET", "GIF89a12345", "If-None-Match", `"` + someMedium + `"`, 304, "", ""},
		{"head", "HEAD", "GIF89a12345", "", "", 200, "image/gif", ""},
		{"other method", "POST", "GIF89a12345", "", "", 405, "", ""},
		{"not to be had", "GET", "", "", "", 502, "", ""},
		{"a page", "GET", "<html><script>alert(1)</script>", "", "", 200, "application/octet-stream", "<html><script>alert(1)</script>"},
		{"a drawing", "GET", `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`, "", "", 200, "application/octet-stream", ""},
		{"amr", "GET", "#!AMR\n", "", "", 200, "audio/amr", ""},
		{"silk", "GET", "\x02#!SILK_V3", "", "", 200, "audio/silk", ""},
	} {
		header := http.Header{}
		if c.header != "" {
			header.Set(c.header, c.value)
		}
		got := visit(t, l, c.method, path, c.content, header)
		if got.Code != c.status || c.kind != "" && got.Header().Get("Content-Type") != c.kind || c.body != "" && got.Body.String() != c.body {
			t.Errorf("%s: got %d %q %q", c.name, got.Code, got.Header().Get("Content-Type"), got.Body)
		}
		if h := got.Header(); h.Get("X-Content-Type-Options") != "nosniff" || got.Code < 400 && !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") ||
			c.kind == "application/octet-stream" && h.Get("Content-Disposition") != "attachment" {
			t.Errorf("%s: the headers are %v", c.name, h)
		}
		if strings.Contains(got.Body.String(), "secret") {
			t.Errorf("%s: the answer says %q", c.name, got.Body)
		}
	}
}

// FuzzLinks: nobody makes a link without the key.
func FuzzLinks(f *testing.F) {
	l := newLinks(&fakeClock{now: time.Unix(testTime, 0)}, 1)
	right := strings.TrimPrefix(l.URL(someMedium), "http://127.0.0.1:3000/media/")
	f.Add(right[:len(right)-1])
	f.Add(right + "\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, link string) {
		if id, err := l.medium(link); err == nil && link != right {
			t.Errorf("%q opens %s", link, id)
		}
	})
}
