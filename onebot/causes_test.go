package onebot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"libration/gateway/table"
	"libration/ntqq"
	"libration/ntqq/message"
)

// ways are how a message to a group, or to a friend, is sent: the action and its
// parameters.
var ways = map[bool][][2]string{
	true: {
		{"send_group_msg", `{"group_id":5,"message":"x"}`},
		{"send_msg", `{"group_id":5,"message":"x"}`},
		{"send_msg", `{"message_type":"group","group_id":5,"user_id":6,"message":"x"}`},
		{quickAction, `{"context":{"message_type":"group","group_id":5,"user_id":6},"operation":{"reply":"x"}}`},
	},
	false: {
		{"send_private_msg", `{"user_id":6,"message":"x"}`},
		{"send_msg", `{"user_id":6,"message":"x"}`},
		{"send_msg", `{"message_type":"private","group_id":5,"user_id":6,"message":"x"}`},
		{quickAction, `{"context":{"message_type":"private","user_id":6},"operation":{"reply":"x"}}`},
	},
}

// TestCauses: one cause has one code and one text, whichever way a message is sent; what
// is answered before it runs leaves both in the log.
func TestCauses(t *testing.T) {
	failing := map[error]*table.Cause{errDisk: sendFailed, &ntqq.ServerError{Code: 7}: sendFailed}
	for _, known := range causes {
		failing[known.err] = known.cause
		failing[&ntqq.ServerError{Code: 7, Message: "no", Cause: known.err}] = known.cause
	}
	for err, want := range failing {
		for group := range ways {
			var texts [2]string
			never := []*table.Cause{noMember, noUser, tooLate, tempChat, noFriend, ownerStays, noFlag, onlyAccepted, noFile, webLogin, noFace} // by sending there
			if !group {
				never[4] = noGroup
			}
			never = append(never, badCommand, sessionCommand, noAlbum) // of packets and albums
			for _, way := range ways[group] {
				for i, l := range []Language{English, Chinese} {
					s := newDialect(Options{Language: l}, &fakeStore{})
					s.account.deliver = failingWith(err)
					r := call(t, s, way[0], way[1])
					if texts[i] == "" {
						texts[i] = r.Wording
					}
					if r.RetCode != RetFailed || r.Msg != want.Code || r.Wording != texts[i] || want != sendFailed && !strings.Contains(r.Wording, want.Text.In(l)) {
						t.Errorf("%v by %s in %s: got %+v, want %s, %q", err, way[0], l, r, want.Code, want.Text.In(l))
					}
					row := Table().Find(way[0])
					said := slices.Concat(row.Causes, []*table.Cause{row.Failure}, generalCauses())
					if !slices.Contains(said, want) && !slices.Contains(never, want) {
						t.Errorf("%s does not say that it fails with %s", way[0], r.Msg)
					}
				}
				if line := asyncLog(t, err, way[0], way[1]); !strings.Contains(line, "code="+want.Code) || !strings.Contains(line, fmt.Sprintf("text=%q", texts[0])) {
					t.Errorf("%v by %s_async: the log has %s, want %s and %q", err, way[0], line, want.Code, texts[0])
				}
			}
		}
	}
}

// failingWith delivers nothing.
func failingWith(err error) func(context.Context, message.Chat, message.Content) (*message.Message, error) {
	return func(context.Context, message.Chat, message.Content) (*message.Message, error) {
		return nil, fmt.Errorf("send: %w", err)
	}
}

// asyncLog returns what an action that fails leaves in the log when it was answered
// before.
func asyncLog(t *testing.T, err error, action, params string) string {
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		s := newDialect(Options{
			Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		}, &fakeStore{messages: map[int32]*message.Message{}})
		s.account.deliver = failingWith(err)
		if r := call(t, s, action+asyncSuffix, params); r.RetCode != RetAsync {
			t.Errorf("got %+v", r)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		cancel()
		<-done
	})
	return log.String()
}

// TestRecallCauses: the same for recalls.
func TestRecallCauses(t *testing.T) {
	for err, fails := range map[string]func(*fakeClient, *fakeStore){
		"not recallable": func(c *fakeClient, _ *fakeStore) { c.refuses.Store(true) },
		"offline": func(c *fakeClient, _ *fakeStore) {
			c.err.Store(&ntqq.ServerError{Code: -10001})
			_, _ = c.Client.Users().Info(t.Context(), friendUIN)
		},
		"disk":       func(_ *fakeClient, store *fakeStore) { store.err = errDisk },
		"no message": func(_ *fakeClient, store *fakeStore) { clear(store.messages) },
	} {
		s, c, store := newTestDialect(t)
		id, _ := store.Put(groupMessage(5, message.Text("x")))
		fails(c, store)
		direct := call(t, s, "delete_msg", fmt.Sprintf(`{"message_id":%d}`, id))
		quick := call(t, s, quickAction, fmt.Sprintf(`{"context":{"message_type":"group","group_id":5,"message_id":%d},"operation":{"delete":true}}`, id))
		if direct.Status != StatusFailed || direct.Msg != quick.Msg || direct.Wording != quick.Wording {
			t.Errorf("%s: got %s %q and %s %q", err, direct.Msg, direct.Wording, quick.Msg, quick.Wording)
		}
	}
}

// TestEveryErrorHasACause: each error of the client is in causes.
func TestEveryErrorHasACause(t *testing.T) {
	without := []string{
		"ErrNotFound",  // each of its kinds has one
		"ErrNoCaptcha", // of the login
		"ErrGroupTime", // nobody asks for a group by time
		"ErrNoHonor",   // the parameter has no other values
		"ErrProxy",     // actions fail with what the connection was for
		"ErrManyFiles", // nobody lists a whole folder
		"ErrNoSignature",
		"ErrProxy",                // of connecting: while there is no connection it is ErrOffline
		"ErrSealed", "ErrSealKey", // of the start
	}
	declared := regexp.MustCompile(`(?m)^(?:\t|var )(Err[A-Z]\w*)(?: +error)? *=`)
	files, err := filepath.Glob("../ntqq/*.go")
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.ReadFile("causes.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declared.FindAllSubmatch(source, -1) {
			found++
			if name := string(m[1]); !slices.Contains(without, name) && !bytes.Contains(own, []byte("ntqq."+name+",")) {
				t.Errorf("ntqq.%s has no cause", name)
			}
		}
	}
	if found < 20 {
		t.Errorf("found %d errors: the test looks in the wrong place", found)
	}
	for _, known := range causes {
		if known.err == nil || known.cause == nil || errors.Is(known.err, ntqq.ErrNotFound) && !strings.HasSuffix(known.cause.Code, "_NOT_FOUND") {
			t.Errorf("bad row %+v", known)
		}
	}
}
