package onebot

import (
	"context"
	"testing"
)

// TestMusicArk: it asks what a music segment of the type custom asks, and lacks what that lacks.
func TestMusicArk(t *testing.T) {
	s, c, _ := newTestDialect(t)
	const all = `{"title":"t","desc":"d","jumpUrl":"http://u","musicUrl":"http://m","preview":"http://p","source_icon":"i","tag":"g","sourceMsgId":7}`
	if r := call(t, s, "get_music_ark", all); r.RetCode != RetFailed || r.Msg != "MUSIC_SIGN_ERROR" {
		t.Errorf("without a signer: got %+v", r)
	}
	const card = `{"app":"com.tencent.structmsg"}`
	asked := ""
	s.account.reader.sign = func(_ context.Context, request []byte) (string, error) {
		asked = string(request)
		return card, nil
	}
	if r := call(t, s, "get_music_ark", all); r.RetCode != RetOK || r.Data != card {
		t.Errorf("got %+v", r)
	}
	if want := `{"type":"custom","url":"http://u","audio":"http://m","title":"t","image":"http://p","singer":"d"}`; asked != want {
		t.Errorf("asked for %s, want %s", asked, want)
	}
	asked = ""
	for params, want := range map[string]string{
		`{"jumpUrl":"u","musicUrl":"m"}`:            `parameter "title" is missing`,
		`{"title":"t","jumpUrl":"u","musicUrl":""}`: `parameter "musicUrl" is missing`,
		`{"title":"t","jumpUrl":"","musicUrl":"m"}`: `parameter "jumpUrl" is missing`,
	} {
		if r := call(t, s, "get_music_ark", params); r.RetCode != RetBadParams || r.Wording != want {
			t.Errorf("%s: got %+v, want %q", params, r, want)
		}
	}
	if asked != "" || len(c.Sent()) != 0 {
		t.Errorf("asked for %q and sent %v", asked, c.Sent())
	}
}
