package onebot

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"libration/gateway"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

// kept collects what is spooled, as files of a folder whose name needs escapes.
type kept struct{ files map[string]string }

func (k *kept) keep(r io.Reader) (*media.Cached, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	c := &media.Cached{Path: fmt.Sprintf("/tmp/a b,[1]&\"'%%é/%d", len(k.files))}
	k.files[c.Path] = string(b)
	return c, nil
}

// back is the JSON with the bytes of each file in place of its address.
func (k *kept) back(t *testing.T, in []byte) string {
	t.Helper()
	out := string(in)
	for path, content := range k.files {
		address := fileURL(path)
		u, err := url.Parse(address)
		if err != nil || u.Path != path || strings.ContainsAny(address, `,[]&"\ `) {
			t.Errorf("the address of %s is %s, %v", path, address, err)
		}
		out = strings.ReplaceAll(out, `"`+address+`"`, fmt.Sprintf("<%d bytes>", len(content)))
		out = strings.ReplaceAll(out, "="+address, fmt.Sprintf("=<%d bytes>", len(content)))
	}
	return out
}

func TestSpool(t *testing.T) {
	raw := bytes.Repeat([]byte{0xfb, 0xff, 0x3e, 0}, 20000)
	long := base64.StdEncoding.EncodeToString(append(raw, 1, 1)) // with padding, + and /
	url := base64.RawURLEncoding.EncodeToString(raw)
	escaped := strings.ReplaceAll(long, "/", `\/`)
	lines := long[:76] + `\r\n` + long[76:] + `\n`
	short := long[:400]
	for in, want := range map[string]string{
		`{"file":"base64://` + long + `"}`:                         `{"file":<80002 bytes>}`,
		`{"file":"base64:\/\/` + escaped + `","a":1}`:              `{"file":<80002 bytes>,"a":1}`,
		`{"file":"base64://` + lines + `"}`:                        `{"file":<80002 bytes>}`,
		`{"file":"base64://` + url + `"}`:                          `{"file":<80000 bytes>}`,
		`["base64://` + long + `","base64://` + url + `"]`:         `[<80002 bytes>,<80000 bytes>]`,
		`{"file":"data:image/png;base64,` + long + `"}`:            `{"file":<80002 bytes>}`,
		`"[CQ:image,file=base64://` + long + `,cache=0]hi"`:        `"[CQ:image,file=<80002 bytes>,cache=0]hi"`,
		`"[CQ:image,file=base64://` + long + `]"`:                  `"[CQ:image,file=<80002 bytes>]"`,
		`"[CQ:image,file=data:image/png;base64&#44;` + long + `]"`: `"[CQ:image,file=<80002 bytes>]"`,
		`{"file":"base64://` + short + `"}`:                        `{"file":"base64://` + short + `"}`,
		`{"file":"base64://` + long + `!"}`:                        `{"file":"base64://` + long + `!"}`,
		`{"file":"base64://` + long + long + `"}`:                  `{"file":"base64://` + long + long + `"}`,  // padding within
		`{"file":"base64://` + long[:65541] + `"}`:                 `{"file":"base64://` + long[:65541] + `"}`, // a character too many
		`{"file":"` + long + `"}`:                                  `{"file":"` + long + `"}`,
		`{"data:":"x","y":"a;base64,` + long + `"}`:                `{"data:":"x","y":"a;base64,` + long + `"}`,
		`{"file":"base64:// then ` + long + `"}`:                   `{"file":"base64:// then ` + long + `"}`,
	} {
		k := kept{files: map[string]string{}}
		out := spool([]byte(in), k.keep)
		if got := k.back(t, out); got != want || !json.Valid(out) {
			t.Errorf("%.60s: got %.200s, want %.200s", in, got, want)
		}
		for _, content := range k.files {
			if content != string(raw) && content != string(raw)+"\x01\x01" {
				t.Errorf("%.60s: the bytes are others", in)
			}
		}
	}
	in := []byte(`{"file":"base64://` + long + `"}`)
	if out := spool(in, func(io.Reader) (*media.Cached, error) { return nil, errors.New("disk full") }); !bytes.Equal(in, out) {
		t.Errorf("with a full disk: %.60s", out)
	}
}

func FuzzSpool(f *testing.F) {
	long := strings.Repeat("QUJD", spoolFrom/4+1)
	f.Add(`{"file":"base64://`, `"}`)
	f.Add(`{"file":"data:a;base64,`, `==\n"}`)
	f.Add(`"[CQ:image,file=base64:\/\/`, `]"`)
	f.Add(`["`, `base64"]`)
	f.Fuzz(func(t *testing.T, before, after string) {
		in := []byte(before + long + after)
		k := kept{files: map[string]string{}}
		out := spool(in, k.keep)
		if json.Valid(in) && !json.Valid(out) {
			t.Errorf("%q ... %q becomes %q", before, after, out)
		}
		if len(k.files) == 0 && !bytes.Equal(in, out) {
			t.Errorf("%q ... %q is changed", before, after)
		}
	})
}

// TestLargeRequestsLeaveMemory: while a picture waits, its base64 takes neither memory nor
// the budget.
func TestLargeRequestsLeaveMemory(t *testing.T) {
	s, _, _ := mediaDialect(t)
	sending, goOn := make(chan message.Content), make(chan struct{})
	s.account.deliver = func(_ context.Context, chat message.Chat, c message.Content) (*message.Message, error) {
		sending <- c
		<-goOn
		return &message.Message{Chat: chat, Sequence: 1, Time: testTime, Content: c}, nil
	}
	frame := []byte(`{"action":"send_group_msg","params":{"group_id":5,"message":[{"type":"image","data":{"file":"base64://` + strings.Repeat("QUJD", 1<<20) + `"}}]},"echo":{"a":1}}`)
	freed := make(chan struct{})
	runtime.AddCleanup(&frame[0], func(freed chan struct{}) { close(freed) }, freed)
	call := s.Frame(gateway.Line{Requests: true}, frame)
	frame = nil
	if call.Chat != "group 5" || !call.Upload || call.Keeps == 0 || call.Keeps > 1000 {
		t.Errorf("it goes to %q and keeps %d bytes", call.Chat, call.Keeps)
	}
	answered := make(chan gateway.Answer)
	go func() { answered <- call.Run(context.Background(), gateway.Hold{}) }()
	c := <-sending
	if source := c[0].(*message.ImageSegment).Source; !strings.HasPrefix(source.(namedSource).Written, "file:///") {
		t.Errorf("the source is %+v", source)
	}
	runtime.GC()
	runtime.GC()
	select {
	case <-freed:
	case <-time.After(5 * time.Second):
		t.Error("the request is kept in memory")
	}
	close(goOn)
	if answer := <-answered; !strings.Contains(string(answer.Body), `"status":"ok"`) || !strings.Contains(string(answer.Body), `"echo":{"a":1}`) {
		t.Errorf("got %s", answer.Body)
	}
}
