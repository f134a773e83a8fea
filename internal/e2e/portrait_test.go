package e2e

import (
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/world"
)

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
