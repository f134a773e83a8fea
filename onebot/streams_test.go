package onebot

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libration/gateway"
	"libration/gateway/inbox"
)

// streamDialect is a mediaDialect that takes files of up to 1000 bytes.
func streamDialect(t *testing.T) (*testDialect, *inbox.Inbox) {
	t.Helper()
	return dialectTaking(t, 1000)
}

// dialectTaking is a mediaDialect that takes files of up to so many bytes.
func dialectTaking(t testing.TB, most int64) (*testDialect, *inbox.Inbox) {
	t.Helper()
	s, _, _ := mediaDialect(t)
	box, err := inbox.Open(inbox.Options{Folder: filepath.Join(t.TempDir(), "uploads"), MaxSize: most, MaxTotal: most * 5 / 2, Keep: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	s.account.inbox = box
	return s, box
}

// frames calls an action and returns all its responses as they go out.
func frames(t *testing.T, s *testDialect, action, params string) (all []map[string]any) {
	t.Helper()
	add := func(b []byte) {
		var frame map[string]any
		if err := json.Unmarshal(b, &frame); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		all = append(all, frame)
	}
	call := s.Frame(gateway.Line{Requests: true}, fmt.Appendf(nil, `{"action":%q,"params":%s,"echo":{"a":1}}`, action, params))
	if call.Frames == nil {
		add(call.Run(t.Context(), gateway.Hold{}).Body)
		return all
	}
	last := call.Frames(t.Context(), gateway.Hold{}, func(frame []byte) error {
		add(frame)
		return nil
	})
	add(last.Body)
	return all
}

func dataOf(frame map[string]any) map[string]any {
	data, _ := frame["data"].(map[string]any)
	return data
}

// TestUploadStream takes a file in chunks; it can be sent then, by address and by path.
func TestUploadStream(t *testing.T) {
	s, _ := streamDialect(t)
	content := bytes.Repeat([]byte("0123456789"), 25)
	chunk := func(i int) string {
		return base64.StdEncoding.EncodeToString(content[i*100 : min(len(content), (i+1)*100)])
	}
	for n, i := range []int{1, 0, 2} {
		all := frames(t, s, "upload_file_stream", fmt.Sprintf(`{"stream_id":"a b/../c","chunk_data":%q,"chunk_index":%d,"total_chunks":3,"file_size":250,"filename":"报告.txt"}`, chunk(i), i))
		data := dataOf(all[0])
		if len(all) != 1 || all[0]["stream"] != "stream-action" || all[0]["echo"] == nil || data["type"] != "stream" || data["status"] != "chunk_received" || data["received_chunks"] != float64(n+1) || data["total_chunks"] != float64(3) || data["stream_id"] != "a b/../c" {
			t.Fatalf("chunk %d: got %v", i, all)
		}
	}
	state := dataOf(frames(t, s, "upload_file_stream", `{"stream_id":"a b/../c","verify_only":true}`)[0])
	if state["status"] != "stream_status" || state["received_chunks"] != float64(3) || state["missing_chunk"] != nil {
		t.Errorf("got %v", state)
	}
	done := dataOf(frames(t, s, "upload_file_stream", fmt.Sprintf(`{"stream_id":"a b/../c","is_complete":true,"expected_sha256":"%x"}`, sha256.Sum256(content)))[0])
	path, _ := done["file_path"].(string)
	uri, _ := done["file"].(string)
	if done["type"] != "response" || done["status"] != "file_complete" || done["file_size"] != float64(250) || done["filename"] != "报告.txt" || done["sha256"] != fmt.Sprintf("%x", sha256.Sum256(content)) || !strings.HasPrefix(uri, "upload://") {
		t.Fatalf("got %v", done)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
		t.Errorf("got %q, %v", got, err)
	}
	for _, file := range []string{uri, path, "file://" + path} {
		all := frames(t, s, "download_file_stream", fmt.Sprintf(`{"file":%q}`, file))
		if got := downloaded(t, all, "报告.txt"); !bytes.Equal(got, content) {
			t.Errorf("%s: got %q", file, got)
		}
	}
	if got := answered[cleanResult](t, s, "clean_stream_temp_file", `{}`); got.Message != "success" {
		t.Errorf("got %+v", got)
	}
	if r := call(t, s, "download_file_stream", fmt.Sprintf(`{"file":%q}`, uri)); r.Msg != noUpload.Code {
		t.Errorf("cleaned: got %+v", r)
	}
	for _, action := range []string{"send_group_msg", "send_private_msg"} {
		r := call(t, s, action, fmt.Sprintf(`{"group_id":%d,"user_id":%d,"message":[{"type":"image","data":{"file":"upload://gone"}}]}`, groupCode, friendUIN))
		if r.RetCode != RetFailed || r.Msg != noUpload.Code {
			t.Errorf("sent when it is gone: got %+v", r)
		}
	}
}

// downloaded checks the frames of a download and returns the bytes.
func downloaded(t *testing.T, all []map[string]any, name string) (content []byte) {
	t.Helper()
	info, last := dataOf(all[0]), dataOf(all[len(all)-1])
	if info["type"] != "stream" || info["data_type"] != "file_info" || info["file_name"] != name {
		t.Errorf("got the first frame %v", all[0])
	}
	for i, frame := range all[1 : len(all)-1] {
		data := dataOf(frame)
		part, err := base64.StdEncoding.DecodeString(data["data"].(string))
		if err != nil || data["type"] != "stream" || data["data_type"] != "file_chunk" || data["index"] != float64(i) || data["size"] != float64(len(part)) || data["base64_size"] != float64(len(data["data"].(string))) {
			t.Errorf("got %v, %v", frame, err)
		}
		content = append(content, part...)
	}
	for _, frame := range all {
		if frame["status"] != "ok" || frame["stream"] != "stream-action" || fmt.Sprint(frame["echo"]) != "map[a:1]" {
			t.Errorf("got %v", frame)
		}
	}
	if last["type"] != "response" || last["data_type"] != "file_complete" || last["total_chunks"] != float64(len(all)-2) || last["total_bytes"] != float64(len(content)) || info["file_size"] != float64(len(content)) ||
		last["sha256"] != fmt.Sprintf("%x", sha256.Sum256(content)) {
		t.Errorf("got the last frame %v of %d bytes, the first %v", last, len(content), info)
	}
	return content
}

func TestUploadStreamRefused(t *testing.T) {
	s, _ := streamDialect(t)
	for _, c := range []struct {
		params string
		code   string
		text   string
	}{
		{`{"chunk_data":"AAAA"}`, wrongParams.Code, "stream_id"},
		{`{"stream_id":"a"}`, wrongParams.Code, "chunk_data"},
		{`{"stream_id":"a","chunk_data":"A*AA"}`, wrongParams.Code, "the base64 is damaged"},
		{`{"stream_id":"a","chunk_data":"AAAA","chunk_index":-1}`, wrongParams.Code, "chunk_index"},
		{`{"stream_id":"a","chunk_data":"AAAA","total_chunks":99999999999}`, wrongParams.Code, "total_chunks"},
		{`{"stream_id":"a","chunk_data":"AAAA","chunk_index":3,"total_chunks":3}`, wrongParams.Code, "number 3 of 3"},
		{`{"stream_id":"a","chunk_data":"AAAA","expected_sha256":"00"}`, wrongParams.Code, "expected_sha256"},
		{`{"stream_id":"a","chunk_data":"AAAA","file_retention":-1}`, wrongParams.Code, "file_retention"},
		{`{"stream_id":"a","chunk_data":"AAAA","file_size":1001}`, mediaTooLarge.Code, "media.uploads.max_size"},
		{`{"stream_id":"a","verify_only":true}`, noStream.Code, "no such stream"},
		{`{"stream_id":"a","is_complete":true}`, noStream.Code, "no such stream"},
		{`{"stream_id":"a","chunk_data":"AAAA","chunk_index":1,"total_chunks":2,"is_complete":true}`, streamGaps.Code, "number 0 of 2"},
		{`{"stream_id":"a","chunk_data":"AAAA","file_size":5,"total_chunks":2,"is_complete":true}`, streamDiffers.Code, "6 bytes, not 5"},
	} {
		all := frames(t, s, "upload_file_stream", c.params)
		r := all[0]
		if len(all) != 1 || r["status"] != "failed" || r["msg"] != c.code || !strings.Contains(fmt.Sprint(r["message"]), c.text) || fmt.Sprint(r["data"]) != "map[data_type:error type:error]" || r["stream"] != "stream-action" {
			t.Errorf("%s: got %v", c.params, all)
		}
	}
	frames(t, s, "upload_file_stream", `{"stream_id":"a","chunk_data":"AAAA","total_chunks":2}`)
	reset := dataOf(frames(t, s, "upload_file_stream", `{"stream_id":"a","reset":true}`)[0])
	if reset["status"] != "stream_reset" {
		t.Errorf("got %v", reset)
	}
	again := dataOf(frames(t, s, "upload_file_stream", `{"stream_id":"a","chunk_data":"","reset":true,"is_complete":true}`)[0])
	if again["status"] != "file_complete" || again["received_chunks"] != float64(1) { // an empty file
		t.Errorf("got %v", again)
	}
	s.account.inbox = nil
	for _, action := range []string{"upload_file_stream", "clean_stream_temp_file"} {
		if r := call(t, s, action, `{"stream_id":"a","chunk_data":"AAAA"}`); r.Msg != noFiles.Code {
			t.Errorf("%s without an inbox: got %+v", action, r)
		}
	}
}

func TestDownloadStream(t *testing.T) {
	s, _ := streamDialect(t)
	for _, c := range []struct{ action, params, name, content string }{
		{"download_file_stream", fmt.Sprintf(`{"file_id":%q}`, name(3)+".mp4"), name(3) + ".mp4", "GIF89a medium " + strings.ToLower(name(3))},
		{"download_file_image_stream", fmt.Sprintf(`{"file":%q,"chunk_size":1}`, name(1)), name(1) + ".jpg", "GIF89a medium " + strings.ToLower(name(1))},
		{"download_file_record_stream", fmt.Sprintf(`{"file":%q}`, name(2)), name(2) + ".amr", "GIF89a medium " + strings.ToLower(name(2))},
		{"download_file_stream", fmt.Sprintf(`{"file":"https://a/%s","chunk_size":"1024"}`, strings.Repeat("b", 3000)), "a.gif", "GIF89ahttps://a/" + strings.Repeat("b", 3000)},
	} {
		all := frames(t, s, c.action, c.params)
		if got := downloaded(t, all, c.name); string(got) != c.content {
			t.Errorf("%s %s: got %q", c.action, c.params, got)
		}
		if want := 2 + (len(c.content)+1023)/1024; len(all) != want {
			t.Errorf("%s: %d frames, want %d", c.action, len(all), want)
		}
	}
	image := dataOf(frames(t, s, "download_file_image_stream", fmt.Sprintf(`{"file":%q}`, name(1)))[0])
	if image["width"] == nil || image["height"] == nil {
		t.Errorf("a picture without its size: %v", image)
	}
	for _, c := range []struct{ action, params, code string }{
		{"download_file_stream", `{}`, wrongParams.Code},
		{"download_file_stream", `{"file":"upload://none"}`, noUpload.Code},
		{"download_file_stream", `{"file":"/etc/passwd"}`, noMedium.Code},
		{"download_file_image_stream", fmt.Sprintf(`{"file":%q}`, name(2)), wrongParams.Code},
		{"download_file_record_stream", fmt.Sprintf(`{"file":%q,"out_format":"exe"}`, name(2)), wrongParams.Code},
	} {
		all := frames(t, s, c.action, c.params)
		if len(all) != 1 || all[0]["msg"] != c.code || all[0]["stream"] != "stream-action" {
			t.Errorf("%s %s: got %v", c.action, c.params, all)
		}
	}
}

// TestDownloadChunks: however large a caller wants the chunks, little is in memory.
func TestDownloadChunks(t *testing.T) {
	s, _ := streamDialect(t)
	box, err := inbox.Open(inbox.Options{Folder: filepath.Join(t.TempDir(), "uploads"), MaxSize: 1 << 20, MaxTotal: 1 << 20, Keep: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	s.account.inbox = box
	content := bytes.Repeat([]byte("0123456789abcdef"), 40<<10) // 640 KiB
	f, err := box.Receive("a.bin", bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	all := frames(t, s, "download_file_stream", fmt.Sprintf(`{"file":%q,"chunk_size":1048576}`, f.URI()))
	if got := downloaded(t, all, "a.bin"); !bytes.Equal(got, content) {
		t.Errorf("got %d bytes", len(got))
	}
	if n := len(all) - 2; n != 3 || dataOf(all[0])["chunk_size"] != float64(256<<10) || dataOf(all[1])["size"] != float64(256<<10) {
		t.Errorf("got %d chunks, the first %v of %v", n, dataOf(all[1])["size"], dataOf(all[0]))
	}
}

// A caller that takes no more ends the download; one that takes a single answer gets none.
func TestStreamNotTaken(t *testing.T) {
	s, _ := streamDialect(t)
	params := fmt.Sprintf(`{"file":%q}`, name(1))
	request, err := ParseRequest(fmt.Appendf(nil, `{"action":"download_file_stream","params":%s}`, params))
	if err != nil {
		t.Fatal(err)
	}
	gone, sent := errors.New("the caller is gone"), 0
	request.Send = func(*Response) error {
		sent++
		return gone
	}
	if r := s.Call(t.Context(), request); r.RetCode != RetFailed || sent != 1 {
		t.Errorf("got %+v after %d frames", r, sent)
	}
	if r := call(t, s, "download_file_stream", params); r.RetCode != RetFailed || !strings.Contains(r.Message, "several frames") {
		t.Errorf("got %+v", r)
	}
	if r := call(t, s, "download_file_stream_async", params); r.RetCode != RetAsync {
		t.Errorf("got %+v", r)
	}
}

func TestTestStream(t *testing.T) {
	s, _ := streamDialect(t)
	for params, last := range map[string]string{`{}`: "data_complete", `{"error":true}`: "error"} {
		all := frames(t, s, "test_download_stream", params)
		if len(all) != 11 || dataOf(all[10])["data_type"] != last || dataOf(all[0])["data"] != "Index-> 1" || all[10]["stream"] != "stream-action" {
			t.Errorf("%s: got %v", params, all)
		}
	}
}

// form is a request with parts: of files by their names, of fields by "".
func uploadRequest(parts ...[2]string) *http.Request {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for i, p := range parts {
		w, err := form.CreateFormField(fmt.Sprint("field", i))
		if p[0] != "" {
			w, err = form.CreateFormFile("file", p[0])
		}
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(w, p[1])
	}
	_ = form.Close()
	r := httptest.NewRequest(http.MethodPost, "/upload", &b)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return r
}

func TestUpload(t *testing.T) {
	s, box := streamDialect(t)
	take := func(r *http.Request) (status int, answer map[string]any) {
		t.Helper()
		got := s.Route(r).Take(r.Body)
		if err := json.Unmarshal(got.Body, &answer); err != nil {
			t.Fatalf("%s: %v", got.Body, err)
		}
		return got.Status, answer
	}
	status, answer := take(uploadRequest([2]string{"", "note"}, [2]string{"../图 1.png", "hello"}, [2]string{"", "x"}))
	data := dataOf(answer)
	if status != http.StatusOK || answer["retcode"] != float64(0) || data["file"] != data["file_id"] || data["name"] != "图 1.png" || data["size"] != float64(5) || data["sha256"] != fmt.Sprintf("%x", sha256.Sum256([]byte("hello"))) {
		t.Fatalf("got %d, %v", status, answer)
	}
	if got, err := os.ReadFile(data["path"].(string)); err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
	if got := downloaded(t, frames(t, s, "download_file_stream", fmt.Sprintf(`{"file":%q}`, data["file"])), "图 1.png"); string(got) != "hello" {
		t.Errorf("got %q", got)
	}
	broken := uploadRequest([2]string{"a", strings.Repeat("x", 500)})
	broken.Body = io.NopCloser(io.LimitReader(broken.Body, 300))
	typeless, announced := uploadRequest([2]string{"a", "b"}), uploadRequest([2]string{"a", "b"})
	typeless.Header.Set("Content-Type", "application/json")
	announced.ContentLength = 3 << 20
	many := make([][2]string, mostParts+1)
	for name, c := range map[string]struct {
		r      *http.Request
		status int
		text   string
	}{
		"no file":   {uploadRequest([2]string{"", "a"}), http.StatusBadRequest, "the form has no file"},
		"two files": {uploadRequest([2]string{"a", "1"}, [2]string{"b", "2"}), http.StatusBadRequest, "one file at a time"},
		"long text": {uploadRequest([2]string{"a", "1"}, [2]string{"", strings.Repeat("x", mostField+1)}), http.StatusBadRequest, "longer than 4096 bytes"},
		"parts":     {uploadRequest(many...), http.StatusBadRequest, "more than 32 parts"},
		"too large": {uploadRequest([2]string{"a", strings.Repeat("x", 1001)}), http.StatusRequestEntityTooLarge, "media.uploads.max_size"},
		"announced": {announced, http.StatusRequestEntityTooLarge, "media.uploads.max_size"},
		"cut off":   {broken, http.StatusBadRequest, "the form cannot be read: "},
		"no form":   {typeless, http.StatusNotAcceptable, "curl -F file=@NAME"},
	} {
		status, answer := take(c.r)
		if status != c.status || answer["status"] != "failed" || !strings.Contains(fmt.Sprint(answer["message"]), c.text) {
			t.Errorf("%s: got %d, %v", name, status, answer)
		}
		if said := fmt.Sprint(answer["message"]); strings.Contains(said, "operation failed") {
			t.Errorf("%s: %q does not begin with what is wrong", name, said)
		}
	}
	if all, err := os.ReadDir(box.Folder()); err != nil || len(all) != 1 {
		t.Errorf("%d files stay, %v", len(all), err)
	}
	for _, r := range []*http.Request{httptest.NewRequest(http.MethodGet, "/upload", nil), httptest.NewRequest(http.MethodPost, "/uploads", nil)} {
		if s.Route(r).Take != nil {
			t.Errorf("%s %s is an upload", r.Method, r.URL)
		}
	}
	s.account.inbox = nil
	if s.Route(uploadRequest()).Take != nil {
		t.Error("an upload without an inbox")
	}
}

// TestUploadHeads: what stands around the content of parts is bounded. It is kept in memory,
// or could go on for ever.
func TestUploadHeads(t *testing.T) {
	s, box := streamDialect(t)
	const part = "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n"
	for name, c := range map[string]struct {
		before string
		line   string // comes again and again
	}{
		"a long line":   {part, "X: " + strings.Repeat("x", 1<<20)},
		"many lines":    {part, "X: x\r\n"},
		"the preamble":  {"", "hello\r\n"},
		"after a field": {"--b\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nx\r\n" + part, "Y: y\r\n"},
	} {
		endless := strings.NewReader(strings.Repeat(c.line, 1+8<<20/len(c.line)))
		most := endless.Len() // of a form that is not broken off
		r := httptest.NewRequest(http.MethodPost, "/upload", io.MultiReader(strings.NewReader(c.before), endless))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		got := s.Route(r).Take(r.Body)
		if read := most - endless.Len(); got.Status != http.StatusBadRequest || read > 64<<10 || !strings.Contains(string(got.Body), "where a part begins") {
			t.Errorf("%s: got %d %s after %d bytes", name, got.Status, got.Body, read)
		}
	}
	if all, err := os.ReadDir(box.Folder()); err != nil || len(all) != 0 {
		t.Errorf("%d files stay, %v", len(all), err)
	}
}

// FuzzUpload: whatever a form holds, nothing panics and the sizes stay within their bounds.
func FuzzUpload(f *testing.F) {
	f.Add("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n--b--\r\n")
	f.Add("--b\r\nContent-Disposition: form-data; filename*=UTF-8''%2e%2e%2fa\r\n\r\n")
	f.Fuzz(func(t *testing.T, body string) {
		box, err := inbox.Open(inbox.Options{Folder: filepath.Join(t.TempDir(), "u"), MaxSize: 10, MaxTotal: 20, Keep: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		d := &Dialect{actions: &actions{account: &account{inbox: box}}}
		r := httptest.NewRequest(http.MethodPost, "/upload", strings.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		file, _, err := d.receive(r, r.Body)
		all, _ := os.ReadDir(box.Folder())
		if (file == nil) == (err == nil) || file != nil && (file.Size > 10 || file.Name == "" || strings.ContainsAny(file.Name, "/\\\x00")) || (file == nil) != (len(all) == 0) {
			t.Errorf("%q: got %+v, %v, %d files", body, file, err, len(all))
		}
	})
}
