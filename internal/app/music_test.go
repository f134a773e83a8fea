package app_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"libration/internal/app/bot"
	"libration/internal/app/simulator"
	"libration/internal/config"
	"libration/ntqq/message"
	"libration/sandbox"
)

// TestMusic sends music, and has its card made alone: the sandbox signs the card unless another signer is configured.
func TestMusic(t *testing.T) {
	t.Parallel()
	broken := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(broken.Close)
	send := func(t *testing.T, change func(*config.Config, *simulator.Simulator)) (sent, alone string, box *sandbox.Sandbox) {
		sim := startSandbox(t, sandbox.Options{AutoApprove: 10001})
		c := configuration(t.TempDir(), sim.ControlURL())
		change(c, sim)
		a := newApp(t, c, nil)
		background(t, a.Run)
		address, _ := endpoints(t, a)
		answer, _, err := bot.Call(t.Context(), address, "", "send_private_msg", map[string]json.RawMessage{
			"user_id": json.RawMessage("20001"), "message": json.RawMessage(`"[CQ:music,type=163,id=5]"`),
		})
		if err != nil {
			t.Fatal(err)
		}
		ark, _, err := bot.Call(t.Context(), address, "", "get_music_ark", map[string]json.RawMessage{
			"title": json.RawMessage(`"a song"`), "desc": json.RawMessage(`"a singer"`), "preview": json.RawMessage(`"http://p/1"`),
			"jumpUrl": json.RawMessage(`"http://a/1"`), "musicUrl": json.RawMessage(`"http://a/1.mp3"`),
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(answer), string(ark), sim.Sandbox
	}
	t.Run("sandbox", func(t *testing.T) {
		t.Parallel()
		answer, ark, box := send(t, func(*config.Config, *simulator.Simulator) {})
		if !strings.Contains(answer, `"status":"ok"`) {
			t.Fatalf("got %s", answer)
		}
		last := box.World().History().Newest(0, 10001, 20001, 1)
		if len(last) != 1 {
			t.Fatalf("got %d messages", len(last))
		}
		card, ok := last[0].Parts[0].Segment.(*message.LightAppSegment)
		if !ok || card.App != "com.tencent.structmsg" || !strings.Contains(card.JSON, `"title":"网易云音乐 5"`) {
			t.Errorf("got %+v", last[0])
		}
		var made struct{ Data string }
		var song struct {
			App  string
			Meta struct {
				Music struct{ Title, Desc, JumpURL, MusicURL, Preview string }
			}
			Config struct{ Token string }
		}
		if err := errors.Join(json.Unmarshal([]byte(ark), &made), json.Unmarshal([]byte(made.Data), &song)); err != nil {
			t.Fatalf("%v in %s", err, ark)
		}
		want := struct{ Title, Desc, JumpURL, MusicURL, Preview string }{"a song", "a singer", "http://a/1", "http://a/1.mp3", "http://p/1"}
		if song.App != "com.tencent.structmsg" || song.Meta.Music != want || song.Config.Token == "" {
			t.Errorf("got %s", ark)
		}
	})
	t.Run("another", func(t *testing.T) {
		t.Parallel()
		answer, ark, _ := send(t, func(c *config.Config, _ *simulator.Simulator) {
			c.OneBot.MusicSignURL = strings.Replace(broken.URL, "://", "://name:hush@", 1) + "/own"
		})
		for _, answer := range []string{answer, ark} {
			if !strings.Contains(answer, `"msg":"MUSIC_SIGN_ERROR"`) || !strings.Contains(answer, "HTTP status 404; see onebot.music_sign_url in the config") ||
				strings.Contains(answer, "hush") {
				t.Errorf("got %s", answer)
			}
		}
	})
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		answer, ark, _ := send(t, func(c *config.Config, sim *simulator.Simulator) { // its control API is not known
			keys := sim.Sandbox.PublicKeys()
			c.Server.Sandbox.Control, c.Server.Addresses = "", []string{sim.SSO()}
			c.Server.Keys = config.ServerKeys{OICQ: config.Hex(keys.Oicq192), Exchange: config.Hex(keys.NT), Verify: config.Hex(keys.VerifyKey)}
		})
		for _, answer := range []string{answer, ark} {
			if !strings.Contains(answer, `"msg":"MUSIC_SIGN_ERROR"`) || !strings.Contains(answer, "see onebot.music_sign_url") {
				t.Errorf("got %s", answer)
			}
		}
	})
}
