package onebot

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

// answered decodes a result.
func answered[R any](t *testing.T, s *testDialect, action, params string) R {
	t.Helper()
	r := call(t, s, action, params)
	if r.RetCode != RetOK {
		t.Fatalf("%s %s: got %+v", action, params, r)
	}
	var result R
	b, err := json.Marshal(r.Data)
	if err == nil {
		err = json.Unmarshal(b, &result)
	}
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestGetMedia(t *testing.T) {
	s, _, files := mediaDialect(t)
	link := s.account.writer.links.URL(strings.ToLower(name(1)))
	for _, c := range []struct{ action, file, param, name, url, content string }{
		{"get_image", name(1) + ".jpg", "file", name(1) + ".jpg", link, "GIF89a medium " + strings.ToLower(name(1))},
		{"get_image", strings.ToLower(name(1)) + ".image", "file", name(1) + ".jpg", link, "GIF89a medium " + strings.ToLower(name(1))},
		{"get_image", link, "file", name(1) + ".jpg", link, "GIF89a medium " + strings.ToLower(name(1))},
		{"get_image", "https://a/b", "file", "a.gif", "https://a/b", "GIF89ahttps://a/b"},
		{"get_record", name(2) + ".amr", "file", name(2) + ".amr", "", "GIF89a medium " + strings.ToLower(name(2))},
		{"get_file", name(3) + ".mp4", "file_id", name(3) + ".mp4", "", "GIF89a medium " + strings.ToLower(name(3))},
		{"get_file", name(1), "file", name(1) + ".jpg", link, "GIF89a medium " + strings.ToLower(name(1))},
	} {
		got := answered[fileResult](t, s, c.action, fmt.Sprintf(`{%q:%q,"base64":true}`, c.param, c.file))
		content, err := os.ReadFile(got.File)
		if err != nil || string(content) != c.content || got.Base64 != base64.StdEncoding.EncodeToString(content) {
			t.Errorf("%s %s: the file has %q, %v, base64 %s; want %q", c.action, c.file, content, err, got.Base64, c.content)
		}
		if got.FileName != c.name || got.Filename != c.name || c.url != "" && got.URL != c.url || !strings.HasPrefix(got.File, files.folder) {
			t.Errorf("%s %s: got %+v", c.action, c.file, got)
		}
		if bare := answered[fileResult](t, s, c.action, fmt.Sprintf(`{%q:%q}`, c.param, c.file)); bare.Base64 != "" {
			t.Errorf("%s %s: base64 that nobody asked for", c.action, c.file)
		}
	}
}

func TestGetMediaRefused(t *testing.T) {
	s, _, _ := mediaDialect(t)
	bare, _, _ := newTestDialect(t)
	bare.Remember(message.Content{knownImage()})
	for _, c := range []struct {
		s              *testDialect
		action, params string
		want           string
	}{
		{s, "get_image", `{}`, `BAD_PARAMS parameter "file" is missing`},
		{s, "get_image", `{"file":"a.jpg"}`, `MEDIA_NOT_FOUND no picture`},
		{s, "get_file", `{"file":"/etc/passwd"}`, `MEDIA_NOT_FOUND no picture`},
		{s, "get_file", `{"file":"../../keystore.json"}`, `MEDIA_NOT_FOUND no picture`},
		{s, "get_file", `{"file":"file:///etc/passwd"}`, `MEDIA_NOT_FOUND no picture`},
		{s, "get_image", `{"file":"` + name(2) + `.amr"}`, `BAD_PARAMS parameter "file" is the name of another kind of medium (record)`},
		{s, "get_record", `{"file":"` + name(1) + `.jpg","out_format":"mp3"}`, `BAD_PARAMS parameter "file" is the name of another kind of medium (image)`},
		{s, "get_record", `{"file":"` + name(2) + `.amr","out_format":"exe"}`, `BAD_PARAMS parameter "out_format" must be "mp3" or "amr"`},
		{s, "get_record", `{"file":"` + name(2) + `.amr","out_format":"mp3"}`, `MEDIA_FORMAT the format`},
		{s, "get_image", `{"file":"http://a/gone"}`, `DOWNLOAD_FILE_ERROR the operation failed: HTTP 404`},
		{bare, "get_image", `{"file":"` + name(1) + `.jpg"}`, `MEDIA_NOT_FOUND this program opens no files`},
		{bare, "get_image", `{"file":"http://a"}`, `MEDIA_NOT_FOUND this program opens no files`},
		{bare, "download_file", `{"base64":"AAAA"}`, `MEDIA_NOT_FOUND this program opens no files`},
		{s, "download_file", `{}`, `BAD_PARAMS parameter "url" is missing`},
		{s, "download_file", `{"url":"file:///etc/passwd"}`, `BAD_PARAMS parameter "url" must begin with http:// or https://`},
		{s, "download_file", `{"url":"http://a","headers":["x"]}`, `BAD_PARAMS parameter "headers" must have lines like Name=value`},
		{s, "download_file", `{"url":"http://a","headers":{"a":"b"}}`, `BAD_PARAMS parameter "headers" must be a text`},
		{s, "download_file", `{"url":"http://a","headers":[{}]}`, `BAD_PARAMS parameter "headers[0]" must be a text`},
		{s, "upload_image", `{"file":"a.jpg"}`, `MEDIA_NOT_FOUND no picture`},
	} {
		r := call(t, c.s, c.action, c.params)
		if got := r.Msg + " " + r.Message; !strings.HasPrefix(got, c.want) {
			t.Errorf("%s %s: got %s, want %s", c.action, c.params, got, c.want)
		}
	}
	if _, err := s.account.result(&media.Cached{Path: "x", Size: mostBase64 + 1}, "", "", true); err == nil || explain(err, apiError).code != "MEDIA_TOO_LARGE" {
		t.Errorf("too much base64: %v", err)
	}
}

func TestDownloadFile(t *testing.T) {
	s, _, _ := mediaDialect(t)
	got := answered[fileResult](t, s, "download_file", `{"url":"http://a/b","thread_count":4,"name":"../../x.png"}`)
	if content, err := os.ReadFile(got.File); err != nil || string(content) != "GIF89ahttp://a/b" || got.FileName != "x.png" || !strings.HasSuffix(got.File, "cached") {
		t.Errorf("got %+v with %q, %v", got, content, err)
	}
	for _, in := range []string{"aGVsbG8=", "base64://aGVsbG8="} {
		got := answered[fileResult](t, s, "download_file", `{"base64":"`+in+`"}`)
		if content, err := os.ReadFile(got.File); err != nil || string(content) != "base64://aGVsbG8=" { // as fakeFiles open it
			t.Errorf("%s: got %+v with %q, %v", in, got, content, err)
		}
	}
}

// TestHeaders: both forms of go-cqhttp's clients.
func TestHeaders(t *testing.T) {
	for in, want := range map[string]http.Header{
		`["User-Agent=a b","Referer=https://x/?a=b"]`: {"User-Agent": {"a b"}, "Referer": {"https://x/?a=b"}},
		`"User-Agent=a\r\nReferer: https://x/\r\n"`:   {"User-Agent": {"a"}, "Referer": {"https://x/"}},
		`["a=1","a=2"]`: {"A": {"1", "2"}},
		`[]`:            nil, `""`: nil,
	} {
		a := &args{}
		if got := a.headers("headers", value{json: json.RawMessage(in)}); a.err != nil || !cmp.Equal(got.values, want) {
			t.Errorf("%s: got %v, %v, want %v", in, got.values, a.err, want)
		}
	}
}

// TestMediaFailures: each reason has its code, and a text that says the step and why, in
// both languages.
func TestMediaFailures(t *testing.T) {
	said := text.Errorf("why", "原因")
	for _, c := range []struct {
		err          error
		code, en, zh string
	}{
		{&media.StepError{Step: media.StepFetch, Err: said}, "DOWNLOAD_FILE_ERROR", "the bytes cannot be had: why", "无法取得内容：原因"},
		{&media.StepError{Step: media.StepConvert, Err: fmt.Errorf("%w: %w", media.ErrFormat, said)}, "MEDIA_FORMAT", "the medium cannot be used: ", "内容无法使用："},
		{&media.StepError{Step: media.StepFetch, Err: errors.Join(said, media.ErrTooLarge)}, "MEDIA_TOO_LARGE", "the bytes cannot be had: ", "无法取得内容："},
		{&media.StepError{Step: media.StepFetch, Err: errors.Join(said, media.ErrForbidden)}, "FILE_REFUSED", "the bytes cannot be had: ", "无法取得内容："},
		{&media.StepError{Step: media.StepFetch, Err: &media.AddressError{Host: "a", Private: true}}, "ADDRESS_REFUSED", "media.allow_private", "media.allow_private"},
		{&media.AddressError{Host: "a", Private: true}, "ADDRESS_REFUSED", "media.allow_private", "media.allow_private"},
		{&media.StepError{Step: media.StepReserve, Err: &ntqq.ServerError{Code: 5, Message: "no"}}, "UPLOAD_FAILED", "the service takes no upload: the server refused, code 5: no", "服务器未接受上传：服务器拒绝了操作，代码 5：no"},
		{&media.StepError{Step: media.StepBlock, Err: said}, "UPLOAD_FAILED", "the upload broke off: why", "上传中断：原因"},
		{&media.StepError{Step: media.StepBlock, Err: ntqq.ErrOffline}, "ACCOUNT_OFFLINE", "the upload broke off: the account is not online", "上传中断：账号不在线"},
		{&media.StepError{Step: media.StepReserve, Err: ntqq.ErrNotSent}, "MESSAGE_NOT_SENT", "the service takes no upload: the message was not sent", "服务器未接受上传：消息未发送"},
		{&media.StepError{Step: media.StepSend, Err: said}, "UPLOAD_FAILED", "the upload was not finished: why", "上传未完成：原因"},
		{&media.StepError{Step: media.StepHash, Err: said}, "UPLOAD_FAILED", "the medium cannot be measured: why", "内容无法读取：原因"},
	} {
		for l, want := range map[Language]string{English: c.en, Chinese: c.zh} {
			s := newDialect(Options{Language: l}, &fakeStore{})
			for _, err := range []error{c.err, &message.SegmentError{Segment: &message.ImageSegment{}, Err: c.err}} {
				s.account.deliver = failingWith(err)
				r := call(t, s, "send_group_msg", `{"group_id":5,"message":"x"}`)
				if r.RetCode != RetFailed || r.Msg != c.code || !strings.Contains(r.Wording, want) {
					t.Errorf("%v in %s: got %s %q, want %s %q", err, l, r.Msg, r.Wording, c.code, want)
				}
			}
		}
	}
}
