// Package mediatype tells what files are by their first bytes, and serves the files of
// strangers: browsers show pictures, sound and videos, and run nothing.
package mediatype

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// Head is how many of its first bytes tell what a file is.
const Head = 512

// Unknown is the type of files of which browsers show nothing.
const Unknown = "application/octet-stream"

// heads are the beginnings of files that [http.DetectContentType] does not know.
var heads = []struct{ head, kind string }{
	{"\x02#!SILK", "audio/silk"}, {"#!SILK", "audio/silk"}, {"#!AMR", "audio/amr"}, {"fLaC", "audio/flac"},
	{"OggS\x00", "audio/ogg"},
	{"\xff\xfb", "audio/mpeg"}, {"\xff\xf3", "audio/mpeg"}, {"\xff\xf2", "audio/mpeg"}, {"\xff\xfa", "audio/mpeg"},
	{"\xff\xf1", "audio/aac"}, {"\xff\xf9", "audio/aac"}, // ADTS
	{"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"},
	{"II*\x00", "image/tiff"}, {"MM\x00*", "image/tiff"},
}

// brands are those of MP4 that are no videos.
var brands = map[string]string{
	"M4A ": "audio/mp4", "M4B ": "audio/mp4", "heic": Unknown, "heix": Unknown, "mif1": Unknown, "avif": Unknown,
}

// Of returns the media type of a file with this head, without parameters.
func Of(head []byte) string {
	for _, h := range heads {
		if bytes.HasPrefix(head, []byte(h.head)) {
			return h.kind
		}
	}
	if len(head) > 12 && string(head[4:8]) == "ftyp" {
		if kind := brands[string(head[8:12])]; kind != "" {
			return kind
		}
		return "video/mp4"
	}
	kind, _, _ := strings.Cut(http.DetectContentType(head), ";")
	return kind
}

// Shown returns the media type of a picture, sound or video with this head, and [Unknown]
// for everything else.
func Shown(head []byte) string {
	kind := Of(head)
	switch class, _, _ := strings.Cut(kind, "/"); class {
	case "image", "audio", "video":
		return kind
	}
	return Unknown
}

// Peek returns the first bytes of r, at most [Head], and r from its start.
func Peek(r io.Reader) (head []byte, whole io.Reader, err error) {
	head = make([]byte, Head)
	n, err := io.ReadFull(r, head)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return head[:n], io.MultiReader(bytes.NewReader(head[:n]), r), err
}

// Serve answers with content, or with the part of it that is asked for. Headers that are
// set before go along.
func Serve(w http.ResponseWriter, r *http.Request, content io.ReadSeeker) {
	head, _, err := Peek(content)
	if err != nil {
		http.Error(w, "the file cannot be read", http.StatusInternalServerError)
		return
	}
	h, kind := w.Header(), Shown(head)
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if kind == Unknown {
		h.Set("Content-Disposition", "attachment")
	}
	http.ServeContent(w, r, "", time.Time{}, content)
}
