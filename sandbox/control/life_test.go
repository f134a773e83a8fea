package control

import (
	"strings"
	"testing"
)

// TestLife goes through what people do besides writing, one thing after the other.
func TestLife(t *testing.T) {
	t.Parallel()
	_, _, h := testControl(t)
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string // part of the answer
	}{
		{"POST", "/api/send", `{"as":20002,"group":730000001,"text":"hi"}`, 200, `"sequence":1`},
		{"POST", "/api/reactions", `{"group":730000001,"sequence":1,"by":20001,"code":"76"}`, 200, `{}`},
		{"POST", "/api/reactions", `{"group":730000001,"sequence":1,"by":10001,"code":"76","on":true}`, 200, `{}`},
		{"POST", "/api/reactions", `{"group":730000001,"sequence":1,"by":10001,"code":"128516"}`, 200, `{}`},
		{"POST", "/api/reactions", `{"group":730000001,"sequence":1,"by":20001,"code":"76","on":false}`, 200, `{}`},
		{"POST", "/api/reactions", `{"group":730000001,"sequence":1,"code":"smile"}`, 400, "no reaction"},
		{"POST", "/api/reactions", `{"group":730000001,"sequence":2,"code":"76"}`, 404, "no message 2"},
		{"POST", "/api/reactions", `{"group":730000001,"sequence":1,"by":9,"code":"76"}`, 403, "not a member"},
		{"POST", "/api/essence", `{"group":730000001,"sequence":1,"by":10001}`, 403, "may not choose"},
		{"POST", "/api/essence", `{"group":730000001,"sequence":1}`, 200, `{}`},
		{"GET", "/api/messages?group=730000001", "", 200,
			`"essence":true,"reactions":[{"code":"76","emoji":false,"users":[10001]},{"code":"128516","emoji":true,"users":[10001]}]`},
		{"POST", "/api/todos", `{"group":730000001,"sequence":1,"by":10001,"do":"set"}`, 403, "may not change the to-do"},
		{"POST", "/api/todos", `{"group":730000001,"by":10001,"do":"finish"}`, 404, "no such to-do"},
		{"POST", "/api/todos", `{"group":730000001,"sequence":1,"do":"set"}`, 200, `{}`},
		{"POST", "/api/todos", `{"group":730000001,"by":10001,"do":"finish"}`, 200, `{}`},
		{"POST", "/api/todos", `{"group":730000001,"do":"eat"}`, 400, "no step of a to-do: set, finish or cancel"},
		{"GET", "/api/groups", "", 200, `"todo":1`},
		{"POST", "/api/todos", `{"group":730000001,"do":"cancel"}`, 200, `{}`},
		{"POST", "/api/sign-in", `{"group":730000001,"uin":20002}`, 200, `{"days":1,"rank":1}`},
		{"POST", "/api/sign-in", `{"group":730000001,"uin":10001}`, 200, `{"days":1,"rank":2}`},
		{"POST", "/api/sign-in", `{"group":730000001,"uin":20002}`, 200, `{"days":1,"rank":1}`},
		{"POST", "/api/sign-in", `{"group":730000001,"uin":9}`, 403, "not a member"},
		{"POST", "/api/robots", `{"group":730000001,"uin":20003}`, 200, `{}`},
		{"PATCH", "/api/groups/730000001/robots/20003", `{"by":20002,"on":false}`, 200, `{}`},
		{"PATCH", "/api/groups/730000001/robots/20003", `{"by":20003}`, 403, "may not change the robots"},
		{"PATCH", "/api/groups/730000001/robots/20002", `{}`, 404, "no robot 20002"},
		{"GET", "/api/groups", "", 200, `"robots":[{"uin":20003,"on":false}]`},
		{"POST", "/api/buttons", `{"group":730000001,"uin":20003,"by":10001,"id":"b"}`, 403, "is off"},
		{"PATCH", "/api/groups/730000001/robots/20003", `{}`, 200, `{}`},
		{"POST", "/api/buttons", `{"group":730000001,"uin":20003,"by":10001,"id":"b"}`, 200, `{}`},
		{"POST", "/api/pins", `{"uin":10001,"group":730000001}`, 200, `{}`},
		{"POST", "/api/pins", `{"uin":10001,"peer":20001,"on":true}`, 200, `{}`},
		{"POST", "/api/pins", `{"uin":10001,"peer":9}`, 404, "not friends"},
		{"POST", "/api/pins", `{"uin":10001}`, 400, "either group or peer"},
		{"GET", "/api/state", "", 200, `"pinned_friends":[20001],"pinned_groups":[730000001]`},
		{"DELETE", "/api/friends", `{"a":10001,"b":20001,"one_way":true}`, 200, `{}`},
		{"DELETE", "/api/friends", `{"a":10001,"b":20001}`, 404, "20001 is not a friend of 10001"},
		{"DELETE", "/api/friends", `{"a":20001,"b":10001}`, 200, `{}`}, // there it was still one
		{"POST", "/api/pins", `{"uin":10001,"group":730000001,"on":false}`, 200, `{}`},
	} {
		status, answer := do(h, tt.method, tt.path, tt.body)
		if status != tt.status || !strings.Contains(answer, tt.want) {
			t.Errorf("%s %s %.80s: got %d %.300s, want %d with %s", tt.method, tt.path, tt.body, status, answer, tt.status, tt.want)
		}
	}
	if _, answer := do(h, "GET", "/api/state", ""); strings.Contains(answer, `"pinned_`) {
		t.Errorf("pins are left: %s", answer)
	}
}
