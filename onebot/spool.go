package onebot

import (
	"bytes"
	"encoding/base64"
	"io"
	"path/filepath"
	"strings"

	"libration/gateway"
	"libration/ntqq/media"
)

// spoolFrom is how many characters of base64 are written to disk before the request runs.
// It may wait for its turn, and for a slow upload: large requests must not fill the memory
// for so long, nor the budget, as others would wait for that.
const spoolFrom = gateway.SmallRequest

// spool returns a request, which is valid JSON, with the address of a file in place of each
// long base64://... and data:...;base64,... in it. What cannot be decoded or kept stays.
func spool(request []byte, keep func(io.Reader) (*media.Cached, error)) []byte {
	mark := []byte("base64")
	var out []byte
	done := 0 // of request, in out
	for at := 0; ; {
		n := bytes.Index(request[at:], mark)
		if n < 0 {
			break
		}
		begin := at + n
		at = begin + len(mark)
		begin, first := spoolable(request, begin, at)
		if first < 0 {
			continue
		}
		end := base64End(request, first)
		if end-first <= spoolFrom || end == len(request) || !strings.ContainsRune(`",]`, rune(request[end])) {
			continue
		}
		at = end
		kept, err := keep(base64.NewDecoder(base64.RawStdEncoding, &unescaped{request[first:end]}))
		if err != nil {
			continue // who opens it says what is wrong
		}
		out = append(out, request[done:begin]...)
		out = append(out, fileURL(kept.Path)...)
		done = end
	}
	if done == 0 {
		return request
	}
	return append(out, request[done:]...)
}

// spoolable returns where the text begins that has base64 at mark, and where the base64
// itself does, which is behind; -1: it is no such text.
func spoolable(request []byte, mark, behind int) (begin, first int) {
	after := request[behind:min(len(request), behind+8)]
	for _, slashes := range []string{"://", `:\/\/`} {
		if bytes.HasPrefix(after, []byte(slashes)) {
			return mark, behind + len(slashes)
		}
	}
	for _, comma := range []string{",", "&#44;"} {
		if !bytes.HasPrefix(after, []byte(comma)) {
			continue
		}
		const longest = 128 // of what stands before
		from := max(0, mark-longest)
		if scheme := bytes.LastIndex(request[from:mark], []byte("data:")); scheme >= 0 && !bytes.ContainsAny(request[from+scheme:mark], `",[]`) {
			return from + scheme, behind + len(comma)
		}
	}
	return 0, -1
}

// base64End returns where the base64 ends that begins at i. JSON may escape slashes and
// line breaks in it.
func base64End(request []byte, i int) int {
	padded := false
	for ; i < len(request); i++ {
		switch c := request[i]; {
		case c == '=':
			padded = true
		case c == '\\' && i+1 < len(request) && (request[i+1] == 'n' || request[i+1] == 'r'):
			i++
		case padded:
			return i
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '+', c == '/', c == '-', c == '_':
		case c == '\\' && i+1 < len(request) && request[i+1] == '/':
			i++
		default:
			return i
		}
	}
	return i
}

// unescaped reads what base64End has found in the standard alphabet, without padding.
type unescaped struct{ rest []byte }

func (u *unescaped) Read(b []byte) (n int, err error) {
	for ; n < len(b) && len(u.rest) > 0; u.rest = u.rest[1:] {
		c := u.rest[0]
		if c == '\\' {
			u.rest = u.rest[1:]
			if c = u.rest[0]; c != '/' {
				continue
			}
		}
		switch c {
		case '=':
			continue
		case '-':
			c = '+'
		case '_':
			c = '/'
		}
		b[n] = c
		n++
	}
	if n == 0 && len(u.rest) == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// fileURL is the address of a file, in characters that neither JSON nor CQ codes escape.
func fileURL(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/...
	}
	url := []byte("file://")
	for _, c := range []byte(path) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("/._-:", c) >= 0 {
			url = append(url, c)
			continue
		}
		url = append(url, '%', upperHex[c>>4], upperHex[c&15])
	}
	return string(url)
}

const upperHex = "0123456789ABCDEF"

// lightened returns a request with what is large in it on disk, and how many bytes are left
// of it then; 0: it is as it was.
func (d *actions) lightened(r Request) (Request, int64) {
	name, _ := cutSuffix(r.Action)
	if d.account.files == nil || len(r.Params.json) <= spoolFrom || d.working(name) == nil {
		return r, 0
	}
	light := spool(r.Params.json, d.account.files.Keep)
	if len(light) == len(r.Params.json) {
		return r, 0
	}
	r.Params.json = light
	return r, int64(len(light))
}

// large tells whether the answer to a request may have a file in it.
func (d *actions) large(r Request) bool {
	_, asked := r.Params.get("base64")
	return asked && d.Lane(r.Action) == Lookups
}

// sendsTo names the chat that a request sends a message to, "" when there is none, and
// tells whether it may upload media.
func (d *actions) sendsTo(r Request) (chat string, upload bool) {
	name, _ := cutSuffix(r.Action)
	if d.Lane(name) != Sends || streams(name) {
		return "", false
	}
	switch name {
	case "upload_group_file", "upload_private_file", "upload_image", "upload_group_album", "upload_image_to_qun_album":
		upload = true
	}
	for _, kind := range []string{`image`, `record`, `video`} {
		upload = upload || bytes.Contains(r.Params.json, []byte(kind)) || bytes.Contains(r.Params.form, []byte(kind))
	}
	for _, to := range []struct{ param, name string }{{"group_id", "group "}, {"user_id", "friend "}} {
		if v, ok := r.Params.get(to.param); ok {
			if number, _ := v.scalar(); number != "" && len(number) <= maxScalar {
				return to.name + number, upload
			}
		}
	}
	return "", upload // upload_image, forwards that are not sent
}
