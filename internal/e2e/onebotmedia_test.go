package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"libration/gateway"
	"libration/internal/store"
	"libration/ntqq/clock"
	"libration/ntqq/event"
	"libration/ntqq/media"
	"libration/onebot"
	"libration/sandbox"
)

// mediaBot is OneBot for an account, with files and links.
type mediaBot struct {
	*account
	path   string // of its store
	stored *store.Store
	files  *media.Files
	bare   bool // media have the service's addresses
	spoken onebot.Language
	*onebot.Dialect
	gate *gateway.Gateway
	told int // events that it was given
}

func newMediaBot(t *testing.T, s *service, a *account) *mediaBot {
	t.Helper()
	b := &mediaBot{account: a, path: filepath.Join(t.TempDir(), "store.db")}
	cache, err := media.OpenCache(filepath.Join(t.TempDir(), "media"), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	b.files = media.NewFiles(media.FilesOptions{Cache: cache, Dial: s.listener.DialContext, Allow: func(string, netip.AddrPort) bool { return true }})
	b.begin()
	t.Cleanup(func() { _ = b.stored.Close() })
	return b
}

// begin opens the store, also once more.
func (b *mediaBot) begin() {
	b.t.Helper()
	if b.stored != nil {
		if err := b.stored.Close(); err != nil {
			b.t.Fatal(err)
		}
	}
	var err error
	if b.stored, err = store.Open(b.t.Context(), store.Options{Path: b.path}); err != nil {
		b.t.Fatal(err)
	}
	b.gate = gateway.New(gateway.Options{Account: b.Client, Store: b.stored})
	o := onebot.Options{Client: b.Client, Gateway: b.gate, Files: b.files, Language: b.spoken}
	if !b.bare {
		o.Links = gateway.NewLinks(gateway.LinkOptions{Base: func() string { return "http://bot.example" }, Clock: clock.New(nil)})
	}
	b.Dialect = onebot.New(o)
}

// ask calls an action and decodes its data.
func (b *mediaBot) ask(action, params string, to any) {
	b.t.Helper()
	r := b.calls(b.Dialect)(action, params)
	if r.RetCode != onebot.RetOK {
		b.t.Fatalf("%s %.200s: %s", action, params, r.AppendJSON(nil))
	}
	var answer struct {
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(r.AppendJSON(nil), &answer); err != nil {
		b.t.Fatal(err)
	}
	if err := json.Unmarshal(answer.Data, to); err != nil {
		b.t.Fatalf("%s: %v in %.300s", action, err, answer.Data)
	}
}

// follow gives the gateway the events that came since, and returns the newest message that
// somebody else sent.
func (b *mediaBot) follow() *event.Message {
	b.t.Helper()
	synctest.Wait()
	b.mu.Lock()
	events := b.events[b.told:]
	b.told = len(b.events)
	b.mu.Unlock()
	var newest *event.Message
	for _, e := range events {
		b.gate.Handle(b.t.Context(), e)
		if m, ok := e.(*event.Message); ok && !m.Self {
			newest = m
		}
	}
	if newest == nil {
		b.t.Fatal("no message came")
	}
	return newest
}

type shownMedium struct {
	Type string `json:"type"`
	Data struct {
		File, URL string
		Size      string `json:"file_size"`
		SubType   int    `json:"sub_type"`
		Summary   string
	} `json:"data"`
}

// segments are those of the newest message, as get_msg shows them.
func (b *mediaBot) segments() []shownMedium {
	b.t.Helper()
	m := b.follow()
	var got struct{ Message []shownMedium }
	b.ask("get_msg", fmt.Sprintf(`{"message_id":%d}`, b.gate.ID(m.Chat, m.Sequence)), &got)
	return got.Message
}

type gotFile struct {
	File, URL string
	Size      uint64
	Base64    string
}

func (b *mediaBot) checkFile(action, file string, want []byte) {
	b.t.Helper()
	var got gotFile
	b.ask(action, fmt.Sprintf(`{"file":%q,"base64":true}`, file), &got)
	content, err := os.ReadFile(got.File)
	if err != nil || !bytes.Equal(content, want) || got.Size != uint64(len(want)) || got.Base64 != base64.StdEncoding.EncodeToString(want) || got.URL == "" {
		b.t.Errorf("%s %s: %d bytes of %d, %v; url %q", action, file, len(content), len(want), err, got.URL)
	}
}

// checkURL downloads an address of the service.
func (b *mediaBot) checkURL(url string, want []byte) {
	b.t.Helper()
	var got gotFile
	b.ask("download_file", fmt.Sprintf(`{"url":%q,"headers":"User-Agent=x\r\nReferer=y"}`, url), &got)
	if content, err := os.ReadFile(got.File); err != nil || !bytes.Equal(content, want) {
		b.t.Errorf("%s has %d bytes, %v, want %d", url, len(content), err, len(want))
	}
}

// checkLink opens a link without a token, and a part of it.
func (b *mediaBot) checkLink(url string, want []byte) {
	b.t.Helper()
	path, ok := strings.CutPrefix(url, "http://bot.example")
	if !ok {
		b.t.Errorf("the address is %q", url)
		return
	}
	for _, part := range []bool{false, true} {
		r := httptest.NewRequest("GET", path, nil)
		status, body := http.StatusOK, want
		if part {
			r.Header.Set("Range", "bytes=2-5")
			status, body = http.StatusPartialContent, want[2:6]
		}
		w := httptest.NewRecorder()
		b.Public(r)(w, r)
		if w.Code != status || !bytes.Equal(w.Body.Bytes(), body) {
			b.t.Errorf("%s: got %d with %d bytes, want %d with %d", path, w.Code, w.Body.Len(), status, len(body))
		}
	}
}

// TestOneBotMedia: a bot sends each kind, another one gets it as a file and by its link,
// sends it back as it came, and still knows it after a restart.
func TestOneBotMedia(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, from, to := mediaPair(t, sandbox.Options{})
		sender, receiver := newMediaBot(t, s, from), newMediaBot(t, s, to)
		folder := t.TempDir()
		actions := map[string]string{"image": "get_image", "record": "get_record", "video": "get_file"}
		names, links := map[string]string{}, map[string]string{}
		all := kindsOfMedia(7)
		for kind, m := range all {
			path := filepath.Join(folder, kind)
			if err := os.WriteFile(path, m.bytes, 0o600); err != nil {
				t.Fatal(err)
			}
			for form, file := range map[string]string{"a path": "file://" + path, "base64": "base64://" + base64.StdEncoding.EncodeToString(m.bytes)} {
				var sent struct {
					ID int32 `json:"message_id"`
				}
				sender.ask("send_group_msg", fmt.Sprintf(`{"group_id":%d,"message":[{"type":%q,"data":{"file":%q,"sub_type":1,"summary":"[x]","cache":null}}]}`, group, kind, file), &sent)
				got := receiver.segments()
				if sent.ID == 0 || len(got) != 1 || got[0].Type != kind || got[0].Data.Size != fmt.Sprint(len(m.bytes)) {
					t.Fatalf("%s by %s: sent %d, received %+v", kind, form, sent.ID, got)
				}
				if kind == "image" && (got[0].Data.SubType != 1 || got[0].Data.Summary != "[x]") {
					t.Errorf("received %+v", got[0])
				}
				names[kind], links[kind] = got[0].Data.File, got[0].Data.URL
				receiver.checkFile(actions[kind], got[0].Data.File, m.bytes)
				receiver.checkLink(got[0].Data.URL, m.bytes)
			}
			// What came is sent back: by its name, by its link, and to another chat.
			for _, file := range []string{names[kind], links[kind]} {
				var back struct {
					ID int32 `json:"message_id"`
				}
				receiver.ask("send_private_msg", fmt.Sprintf(`{"user_id":%d,"message":[{"type":%q,"data":{"file":%q}}]}`, bot, kind, file), &back)
				if got := sender.segments(); len(got) != 1 || got[0].Type != kind || got[0].Data.File != names[kind] {
					t.Fatalf("%s as %s came back as %+v", kind, file, got)
				}
				sender.checkFile(actions[kind], names[kind], m.bytes)
			}
		}
		receiver.begin()
		for kind, m := range all {
			receiver.checkFile(actions[kind], names[kind], m.bytes)
			receiver.checkLink(links[kind], m.bytes)
		}
	})
}

