package server

import (
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"libration/internal/webguard"
	"libration/sandbox/fault"
)

// TestFaultDocs keeps the guides complete: a line for each fault, parameter and
// stage in both languages.
func TestFaultDocs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../../docs/sandbox.md", "../../docs/sandbox.zh-CN.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want := func(line string) {
			if !strings.Contains(string(text), line) {
				t.Errorf("%s: want %q in it", name, line)
			}
		}
		for _, k := range fault.Kinds() {
			if k.Doc.EN == "" {
				t.Errorf("%s has no description", k.Name)
			}
			want("| `" + string(k.Name) + "` | ")
		}
		for _, p := range fault.Params() {
			want("| `" + p.Name + "` | ")
		}
		for _, s := range Stages() {
			want("`" + s.Name + "`")
		}
	}
}

func TestSignFaults(t *testing.T) {
	t.Parallel()
	h := start(t, Options{})
	server := httptest.NewServer(h.SignHandler(webguard.New(webguard.Options{Service: "sandbox", Remote: true})))
	defer server.Close()
	// ask returns the status and the answer; 0 and the error when there is none.
	ask := func(path string) (int, string) {
		resp, err := server.Client().Post(server.URL+path, "application/json", strings.NewReader(`{"cmd":"wtlogin.login","seq":7,"src":"ABCD"}`))
		if err != nil {
			return 0, err.Error()
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	_, good := ask("/sign")
	for _, tt := range []struct {
		name   fault.Name
		params string
		check  func(status int, body string, took time.Duration) bool
	}{
		{fault.SignerSlow, ":delay=30ms,count=1", func(status int, body string, took time.Duration) bool {
			return body == good && took >= 30*time.Millisecond
		}},
		{fault.SignerFail, ":code=503,count=1,on=wtlogin.*", func(status int, body string, _ time.Duration) bool { return status == 503 }},
		{fault.SignerDown, ":count=1", func(status int, body string, _ time.Duration) bool { return status == 0 }},
		{fault.SignerWrong, ":count=1", func(status int, body string, _ time.Duration) bool {
			return status == 200 && body != good && len(body) == len(good)
		}},
		{fault.SignerWrongVersion, ":count=1", func(status int, body string, _ time.Duration) bool {
			return status == 200 && strings.Contains(body, `"version":"0.0.1-1"`)
		}},
	} {
		h.fault(string(tt.name) + tt.params)
		began := time.Now()
		status, body := ask("/sign")
		if !tt.check(status, body, time.Since(began)) {
			t.Errorf("%s: got %d %s", tt.name, status, body)
		}
		if h.Faults().Struck(tt.name) != 1 {
			t.Errorf("%s: it is not counted", tt.name)
		}
		if _, body := ask("/sign"); body != good {
			t.Errorf("after %s: got %s, want %s", tt.name, body, good)
		}
	}
	h.fault("signer-fail:on=send")
	if status, _ := ask("/sign"); status != 200 {
		t.Errorf("another command: got %d", status)
	}
	h.fault("signer-wrong-version:on=appinfo")
	if resp, err := server.Client().Get(server.URL + "/sign/appinfo"); err != nil {
		t.Error(err)
	} else {
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.Contains(string(body), otherVersion) {
			t.Errorf("app info: got %s, error %v", body, err)
		}
	}
}
