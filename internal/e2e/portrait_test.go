package e2e

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"

	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/fault"
	"libration/sandbox/world"
)

// TestOwnPortrait: an account gives itself a picture, which is new to the service, or which it
// has. After a refusal it keeps the one before.
func TestOwnPortrait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, of, _ := mediaPair(t, sandbox.Options{})
		b := newMediaBot(t, s, of)
		happened, end := s.World().Watch(100)
		defer end()
		set := func(picture []byte) (msg, wording string) {
			r := b.calls(b.Dialect)("set_qq_avatar", fmt.Sprintf(`{"file":"base64://%s"}`, base64.StdEncoding.EncodeToString(picture)))
			return r.Msg, r.Wording
		}
		large := newPicture(3<<20+5, 79)
		has := func(want []byte) {
			t.Helper()
			u, _ := s.World().Users().Find(bot)
			r, _, err := s.World().Media().Open(u.Avatar.SHA1)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
				t.Errorf("the account has a picture of %d bytes, %v, want %d", len(got), err, len(want))
			}
		}
		for _, picture := range [][]byte{large, dot, large} { // the last one is there
			if msg, wording := set(picture); msg != "" {
				t.Errorf("%d bytes: got %s %q", len(picture), msg, wording)
			}
			has(picture)
			if a := <-happened; a.Kind != world.ActivityUserAvatar || a.User != bot {
				t.Errorf("happened: %+v", a)
			}
		}
		for _, l := range b.Transfers().List() {
			if l.Kind != "image" || l.Chat != nil || l.Err != nil || l.Done != l.Total {
				t.Errorf("listed as %+v", l)
			}
		}
		if msg, _ := set([]byte("no picture")); msg != "MEDIA_FORMAT" {
			t.Errorf("no picture: got %s", msg)
		}
		refuse, err := fault.Parse("upload-refused")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Faults().Add(refuse); err != nil {
			t.Fatal(err)
		}
		if msg, wording := set(newPicture(5000, 80)); msg != "UPLOAD_FAILED" || !strings.Contains(wording, "refused with code 83/198") {
			t.Errorf("refused: got %s %q", msg, wording)
		}
		has(large)
	})
}

// TestGroupPortrait: an admin gives a group a picture, which is new to the service, or which
// it has; members may not.
func TestGroupPortrait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, of, owner := mediaPair(t, sandbox.Options{})
		a, b := newMediaBot(t, s, owner), newMediaBot(t, s, of)
		large := newPicture(3<<20+5, 77)
		set := func(bot *mediaBot, code message.GroupCode, file string) (msg, wording string) {
			r := bot.calls(bot.Dialect)("set_group_portrait", fmt.Sprintf(`{"group_id":%d,"file":%q}`, code, file))
			return r.Msg, r.Wording
		}
		inline := func(b []byte) string { return "base64://" + base64.StdEncoding.EncodeToString(b) }
		for _, picture := range [][]byte{large, dot, large} { // the last one is there
			msg, wording := set(a, group, inline(picture))
			g, _ := s.World().Groups().Find(group)
			if msg != "" || g.Avatar.MD5 != md5.Sum(picture) {
				t.Errorf("%d bytes: got %s %q, the group has %+v", len(picture), msg, wording, g.Avatar)
			}
		}
		picture, err := s.World().Media().Put(strings.NewReader(string(newPicture(1000, 5))))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.World().Groups().SetAvatar(group, bot, picture); err == nil {
			t.Error("a member changes the picture in the world")
		}
		if err := s.World().Groups().SetAvatar(group, alice, world.Blob{Size: 1}); err == nil {
			t.Error("the world has a picture of nobody")
		}
		if msg, wording := set(b, group, inline(dot)); msg != "UPLOAD_FAILED" || !strings.Contains(wording, "No Perm") {
			t.Errorf("a member: got %s %q", msg, wording)
		}
		if msg, _ := set(a, 99999, inline(dot)); msg != "GROUP_NOT_FOUND" {
			t.Errorf("no such group: got %s", msg)
		}
		if msg, _ := set(a, group, inline([]byte("no picture"))); msg != "MEDIA_FORMAT" {
			t.Errorf("no picture: got %s", msg)
		}
	})
}
