package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"libration/internal/text"
)

const someSum = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"

func TestReadRelease(t *testing.T) {
	t.Parallel()
	answer := func(version, url, sum string) string {
		return fmt.Sprintf(`{"version":%q,"url":%q,"sha256":%q,"more":1}`, version, url, sum)
	}
	for _, tt := range []struct{ name, body, want string }{
		{"good", answer("1.2.3", "https://example.com/libration.tar.gz", someSum), ""},
		{"with v", answer("v1.2.3-rc.1", "http://127.0.0.1:1/a", someSum), ""},
		{"no version", answer("newest", "https://example.com/a", someSum), "version is none"},
		{"two parts and a line", answer("1.2\n", "https://example.com/a", someSum), "version is none"},
		{"plain http", answer("1.2.3", "http://example.com/a", someSum), "no https://"},
		{"a program", answer("1.2.3", "javascript:alert(1)", someSum), "no https://"},
		{"an escape sequence", answer("1.2.3", "https://example.com/\u009b2J", someSum), "no https://"},
		{"long", answer("1.2.3", "https://example.com/"+strings.Repeat("a", maxUpdateField), someSum), "no https://"},
		{"no sum", answer("1.2.3", "https://example.com/a", ""), "64 hexadecimal digits"},
		{"sum and more", answer("1.2.3", "https://example.com/a", someSum+"\n"), "64 hexadecimal digits"},
		{"a page", "<html>", "the answer is not"},
		{"a large page", strings.Repeat(" ", maxUpdateBody+1), "more than 16384 bytes"},
	} {
		r, err := readRelease([]byte(tt.body))
		if tt.want == "" && (err != nil || r.Version[0] != 'v') || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got %+v, %v, want %q", tt.name, r, err, tt.want)
		}
	}
}

func TestCompareVersions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ ours, newest, want string }{
		{"1.9.0", "v1.10.0", "this is version 1.9.0; the newest is 1.10.0"},
		{"v1.10.0", "v1.9.0", "this is version 1.10.0; there is none that is newer"},
		{"1.2.3", "v1.2.3", "there is none that is newer"},
		{"1.2.3-rc.1", "v1.2.3", "the newest is 1.2.3"},
		{"1.2.3", "v1.2.4-rc.1", "the newest is 1.2.4-rc.1"},
		{"dev-0123456789ab", "v1.2.3", "a build without a version (dev-0123456789ab), so it cannot be compared; the newest is 1.2.3"},
	} {
		got := compareVersions(tt.ours, &release{Version: tt.newest, URL: "https://example.com/a", SHA256: someSum})
		if !strings.Contains(got.EN, tt.want) || got.ZH == got.EN {
			t.Errorf("%s and %s: got %s", tt.ours, tt.newest, got.EN)
		}
		if newer := strings.Contains(tt.want, "the newest"); newer && (!strings.Contains(got.ZH, strings.ToLower(someSum)) || !strings.Contains(got.ZH, "https://example.com/a")) {
			t.Errorf("%s and %s: got %s", tt.ours, tt.newest, got.ZH)
		}
	}
}

func TestCheckVersion(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/newest":
			fmt.Fprintf(w, `{"version":"9.9.9","url":"https://example.com/a","sha256":%q}`, someSum)
		case "/moved":
			http.Redirect(w, r, "/newest", http.StatusFound)
		case "/elsewhere":
			http.Redirect(w, r, "http://example.com/newest", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	for _, tt := range []struct{ url, want string }{
		{server.URL + "/newest", ""},
		{server.URL + "/moved", ""},
		{server.URL + "/elsewhere", "without https"},
		{server.URL + "/round", "too many redirects"},
		{server.URL + "/gone?key=hunter2", "404"},
		{"http://127.0.0.1:1/?key=hunter2", "update.url"},
		{"", "no address is set"},
		{"http://example.com/newest", "use an https:// address"},
	} {
		path := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(path, []byte("update: {url: \""+tt.url+"\"}\nlanguage: en\nserver: {mode: sandbox, sandbox: {control: 'http://127.0.0.1:1'}}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		err := CheckVersion(t.Context(), &out, path)
		switch {
		case tt.want == "" && (err != nil || !strings.Contains(out.String(), "the newest is 9.9.9\nurl:    https://example.com/a\n")):
			t.Errorf("%s: got %q, %v", tt.url, out.String(), err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") || out.String() != ""):
			t.Errorf("%s: got %q, %v, want %q", tt.url, out.String(), err, tt.want)
		case err != nil && text.Of(err).ZH == "":
			t.Errorf("%s: has no Chinese text", tt.url)
		}
	}
}
