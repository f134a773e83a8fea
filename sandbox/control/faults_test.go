package control

import (
	"net/http"
	"strings"
	"testing"

	"libration/sandbox/fault"
)

func TestControlFaults(t *testing.T) {
	t.Parallel()
	_, f, h := testControl(t)
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/api/faults", "", 200, `{"active":[],"kinds":[{"name":"refuse-connection","params":["count"`},
		{"GET", "/api/faults", "", 200, `"doc":"new connections are reset at once"}`},
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
