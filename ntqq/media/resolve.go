package media

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/url"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"libration/internal/text"
	"libration/ntqq/message"
)

// inText is how many characters of base64 are decoded into memory. What is longer is
// decoded while it is read.
const inText = 4 << 20

// maxPath bounds a path, in bytes.
const maxPath = 4096

// drive is how paths of Windows begin.
var drive = regexp.MustCompile(`^[A-Za-z]:[\\/]`)

// Resolve returns what a text from outside names (docs/protocol/media.md 9):
//
//	file:///home/me/a.png   a file, percent-encoded or not; file:///C:/a.png on Windows
//	/home/me/a.png          the same
//	https://example.com/a   an address; downloaded when the source is opened
//	base64://aGVsbG8        the bytes; with or without padding, white space in between
//	data:image/png;base64,  the bytes, of a data URI
//	upload://ID             a file that was handed over, see [FilesOptions.Handed]
//
// What may be read is checked when the source is opened, each time.
func (f *Files) Resolve(_ context.Context, written string, o FetchOptions) (message.Source, error) {
	written = strings.TrimSpace(written)
	scheme, rest, _ := strings.Cut(written, ":")
	switch strings.ToLower(scheme) {
	case "http", "https":
		return &remote{f, written, o}, nil
	case "base64":
		if data, ok := strings.CutPrefix(rest, "//"); ok {
			return fromBase64(data)
		}
	case "data":
		return dataURI(rest)
	case "file":
		return f.local(pathOf(rest))
	case "upload":
		if id, ok := strings.CutPrefix(rest, "//"); ok {
			return f.handed(id)
		}
	}
	if drive.MatchString(written) || strings.HasPrefix(written, "/") {
		return f.local(onThisSystem(written))
	}
	return nil, text.Errorf("%q names no medium: write file:///path, an absolute path, http://, https:// or base64://", "%q 无法识别：请使用 file:///路径、绝对路径、http://、https:// 或 base64://", shortened(written))
}

// shortened is the beginning of a text that may be long.
func shortened(s string) string {
	const most = 60
	if r := []rune(s[:min(len(s), 4*most)]); len(r) > most || len(s) > 4*most {
		return string(r[:min(len(r), most)]) + "..."
	}
	return s
}

// remote is an address.
type remote struct {
	files   *Files
	address string
	o       FetchOptions
}

// Open implements message.Source.
func (r *remote) Open(ctx context.Context) (io.ReadCloser, error) { return open(ctx, r) }

func (r *remote) random(ctx context.Context, limit uint64) (*opened, error) {
	o := r.o
	o.MaxSize = min(cmp.Or(o.MaxSize, limit), limit)
	f, err := r.files.fetch(ctx, r.address, o)
	if err != nil {
		return nil, err
	}
	return openedFile(f)
}

// pathOf reads what follows file:. Question marks and the like are part of a path, as
// bots write them so.
func pathOf(rest string) (string, error) {
	path := rest
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		path = after
		if host, below, _ := strings.Cut(after, "/"); strings.EqualFold(host, "localhost") {
			path = "/" + below
		}
	}
	if unescaped, err := url.PathUnescape(path); err == nil { // else it was not escaped
		path = unescaped
	}
	if drive.MatchString(strings.TrimPrefix(path, "/")) {
		path = strings.TrimPrefix(path, "/")
	}
	return onThisSystem(path)
}

// onThisSystem returns an absolute path as this system writes it.
func onThisSystem(path string) (string, error) {
	switch {
	case len(path) > maxPath:
		return "", text.Errorf("the path is longer than %d bytes", "路径超过 %d 字节", maxPath)
	case strings.ContainsRune(path, 0):
		return "", text.Errorf("the path holds a NUL character", "路径含有 NUL 字符")
	case strings.HasPrefix(path, "//"), strings.HasPrefix(path, `\\`):
		return "", text.Errorf("%q is on another machine: copy the file to this one", "%q 在另一台机器上：请先复制到本机", shortened(path))
	case runtime.GOOS != "windows" && drive.MatchString(path):
		return "", text.Errorf("%q is a path of Windows, and libration runs on %s: name a file that it can see, or send the bytes as base64://", "%q 是 Windows 路径，而 libration 运行在 %s 上：请填写它能访问的路径，或以 base64:// 发送内容", shortened(path), runtime.GOOS)
	}
	path = filepath.FromSlash(path)
	if !filepath.IsAbs(path) {
		return "", text.Errorf("%q is no absolute path: write it in full, such as file:///home/me/a.png", "%q 不是绝对路径：请写完整路径，如 file:///home/me/a.png", shortened(path))
	}
	return filepath.Clean(path), nil
}

// dataURI reads what follows data: (RFC 2397).
func dataURI(rest string) (message.Source, error) {
	head, data, ok := strings.Cut(rest, ",")
	if !ok {
		return nil, text.Errorf("the data URI has no comma", "data URI 缺少逗号")
	}
	if strings.Contains(data, "%") {
		unescaped, err := url.PathUnescape(data)
		if err != nil {
			return nil, text.Errorf("the data URI is not encoded properly: %v", "data URI 编码有误：%v", err)
		}
		data = unescaped
	}
	if i := strings.LastIndexByte(head, ';'); i >= 0 && strings.EqualFold(strings.TrimSpace(head[i+1:]), "base64") {
		return fromBase64(data)
	}
	return Bytes([]byte(data)), nil
}

// fromBase64 takes both alphabets.
func fromBase64(data string) (message.Source, error) {
	s := encoded(data)
	if len(data) > inText {
		return s, nil
	}
	b, err := io.ReadAll(s.reader())
	if err != nil {
		return nil, err
	}
	return Bytes(b), nil
}

// encoded is base64.
type encoded string

// Open implements message.Source.
func (s encoded) Open(context.Context) (io.ReadCloser, error) { return io.NopCloser(s.reader()), nil }

func (s encoded) reader() io.Reader {
	return decoded{base64.NewDecoder(base64.RawStdEncoding, bufio.NewReader(&plain{r: strings.NewReader(string(s))}))}
}

// decoded names the errors of the decoder.
type decoded struct{ io.Reader }

func (d decoded) Read(b []byte) (int, error) {
	n, err := d.Reader.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = text.Errorf("the base64 is damaged: %v", "base64 内容已损坏：%v", err)
	}
	return n, err
}

// plain removes white space and padding, and writes the other alphabet as the standard one.
type plain struct {
	r      *strings.Reader
	padded bool // padding was seen: nothing may follow
}

func (p *plain) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	kept := b[:0]
	for _, c := range b[:n] {
		switch c {
		case ' ', '\t', '\r', '\n', '\f', '\v':
			continue
		case '=':
			p.padded = true
			continue
		case '-':
			c = '+'
		case '_':
			c = '/'
		}
		if p.padded {
			c = '=' // which the decoder refuses
		}
		kept = append(kept, c)
	}
	return len(kept), err
}