// TestOneBotMediaElsewhere: media in forwards and histories, uploads that are not sent, and
// keys.
func TestOneBotMediaElsewhere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, from, to := mediaPair(t, sandbox.Options{})
		sender, receiver := newMediaBot(t, s, from), newMediaBot(t, s, to)
		picture := append(bytes.Clone(dot), 9)
		file := "base64://" + base64.StdEncoding.EncodeToString(picture)

		var sent struct {
			ID int32 `json:"message_id"`
		}
		sender.ask("send_group_forward_msg", fmt.Sprintf(`{"group_id":%d,"messages":[{"type":"node","data":{"user_id":5,"nickname":"x","content":[{"type":"image","data":{"file":%q}}]}}]}`, group, file), &sent)
		m := receiver.follow()
		var forward struct {
			Messages []struct{ Content []shownMedium }
		}
		receiver.ask("get_forward_msg", fmt.Sprintf(`{"message_id":%d}`, receiver.gate.ID(m.Chat, m.Sequence)), &forward)
		if len(forward.Messages) != 1 || len(forward.Messages[0].Content) != 1 || forward.Messages[0].Content[0].Type != "image" {
			t.Fatalf("the forward is %+v", forward)
		}
		inside := forward.Messages[0].Content[0].Data
		receiver.checkFile("get_image", inside.File, picture)
		receiver.checkLink(inside.URL, picture)

		sender.ask("send_group_msg", fmt.Sprintf(`{"group_id":%d,"message":"[CQ:image,file=%s]"}`, group, file), &sent)
		late := newMediaBot(t, s, to) // it has seen nothing
		late.bare = true
		late.begin()
		var history struct {
			Messages []struct{ Message []shownMedium }
		}
		late.ask("get_group_msg_history", fmt.Sprintf(`{"group_id":%d,"count":1}`, group), &history)
		if len(history.Messages) != 1 || len(history.Messages[0].Message) != 1 {
			t.Fatalf("the history is %+v", history)
		}
		late.checkFile("get_image", history.Messages[0].Message[0].Data.File, picture)
		late.checkURL(history.Messages[0].Message[0].Data.URL, picture)
		late.checkURL(late.segments()[0].Data.URL, picture)
		late.ask("get_forward_msg", fmt.Sprintf(`{"message_id":%d}`, late.gate.ID(m.Chat, m.Sequence)), &forward)
		late.checkURL(forward.Messages[0].Content[0].Data.URL, picture)

		var url string
		sender.ask("upload_image", fmt.Sprintf(`{"file":%q}`, "base64://"+base64.StdEncoding.EncodeToString(append(bytes.Clone(dot), 10))), &url)
		sender.checkURL(url, append(bytes.Clone(dot), 10))
		var keys struct {
			Keys []struct {
				Type    string
				Created int64 `json:"created_at"`
				TTL     uint64
			} `json:"rkeys"`
		}
		sender.ask("get_rkey", `{}`, &keys)
		kinds := map[string]bool{}
		for _, k := range keys.Keys {
			kinds[k.Type] = k.Created > 0 && k.TTL > 0
		}
		if !kinds["private"] || !kinds["group"] {
			t.Errorf("the keys are %+v", keys)
		}
	})
}
