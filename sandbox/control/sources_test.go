package control

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// composingAs is a message of Alice that somebody writes; head has what browsers add.
func composingAs(t *testing.T, w *world.World, remote string, head map[string]string) *composing {
	t.Helper()
	r := httptest.NewRequest("POST", "http://localhost/api/send", nil)
	r.RemoteAddr = remote
	for name, value := range head {
		r.Header.Set(name, value)
	}
	return &composing{contents: newContents(w, &fakeServer{}), as: 20001, group: 730000001, open: sourcesOf(r, w)}
}

// read reads a segment and returns its bytes.
func read(t *testing.T, c *composing, segment string) (string, error) {
	t.Helper()
	s, err := c.segment([]byte(segment))
	if err != nil {
		return "", err
	}
	m := map[string]func() *message.Medium{
		"image":  func() *message.Medium { return &s.(*message.ImageSegment).Medium },
		"record": func() *message.Medium { return &s.(*message.RecordSegment).Medium },
		"video":  func() *message.Medium { return &s.(*message.VideoSegment).Medium },
	}[s.Name()]()
	content, err := m.Source.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	got, err := io.ReadAll(content)
	if err != nil || uint64(len(got)) != m.Size || len(m.MD5) != 16 || len(m.SHA1) != 20 {
		t.Errorf("%s: got %d bytes of %d, %v", segment, len(got), m.Size, err)
	}
	return string(got), nil
}

func TestSourcesOfMedia(t *testing.T) {
	t.Parallel()
	w, _, h := testControl(t)
	t.Cleanup(func() { w.Close() })
	picture := string(aPicture(t))
	path := filepath.Join(t.TempDir(), "a picture.png")
	if err := os.WriteFile(path, []byte(picture), 0o600); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/a.png", http.StatusFound)
		case "/away":
			http.Redirect(w, r, "http://127.0.0.2:1/a.png", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/a.png":
			io.WriteString(w, picture)
		default:
			http.NotFound(w, r)
		}
	}))
	defer web.Close()
	_, made := upload(t, h, []byte(picture))

	quoted, _ := json.Marshal(path)
	sources := map[string]string{
		"id": `"id":"` + made.ID + `"`, "base64": `"base64":"` + base64.StdEncoding.EncodeToString([]byte(picture)) + `"`,
		"file": `"file":` + string(quoted), "url": `"url":"` + web.URL + `/a.png?token=x"`, "moved": `"url":"` + web.URL + `/moved"`,
	}
	program := composingAs(t, w, "127.0.0.1:9", nil)
	for name, source := range sources {
		if got, err := read(t, program, `{"type":"image",`+source+`}`); err != nil || got != picture {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	// Nobody else names files and addresses.
	others := map[string]*composing{
		"a page":          composingAs(t, w, "127.0.0.1:9", map[string]string{"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}),
		"another machine": composingAs(t, w, "192.0.2.1:9", nil),
		"a proxy":         composingAs(t, w, "127.0.0.1:9", map[string]string{"X-Forwarded-For": "192.0.2.1"}),
	}
	for who, c := range others {
		for name, source := range sources {
			_, err := read(t, c, `{"type":"image",`+source+`}`)
			if may := name == "id" || name == "base64"; (err == nil) != may || !may && (statusOf(err) != 403 || !strings.Contains(err.Error(), "programs on this machine")) {
				t.Errorf("%s, %s: got %v", who, name, err)
			}
		}
	}

	wrong := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(wrong, []byte("-----BEGIN PRIVATE KEY-----"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused := map[string]string{
		`"type":"image"`: "give one of id, url, file and base64",
		`"type":"image","base64":"x","id":"` + made.ID + `"`:    "give one of",
		`"type":"image","id":"` + strings.Repeat("0", 40) + `"`: "no medium with",
		`"type":"image","id":"../state"`:                        "no medium has the id",
		`"type":"image","base64":"%%%%"`:                        "illegal base64",
		`"type":"image","base64":""`:                            "give one of",
		`"type":"image","file":"` + wrong + `"`:                 "no image that can be sent",
		`"type":"record","file":"` + wrong + `"`:                "no audio that can be sent",
		`"type":"video",` + sources["id"]:                       "no video that can be sent",
		`"type":"image","file":"` + filepath.Dir(wrong) + `"`:   "only regular files",
		`"type":"image","file":"` + wrong + `.gone"`:            "no such file",
		`"type":"image","url":"` + web.URL + `/none?token=x"`:   "answers 404",
		`"type":"image","url":"` + web.URL + `/away"`:           "redirects to another host",
		`"type":"image","url":"` + web.URL + `/round"`:          "or too often",
		`"type":"image","url":"file:///etc/passwd"`:             "is no address",
		`"type":"image","url":"ftp://127.0.0.1/a"`:              "is no address",
		`"type":"image","url":"http://"`:                        "is no address",
		`"type":"video","base64":"` + base64.StdEncoding.EncodeToString([]byte("\x1aE\xdf\xa3")) + `","cover":{"id":"0"}`: "cover: no medium",
	}
	for segment, want := range refused {
		if _, err := read(t, program, `{`+segment+`}`); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "token=x") {
			t.Errorf("%s: got %v, want %q", segment, err, want)
		}
	}
}

// TestSourcesAreBounded: what is too large is not kept, however it comes.
func TestSourcesAreBounded(t *testing.T) {
	t.Parallel()
	w, _, _ := testControl(t)
	t.Cleanup(func() { w.Close() })
	c := composingAs(t, w, "127.0.0.1:9", nil)
	c.open = func(source) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("GIF89a"), strings.NewReader(strings.Repeat("x", 100)))), nil
	}
	if _, err := c.take(source{}, 105, "image"); statusOf(err) != 413 {
		t.Errorf("106 of 105 bytes: got %v", err)
	}
	if _, err := c.take(source{}, 106, "image"); err != nil {
		t.Errorf("106 of 106 bytes: got %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := fetch(ended, "http://127.0.0.1:1/"); err == nil {
		t.Error("an ended request fetched something")
	}
}
