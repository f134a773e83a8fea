package onebot

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"libration/gateway"
	"libration/gateway/inbox"
	"libration/internal/text"
)

// Limits of an upload besides those of the inbox.
const (
	mostParts   = 32       // of the form
	mostField   = 4 << 10  // bytes of a field that is no file
	mostHead    = 16 << 10 // bytes from the end of one part to the content of the next
	uploadExtra = 1 << 20  // of the request, besides the file
)

// isUpload tells whether a request is POST /upload.
func isUpload(r *http.Request) bool { return strings.TrimSuffix(r.URL.Path, "/") == "/upload" }

// uploadResult is the answer to POST /upload.
type uploadResult struct {
	File    string `json:"file"`
	ID      string `json:"file_id"`
	Path    string `json:"path"`
	Name    string `json:"name"`
	Size    int64  `json:"size"`
	SHA256  string `json:"sha256"`
	Expires int64  `json:"expires"`
}

// upload takes the file of a form, multipart/form-data, as it comes.
func (d *Dialect) upload(r *http.Request, body io.Reader) gateway.Answer {
	f, status, err := d.receive(r, body)
	if err != nil {
		if status != 0 {
			return d.Refuse(status, text.Of(err))
		}
		e := explain(inboxFailure(err), uploadFailed)
		d.log.Debug("upload failed", "err", err)
		return failed(d.account.language, e, uploadFailed).answer(http.StatusOK)
	}
	done := &Response{Status: StatusOK, RetCode: RetOK, Data: uploadResult{
		File: f.URI(), ID: f.URI(), Path: f.Path, Name: f.Name, Size: f.Size, SHA256: fmt.Sprintf("%x", f.SHA256), Expires: f.Until.Unix(),
	}}
	return done.answer(http.StatusOK)
}

// receive reads the form. status is of HTTP where the request itself is wrong.
func (d *Dialect) receive(r *http.Request, body io.Reader) (f *inbox.File, status int, err error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return nil, http.StatusUnsupportedMediaType, text.Errorf("send the file as a form, multipart/form-data, as curl -F file=@NAME does", "请以 multipart/form-data 表单发送文件，如 curl -F file=@文件名")
	}
	if r.ContentLength > d.account.inbox.MaxSize()+uploadExtra {
		return nil, http.StatusRequestEntityTooLarge, inbox.ErrTooLarge
	}
	defer func() {
		if err != nil && f != nil { // what follows it is wrong
			d.account.inbox.Remove(f.ID)
			f = nil
		}
	}()
	heads := &headLimit{from: body}
	form := multipart.NewReader(heads, params["boundary"])
	for range mostParts {
		heads.on, heads.left = true, mostHead
		part, err := form.NextPart()
		heads.on = false
		switch {
		case errors.Is(err, io.EOF) && f == nil:
			return nil, http.StatusBadRequest, text.Errorf("the form has no file: give one a name and send it, as curl -F file=@NAME does", "表单中没有文件：请附上带文件名的文件，如 curl -F file=@文件名")
		case errors.Is(err, io.EOF):
			return f, 0, nil
		case err != nil:
			return f, http.StatusBadRequest, unreadableForm(err)
		case part.FileName() == "":
			if n, err := io.Copy(io.Discard, io.LimitReader(part, mostField+1)); err != nil || n > mostField {
				return f, http.StatusBadRequest, text.Errorf("a field of the form is no file, and longer than %d bytes", "表单中有一项不是文件，且超过 %d 字节", mostField)
			}
		case f != nil:
			return f, http.StatusBadRequest, text.Errorf("send one file at a time", "每次只能上传一个文件")
		default:
			if f, err = d.account.inbox.Receive(part.FileName(), part); err != nil {
				if errors.Is(err, io.ErrUnexpectedEOF) {
					err = unreadableForm(err)
				}
				return nil, uploadStatus(err), err
			}
		}
	}
	return f, http.StatusBadRequest, text.Errorf("the form has more than %d parts", "表单超过 %d 项", mostParts)
}

func unreadableForm(err error) error {
	return text.Errorf("the form cannot be read: %w", "无法读取表单：%w", err)
}

// errLongHead is why a form is not read any further.
var errLongHead = text.Errorf("more than %d bytes stand where a part begins", "某一项的开头超过 %d 字节", mostHead)

// headLimit reads a form. While it is on, few bytes may come: the heads of parts are kept in
// memory, and what stands before the first one could go on for ever.
type headLimit struct {
	from io.Reader
	on   bool
	left int
}

// Read implements io.Reader.
func (l *headLimit) Read(p []byte) (int, error) {
	if !l.on {
		return l.from.Read(p)
	}
	if l.left == 0 {
		return 0, errLongHead
	}
	n, err := l.from.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// uploadStatus is that of HTTP for a file that was not taken.
func uploadStatus(err error) int {
	switch {
	case errors.Is(err, inbox.ErrTooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, inbox.ErrFull):
		return http.StatusInsufficientStorage
	case errors.Is(err, io.ErrUnexpectedEOF):
		return http.StatusBadRequest
	}
	return 0
}
