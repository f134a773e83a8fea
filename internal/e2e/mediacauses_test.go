package e2e

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"libration/onebot"
	"libration/sandbox"
	"libration/sandbox/fault"
)

// TestMediaCauses: why a picture of a bot was not sent has one code, and a text in both
// languages that names the step and the block.
func TestMediaCauses(t *testing.T) {
	t.Parallel()
	inline := func(b []byte) string { return "base64://" + base64.StdEncoding.EncodeToString(b) }
	good := inline(newPicture(3<<20+5, 77))
	for i, tt := range []struct {
		fault, file  string
		code, en, zh string
	}{
		{"upload-refused", good, "UPLOAD_FAILED", "the upload broke off: block 4 of 4: refused with code 83/198: the service", "上传中断：第 4 块（共 4 块）：被拒绝，代码 83/198：服务器"},
		{"upload-reset", good, "UPLOAD_FAILED", "the upload broke off: block ", "上传中断：第 "},
		{"upload-silent", good, "UPLOAD_FAILED", " of 4: the service did not answer in time", "块（共 4 块）：服务器响应超时"},
		{"upload-slow:delay=1h", good, "UPLOAD_FAILED", " of 4: the service did not answer in time", "块（共 4 块）：服务器响应超时"},
		{"upload-expired", good, "UPLOAD_FAILED", " of 4: refused with code 1/0", "块（共 4 块）：被拒绝，代码 1/0"},
		{"", "file:///no/such.png", "DOWNLOAD_FILE_ERROR", "the bytes cannot be had: there is no file /no/such.png", "无法取得内容：libration 所在的机器上没有文件"},
		{"", "http://127.0.0.1:8080/none.png", "DOWNLOAD_FILE_ERROR", "the bytes cannot be had: the server answered HTTP 404", "无法取得内容：服务器返回 HTTP 404"},
		{"", inline([]byte("no picture")), "MEDIA_FORMAT", "the medium cannot be used: this is no picture", "内容无法使用：不是可识别的图片"},
		{"", inline(newPicture(31<<20, 78)), "MEDIA_TOO_LARGE", "media.limits.image", "media.limits.image"},
	} {
		t.Run(fmt.Sprintf("%d %s", i, tt.fault), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				s, from, _ := mediaPair(t, sandbox.Options{})
				if tt.fault != "" {
					f, err := fault.Parse(tt.fault)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := s.Faults().Add(f); err != nil {
						t.Fatal(err)
					}
				}
				b := newMediaBot(t, s, from)
				for language, want := range map[onebot.Language]string{onebot.English: tt.en, onebot.Chinese: tt.zh} {
					b.spoken = language
					b.begin()
					r := b.calls(b.Dialect)("send_group_msg", fmt.Sprintf(`{"group_id":%d,"message":[{"type":"image","data":{"file":%q}}]}`, group, tt.file))
					if r.RetCode != onebot.RetFailed || r.Msg != tt.code || !strings.Contains(r.Wording, want) {
						t.Errorf("%s: got %d %s %q, want %s %q", language, r.RetCode, r.Msg, r.Wording, tt.code, want)
					}
				}
				if there := s.World().History().OfGroup(group, 1, 100); len(there) != 0 {
					t.Errorf("got %d messages, want none", len(there))
				}
			})
		})
	}
}
