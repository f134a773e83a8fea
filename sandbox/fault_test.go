package sandbox

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"libration/sandbox/fault"
)

// TestFaultDocs keeps the guides complete: a line for each fault, parameter and
// stage in both languages.
func TestFaultDocs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../docs/sandbox.md", "../docs/sandbox.zh-CN.md"} {
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
			if k.Doc == "" {
				t.Errorf("%s has no description", k.Name)
			}
			want("| `" + string(k.Name) + "` | ")
		}
		for _, p := range fault.Params() {
			want("| `" + p.Name + "` | ")
		}
		for _, s := range FaultStages() {
			want("`" + s.Name + "`")
		}
	}
}

func TestControlFaults(t *testing.T) {
	t.Parallel()
	_, f, h := testControl(t)
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/api/faults", "", 200, `{"active":[],"kinds":[{"name":"refuse-connection","doc":"new connections`},
		{"GET", "/api/faults", "", 200, `"params":[{"name":"on","doc":"stage`},
		{"GET", "/api/faults", "", 200, `"stages":[{"name":"any","commands":["*"]}`},
		{"POST", "/api/faults", `{"fault":"mute:on=send,count=3"}`, 201, `{"id":1,"struck":0,"fault":"mute:on=send,count=3"`},
		{"POST", "/api/faults", `{"name":"delay","delay":"3s","count":2}`, 201, `"params":{"count":"2","delay":"3s","name":"delay"}`},
		{"POST", "/api/faults", `{"fault":"explode"}`, 400, `no fault \"explode\", but: refuse-connection`},
		{"POST", "/api/faults", `{"name":"explode"}`, 400, `no fault \"explode\"`},
		{"POST", "/api/faults", `{"name":"mute","loud":1}`, 400, `no parameter \"loud\"`},
		{"POST", "/api/faults", `{"name":"mute","count":"x"}`, 400, `not valid`},
		{"POST", "/api/faults", `{"name":"mute","count":-1}`, 400, `count must be`},
		{"POST", "/api/faults", `{}`, 400, `no fault`},
		{"POST", "/api/faults", `[]`, 400, `bad body`},
		{"POST", "/api/faults", `{"fault":1}`, 400, `bad body`},
		{"GET", "/api/faults", "", 200, `"active":[{"id":1,"struck":0,`},
		{"DELETE", "/api/faults/1", "", 200, `{}`},
		{"DELETE", "/api/faults/1", "", 404, `fault 1 is not switched on`},
		{"DELETE", "/api/faults/x", "", 400, `not a number`},
		{"DELETE", "/api/faults", "", 200, `{"removed":1}`},
	} {
		status, got := do(h, tt.method, tt.path, tt.body)
		if status != tt.status || !strings.Contains(got, tt.want) {
			t.Errorf("%s %s %s: got %d %.400s, want %d with %s", tt.method, tt.path, tt.body, status, got, tt.status, tt.want)
		}
	}
	for range 100 {
		if _, err := f.faults.Add(fault.Fault{Name: fault.Dead}); err != nil {
			t.Fatal(err)
		}
	}
	if status, got := do(h, "POST", "/api/faults", `{"fault":"dead"}`); status != http.StatusConflict {
		t.Errorf("too many: got %d %s", status, got)
	}
}

func TestSignFaults(t *testing.T) {
	t.Parallel()
	h := start(t, Options{})
	server := httptest.NewServer(h.Handler())
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
