package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

func TestParseFault(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   string
		want Fault
	}{
		{"dead", Fault{Name: FaultDead}},
		{"delay:on=send,count=2,skip=1,for=1m0s,delay=3s", Fault{
			Name: FaultDelay, On: "send", Count: 2, Skip: 1, Delay: 3 * time.Second, For: time.Minute,
		}},
		{"mute:uin=10001,probability=0.25,seed=7", Fault{Name: FaultMute, UIN: bot, Probability: 0.25, Seed: 7}},
		{"code:code=-10001", Fault{Name: FaultCode, Code: -10001}},
		{"time-skew:offset=-2h0m0s", Fault{Name: FaultTimeSkew, Offset: -2 * time.Hour}},
	} {
		got, err := ParseFault(tt.in)
		if err != nil || got != tt.want {
			t.Errorf("%s: got %+v, error %v, want %+v", tt.in, got, err, tt.want)
		}
		if got.String() != tt.in {
			t.Errorf("text: got %s, want %s", got, tt.in)
		}
		text, err := json.Marshal(tt.want)
		if err != nil {
			t.Fatal(err)
		}
		var back Fault
		if err := json.Unmarshal(text, &back); err != nil || back != tt.want {
			t.Errorf("JSON %s: got %+v, error %v, want %+v", text, back, err, tt.want)
		}
	}
}

func TestParseFaultRefuses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                          `no fault "", but: refuse-connection, dead,`,
		"explode":                   `no fault "explode", but: refuse-connection, dead,`,
		"mute:loud=1":               `mute has no parameter "loud", but: on, uin, count, skip, probability, seed, for`,
		"mute:delay=1s":             `mute has no parameter "delay"`,
		"mute:":                     `"" is not param=value`,
		"mute:count":                `"count" is not param=value`,
		"mute:count=x":              `count="x" is not valid`,
		"mute:count=-1":             "count must be",
		"mute:skip=-1":              "skip must be",
		"mute:probability=1.1":      "probability must be",
		"mute:probability=NaN":      "probability must be",
		"mute:on=[":                 "on must be",
		"mute:uin=99999999999":      "uin=",
		"mute:for=10":               "for=",
		"mute:for=-1s":              "for must be",
		"delay:delay=-1s":           "delay must be",
		"time-skew:offset=9000h":    "offset must be",
		"time-skew:count=1":         `no parameter "count", but: for, offset`,
		"signer-fail:code=1":        "code must be an HTTP status",
		"code:code=4294967296":      "code must be",
		"refuse-easy-login:code=-1": "code must be",
		"refuse-connection:on=send": `no parameter "on"`,
	} {
		if _, err := ParseFault(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q in it", in, err, want)
		}
	}
}

func FuzzParseFault(f *testing.F) {
	for _, k := range FaultKinds() {
		f.Add(string(k.Name) + ":count=1,on=send,delay=1s")
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := ParseFault(in)
		if err != nil {
			return
		}
		if again, err := ParseFault(got.String()); err != nil || again != got {
			t.Errorf("%q: got %+v, then %+v, error %v", in, got, again, err)
		}
	})
}

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
		for _, k := range FaultKinds() {
			if k.Doc == "" {
				t.Errorf("%s has no description", k.Name)
			}
			want("| `" + string(k.Name) + "` | ")
		}
		for _, p := range FaultParams() {
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
	for range maxFaults {
		if _, err := f.faults.Add(Fault{Name: FaultDead}); err != nil {
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
		name   FaultName
		params string
		check  func(status int, body string, took time.Duration) bool
	}{
		{FaultSignerSlow, ":delay=30ms,count=1", func(status int, body string, took time.Duration) bool {
			return body == good && took >= 30*time.Millisecond
		}},
		{FaultSignerFail, ":code=503,count=1,on=wtlogin.*", func(status int, body string, _ time.Duration) bool { return status == 503 }},
		{FaultSignerDown, ":count=1", func(status int, body string, _ time.Duration) bool { return status == 0 }},
		{FaultSignerWrong, ":count=1", func(status int, body string, _ time.Duration) bool {
			return status == 200 && body != good && len(body) == len(good)
		}},
		{FaultSignerWrongVersion, ":count=1", func(status int, body string, _ time.Duration) bool {
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
