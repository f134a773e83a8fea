package control

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestAnnouncements puts announcements up and takes them down by hand.
func TestAnnouncements(t *testing.T) {
	t.Parallel()
	_, _, h := testControl(t)
	const at = "/api/groups/730000001/announcements"
	status, answer := do(h, "POST", at, `{"text":"tea at four","pinned":true}`)
	var made announcementView
	if err := json.Unmarshal([]byte(answer), &made); err != nil || status != 201 || made.ID == "" || made.By != alice {
		t.Fatalf("got %d %s, %v", status, answer, err)
	}
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string // part of the answer
	}{
		{"GET", at, "", 200, `"text":"tea at four","pinned":true,"newcomers":false`},
		{"GET", "/api/groups/9/announcements", "", 404, "no group 9"},
		{"POST", at, `{"by":10001,"text":"x"}`, 403, "may not change the announcements"},
		{"POST", at, `{}`, 400, "the announcement is empty"},
		{"POST", at, `{"text":"x","picture":"no"}`, 404, "no such picture"},
		{"GET", "/api/messages?group=730000001", "", 200, "com.tencent.mannounce"},
		{"DELETE", at + "/" + made.ID + "?by=10001", "", 403, "may not change the announcements"},
		{"DELETE", at + "/x", "", 404, `the group has no announcement`},
		{"DELETE", at + "/" + made.ID, "", 200, "{}"},
		{"GET", at, "", 200, "[]"},
		{"POST", "/api/clients/10001/cookies/expire", "{}", 200, "{}"},
		{"POST", "/api/clients/9/cookies/expire", "{}", 404, "no user 9"},
	} {
		status, answer := do(h, tt.method, tt.path, tt.body)
		if status != tt.status || !strings.Contains(answer, tt.want) {
			t.Errorf("%s %s %s: got %d %.300s, want %d with %s", tt.method, tt.path, tt.body, status, answer, tt.status, tt.want)
		}
	}
}
