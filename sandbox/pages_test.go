package sandbox

import (
	"crypto/md5"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"libration/internal/webguard/webguardtest"
)

// TestPages: what a web page can make a browser send has no effect in the world; the
// sandbox's own page has.
func TestPages(t *testing.T) {
	t.Parallel()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s.Handler())
	defer web.Close()
	address := strings.TrimPrefix(web.URL, "http://")
	happened, unwatch := s.World().Watch(1024)
	defer unwatch()
	acted := func() (n int) {
		for {
			select {
			case <-happened:
				n++
			default:
				return n
			}
		}
	}
	check := func(what string, may bool, status int, text string) {
		t.Helper()
		if n := acted(); may && (status != http.StatusOK || n == 0) || !may && (status/100 != 4 || n != 0) {
			t.Errorf("%s: may act %v; got %d, %d things happened: %s", what, may, status, n, text)
		}
	}
	kept, err := s.World().Media().Put(strings.NewReader("GIF89a"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.World().Close()
	medium := fmt.Sprintf("/api/media/%x", kept.SHA1)
	const say = `{"as":20001,"group":730000001,"text":"x"}`
	for i, h := range webguardtest.Heads(address) {
		status, text := webguardtest.Send(t, address, "POST", "/api/send", h, "application/json", say)
		check(h.Name, h.May, status, text)
		status, text = webguardtest.Send(t, address, "PATCH", "/api/groups/730000001", h, "application/json", fmt.Sprintf(`{"name":"name %d"}`, i))
		check(h.Name+", PATCH", h.May, status, text)
		status, _ = webguardtest.Send(t, address, "DELETE", "/api/faults", h, "", "")
		if (status == http.StatusOK) != h.May {
			t.Errorf("%s, DELETE: got %d", h.Name, status)
		}
		for _, path := range []string{"/", "/captcha.html", "/api/state", "/api/captchas", medium} {
			if status, _ := webguardtest.Send(t, address, "GET", path, h, "", ""); (status == http.StatusOK) != h.May {
				t.Errorf("%s, %s: got %d", h.Name, path, status)
			}
		}
	}
	for _, h := range webguardtest.Heads(address) {
		content := "GIF89a " + h.Name
		status, text := webguardtest.Send(t, address, "POST", "/api/media", h, "application/octet-stream", content)
		_, known := s.World().Media().FindMD5(md5.Sum([]byte(content)))
		if (status == http.StatusCreated) != h.May || known != h.May {
			t.Errorf("%s, upload: got %d %s, it is kept: %v", h.Name, status, text, known)
		}
	}
	program := webguardtest.Head{Host: address}
	for kind, may := range webguardtest.Types() {
		status, text := webguardtest.Send(t, address, "POST", "/api/send", program, kind, say)
		check("type "+kind, may, status, text)
	}
	for _, method := range []string{"GET", "HEAD"} {
		for _, path := range []string{"/api/send", "/api/recall", "/api/friends", "/api/load", "/api/qr/x/approve", "/api/clients/10001/kick"} {
			status, _ := webguardtest.Send(t, address, method, path+"?as=20001&group=730000001&text=x", program, "", "")
			if n := acted(); status/100 != 4 || n != 0 {
				t.Errorf("%s %s: got %d, %d things happened", method, path, status, n)
			}
		}
	}
}

// TestSignerOfForeignClients: sign clients send what they like, pages nothing.
func TestSignerOfForeignClients(t *testing.T) {
	t.Parallel()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s.Handler())
	defer web.Close()
	address := strings.TrimPrefix(web.URL, "http://")
	const question = `{"cmd":"wtlogin.login","seq":1,"src":"00"}`
	for kind := range webguardtest.Types() {
		for _, host := range []string{address, "sandbox:7800", "0.0.0.0"} {
			h := webguardtest.Head{Host: host, Header: map[string]string{"User-Agent": "qq/3.2.15"}}
			for _, path := range []string{"/sign", "/sign/sec-sign", "/sign/30366"} {
				if status, text := webguardtest.Send(t, address, "POST", path, h, kind, question); status != http.StatusOK || !strings.Contains(text, "sign") {
					t.Errorf("%s of %s with type %q: got %d %s", path, host, kind, status, text)
				}
			}
		}
	}
	h := webguardtest.Head{Host: address, Header: map[string]string{"Origin": "https://evil.example"}}
	if status, _ := webguardtest.Send(t, address, "POST", "/sign", h, "text/plain", question); status != http.StatusForbidden {
		t.Errorf("a page: got %d", status)
	}
}
