package onebot

import (
	"bytes"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/text"
)

func TestSetRestart(t *testing.T) {
	s, _, _ := newTestDialect(t)
	if r := call(t, s, "set_restart", `{}`); r.RetCode != RetFailed || r.Msg != "RESTART_UNAVAILABLE" || r.Wording != noRestart.Text.In(text.English) {
		t.Errorf("where nothing restarts it: got %+v", r)
	}
	var asked []time.Duration
	s.account.restart = func(delay time.Duration) { asked = append(asked, delay) }
	for _, params := range []string{`{}`, `{"delay":"2000"}`, `{"delay":3600000}`} {
		if r := call(t, s, "set_restart", params); r.Status != StatusAsync || r.RetCode != RetAsync || r.Data != nil {
			t.Errorf("%s: got %+v", params, r)
		}
	}
	for _, params := range []string{`{"delay":-1}`, `{"delay":3600001}`, `{"delay":9223372036854775807}`, `{"delay":"soon"}`} {
		if r := call(t, s, "set_restart", params); r.RetCode != RetBadParams {
			t.Errorf("%s: got %+v", params, r)
		}
	}
	if len(asked) != 3 || asked[0] != 0 || asked[1] != 2*time.Second || asked[2] != time.Hour {
		t.Errorf("asked for %v", asked)
	}
}

// TestCleanCache: lists are asked for again, files go, and the log says what went.
func TestCleanCache(t *testing.T) { synctest.Test(t, testCleanCache) }

func testCleanCache(t *testing.T) {
	s, c, _ := newTestDialect(t)
	synctest.Wait() // it has asked for its own lists
	var log bytes.Buffer
	files := &fakeFiles{}
	s.account.log, s.account.files = slog.New(slog.NewTextHandler(&log, nil)), files
	lists := func() (asked int) {
		before := c.Calls()
		for action, params := range map[string]string{"get_friend_list": `{}`, "get_group_list": `{}`, "get_group_member_list": `{"group_id":9007199254740993}`} {
			if r := call(t, s, action, params); r.RetCode != RetOK {
				t.Errorf("%s: got %+v", action, r)
			}
		}
		return c.Calls() - before
	}
	lists()
	if asked := lists(); asked != 0 {
		t.Errorf("%d requests for lists that are known", asked)
	}
	if r := call(t, s, "clean_cache", `{}`); r.RetCode != RetOK || r.Data != nil {
		t.Errorf("got %+v", r)
	}
	if files.cleans != 1 || !bytes.Contains(log.Bytes(), []byte("member_lists=1 ")) || !bytes.Contains(log.Bytes(), []byte("files=2 file_bytes=34")) {
		t.Errorf("files cleaned %d times, log %s", files.cleans, &log)
	}
	if asked := lists(); asked != 3 {
		t.Errorf("%d requests for three lists that were forgotten", asked)
	}
}
