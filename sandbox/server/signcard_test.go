package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/internal/vectors"
	"libration/internal/webguard"
)

// TestSignCard: the cards have the form of the captured one.
func TestSignCard(t *testing.T) {
	t.Parallel()
	h := start(t, Options{})
	server := httptest.NewServer(h.SignHandler(webguard.New(webguard.Options{Service: "sandbox", Remote: true})))
	defer server.Close()
	ask := func(body string) (int, string) {
		t.Helper()
		resp, err := server.Client().Post(server.URL+"/sign/music", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(answer)
	}
	form := capturedForm(t)
	for body, want := range map[string][]string{
		`{"type":"custom","url":"http://a/","audio":"http://a/b.mp3","title":"T","singer":"S","image":"http://a/i"}`: {
			`"jumpUrl":"http://a/"`, `"musicUrl":"http://a/b.mp3"`, `"title":"T"`, `"desc":"S"`, `"preview":"http://a/i"`, `"prompt":"[分享]T"`,
		},
		`{"type":"163","id":"562591636"}`:                   {`"title":"网易云音乐 562591636"`, `"tag":"网易云音乐"`},
		`{"type":"kuwo","url":"u","audio":"a","title":"T"}`: {`"title":"T"`, `"tag":"酷我音乐"`},
		`{"appid":"1","url":"u","audio":"a","title":"T"}`:   {`"title":"T"`, `"tag":""`},
		`{"type":"qq","id":5,"title":"T"}`:                  {`"title":"T"`, `"jumpUrl":"https://music.invalid/qq/5"`},
		`{"type":"qq","id":97773,"url":""}`:                 {`"title":"QQ音乐 97773"`},
	} {
		status, card := ask(body)
		if status != 200 {
			t.Errorf("%s: got %d %s", body, status, card)
			continue
		}
		for _, part := range want {
			if !strings.Contains(card, part) {
				t.Errorf("%s: got %s, want %s in it", body, card, part)
			}
		}
		if diff := cmp.Diff(form, formOf(t, card)); diff != "" {
			t.Errorf("%s: captured -, got +\n%s", body, diff)
		}
	}
	for body, want := range map[string]string{
		`{`:                                  "bad request",
		`{"type":"163","id":[]}`:             "bad request",
		`{"type":"163"}`:                     "a song needs",
		`{"id":"1"}`:                         "a song needs",
		`{"type":"none","id":"1"}`:           "a song needs",
		`{"type":"custom","url":"u"}`:        "a song needs",
		`{"url":"u","audio":"a","title":""}`: "a song needs",
		`{"type":"` + strings.Repeat("x", maxCardBody) + `"}`: "too large",
	} {
		if status, answer := ask(body); status != 400 || !strings.Contains(answer, want) {
			t.Errorf("%.40s: got %d %s, want %q", body, status, answer, want)
		}
	}
	h.fault("signer-fail:code=503,on=music,count=1")
	if status, _ := ask(`{"type":"qq","id":"1"}`); status != 503 {
		t.Errorf("with a fault: got %d", status)
	}
}

// capturedForm is the form of the card that somebody has captured.
func capturedForm(t *testing.T) any {
	t.Helper()
	for _, v := range vectors.Read[struct{ ID, Inflated string }](t, "captures.json") {
		if v.ID == "card/music-json" {
			return formOf(t, v.Inflated)
		}
	}
	t.Fatal("no capture card/music-json")
	return nil
}

// formOf returns a JSON text with the types of its values in their place.
func formOf(t *testing.T, text string) any {
	t.Helper()
	var card any
	if err := json.Unmarshal([]byte(text), &card); err != nil {
		t.Fatal(err)
	}
	var form func(any) any
	form = func(v any) any {
		object, ok := v.(map[string]any)
		if !ok {
			return fmt.Sprintf("%T", v)
		}
		for name := range object {
			object[name] = form(object[name])
		}
		return object
	}
	return form(card)
}
