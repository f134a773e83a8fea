package mediatype

import (
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
)

func TestTypes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ content, of, shown string }{
		{"\x89PNG\r\n\x1a\n", "image/png", "image/png"}, {"\xff\xd8\xff\xe0 jpeg", "image/jpeg", "image/jpeg"},
		{"II*\x00", "image/tiff", "image/tiff"}, {"MM\x00*", "image/tiff", "image/tiff"},
		{"\x00\x00\x00\x0cjP  \r\n\x87\n\x00", "image/jp2", "image/jp2"}, {"\xff\xf1\x50", "audio/aac", "audio/aac"}, {"\xff\xf9\x50", "audio/aac", "audio/aac"},
		{"\x02#!SILK_V3", "audio/silk", "audio/silk"}, {"#!SILK_V3", "audio/silk", "audio/silk"}, {"#!AMR\n", "audio/amr", "audio/amr"},
		{"fLaC", "audio/flac", "audio/flac"}, {"OggS\x00\x02", "audio/ogg", "audio/ogg"}, {"ID3\x03", "audio/mpeg", "audio/mpeg"}, {"\xff\xfb\x90", "audio/mpeg", "audio/mpeg"},
		{"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wave", "audio/wave"},
		{"\x00\x00\x00\x20ftypM4A \x00", "audio/mp4", "audio/mp4"}, {"\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom", "video/mp4", "video/mp4"},
		{"\x00\x00\x00\x14ftypheic\x00\x00\x00\x00mif1", Unknown, Unknown},
		{"\x1a\x45\xdf\xa3", "video/webm", "video/webm"},
		{"%PDF-1.7", "application/pdf", Unknown}, {"plain text", "text/plain", Unknown}, {"", "text/plain", Unknown},
		{"<html><script>alert(1)</script>", "text/html", Unknown},
		{`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, "text/plain", Unknown}, {`<?xml version="1.0"?><svg/>`, "text/xml", Unknown},
	} {
		if of, shown := Of([]byte(tt.content)), Shown([]byte(tt.content)); of != tt.of || shown != tt.shown {
			t.Errorf("%q: got %s, shown as %s; want %s, %s", tt.content, of, shown, tt.of, tt.shown)
		}
	}
}

// TestServe: a part can be asked for, and nothing is run.
func TestServe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ content, kind, disposition string }{
		{"#!AMR\nsound", "audio/amr", ""}, {"<html>page", Unknown, "attachment"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Range", "bytes=6-")
		w := httptest.NewRecorder()
		Serve(w, r, strings.NewReader(tt.content))
		h := w.Header()
		if w.Code != 206 || w.Body.String() != tt.content[6:] || h.Get("Content-Type") != tt.kind || h.Get("Content-Disposition") != tt.disposition ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") != "default-src 'none'; sandbox" {
			t.Errorf("%q: got %d %q %v", tt.content, w.Code, w.Body, h)
		}
	}
	w := httptest.NewRecorder()
	Serve(w, httptest.NewRequest("GET", "/", nil), struct {
		io.Reader
		io.Seeker
	}{iotest.ErrReader(errors.New("broken")), nil})
	if w.Code != 500 {
		t.Errorf("unreadable: got %d %q", w.Code, w.Body)
	}
}

// TestPeek: what was read to tell the type is read again.
func TestPeek(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, Head - 1, Head, Head + 1} {
		content := strings.Repeat("x", size)
		head, whole, err := Peek(strings.NewReader(content))
		if err != nil || string(head) != content[:min(size, Head)] {
			t.Errorf("%d bytes: the head is %d bytes, %v", size, len(head), err)
			continue
		}
		if got, err := io.ReadAll(whole); err != nil || string(got) != content {
			t.Errorf("%d bytes: got %d back, %v", size, len(got), err)
		}
	}
}
