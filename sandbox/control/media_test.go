package control

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"libration/ntqq/media/silk"
	"libration/ntqq/media/sound"
)

// aPicture is a small PNG.
func aPicture(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// upload sends bytes, and returns the status and the answer.
func upload(t testing.TB, h http.Handler, content []byte) (int, uploadView) {
	t.Helper()
	r := httptest.NewRequest("POST", "http://localhost/api/media", bytes.NewReader(content))
	r.Header.Set("Content-Type", "application/octet-stream")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var v uploadView
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return w.Code, v
}

func TestMediaAreServedAsTheyCame(t *testing.T) {
	t.Parallel()
	w, _, h := testControl(t)
	t.Cleanup(func() { w.Close() })
	picture := aPicture(t)
	for _, tt := range []struct {
		content, sort, kind string
	}{
		{string(picture), "image/png", "image"},
		{"\xff\xd8\xff\xe0 jpeg", "image/jpeg", "image"}, {"GIF89a", "image/gif", "image"}, {"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp", "image"},
		{"BM bitmap", "image/bmp", "image"}, {"II*\x00 tiff", "image/tiff", "image"},
		{"\x02#!SILK_V3\x01\x00x", "audio/silk", "record"}, {"#!SILK_V3", "audio/silk", "record"}, {"#!AMR\n", "audio/amr", "record"},
		{"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wave", "record"}, {"ID3\x03", "audio/mpeg", "record"}, {"\xff\xfb\x90", "audio/mpeg", "record"},
		{"OggS\x00", "audio/ogg", "record"}, {"fLaC", "audio/flac", "record"}, {"\x00\x00\x00\x20ftypM4A \x00", "audio/mp4", "record"},
		{"\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom", "video/mp4", "video"}, {"\x1a\x45\xdf\xa3", "video/webm", "video"},
		{"\x00\x00\x00\x14ftypheic\x00\x00\x00\x00mif1", "application/octet-stream", ""},
		{"<html><script>alert(1)</script>", "application/octet-stream", ""}, {"%PDF-1.7", "application/octet-stream", ""},
		{`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, "application/octet-stream", ""},
		{`<?xml version="1.0"?><svg/>`, "application/octet-stream", ""}, {"plain text", "application/octet-stream", ""},
	} {
		status, made := upload(t, h, []byte(tt.content))
		if status != http.StatusCreated || made.Type != tt.sort || made.Kind != tt.kind || made.Size != uint64(len(tt.content)) {
			t.Errorf("%q: got %d %+v", tt.content, status, made)
			continue
		}
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, httptest.NewRequest("GET", "http://localhost/api/media/"+made.ID, nil))
		if answer.Code != http.StatusOK || answer.Body.String() != tt.content {
			t.Errorf("%q: got %d %q", tt.content, answer.Code, answer.Body)
		}
		header := answer.Header()
		if header.Get("Content-Type") != tt.sort || header.Get("X-Content-Type-Options") != "nosniff" ||
			header.Get("Content-Security-Policy") != "default-src 'none'; sandbox" ||
			strings.HasPrefix(header.Get("Content-Disposition"), "attachment") != (tt.kind == "") {
			t.Errorf("%q: got %v", tt.content, header)
		}
	}
}

func TestPartsOfMedia(t *testing.T) {
	t.Parallel()
	w, _, h := testControl(t)
	t.Cleanup(func() { w.Close() })
	_, made := upload(t, h, []byte("#!AMR 0123456789"))
	get := func(path, part string) (int, string, http.Header) {
		r := httptest.NewRequest("GET", "http://localhost/api/media/"+path, nil)
		if part != "" {
			r.Header.Set("Range", part)
		}
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		return answer.Code, answer.Body.String(), answer.Header()
	}
	if status, body, header := get(made.ID, "bytes=6-9"); status != http.StatusPartialContent || body != "0123" || header.Get("Content-Range") != "bytes 6-9/16" {
		t.Errorf("got %d %q %v", status, body, header)
	}
	if status, _, _ := get(made.ID, "bytes=99-"); status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("a part that is not there: got %d", status)
	}
	for path, want := range map[string]int{
		"0": 404, strings.Repeat("0", 40): 404, strings.Repeat("z", 40): 404, strings.Repeat("0", 39): 404, "..%2f..%2fstate": 404,
		strings.ToUpper(made.ID) + "00": 404, made.ID + "?as=exe": 400, made.ID + "?as=wav": 415, strings.Repeat("0", 40) + "?as=wav": 404,
	} {
		if status, body, header := get(path, ""); status != want || !strings.HasPrefix(body, `{"error":`) || header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
}

// TestUploadsAreBounded: nothing, too much, and uploads that are not bytes.
func TestUploadsAreBounded(t *testing.T) {
	t.Parallel()
	w, _, h := testControl(t)
	t.Cleanup(func() { w.Close() })
	send := func(kind, body string, length int64) (int, string) {
		r := httptest.NewRequest("POST", "http://localhost/api/media", strings.NewReader(body))
		r.ContentLength = length
		r.Header.Set("Content-Type", kind)
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		return answer.Code, answer.Body.String()
	}
	if status, text := send("application/octet-stream", "", 0); status != 400 || !strings.Contains(text, "the body is empty") {
		t.Errorf("nothing: got %d %s", status, text)
	}
	if status, text := send("application/octet-stream", "some", maxUpload+1); status != 413 || !strings.Contains(text, "larger than 4294967296 bytes") {
		t.Errorf("too much: got %d %s", status, text)
	}
	for _, kind := range []string{"application/json", "image/png", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "text/plain", ""} {
		if status, text := send(kind, "some", 4); status != 415 || !strings.Contains(text, "application/octet-stream") {
			t.Errorf("%q: got %d %s", kind, status, text)
		}
	}
	if _, _, err := w.Media().Open([20]byte{}); err == nil {
		t.Error("something is kept")
	}
}

// TestVoicesAsWAV: SILK is heard in browsers.
func TestVoicesAsWAV(t *testing.T) {
	t.Parallel()
	w, _, h := testControl(t)
	t.Cleanup(func() { w.Close() })
	var voice bytes.Buffer
	if _, err := silk.Encode(t.Context(), bytes.NewReader(make([]byte, 24000)), 24000, &voice); err != nil { // half a second
		t.Fatal(err)
	}
	_, made := upload(t, h, voice.Bytes())
	var heard sync.WaitGroup
	for range 4 {
		heard.Go(func() {
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, httptest.NewRequest("GET", "http://localhost/api/media/"+made.ID+"?as=wav", nil))
			got := answer.Body.Bytes()
			if answer.Code != 200 || answer.Header().Get("Content-Type") != "audio/wave" || len(got) != 44+24000 || string(got[:4]) != "RIFF" ||
				binary.LittleEndian.Uint32(got[4:]) != 24000+36 || binary.LittleEndian.Uint32(got[40:]) != 24000 {
				t.Errorf("got %d %v, %d bytes: %q", answer.Code, answer.Header(), len(got), got[:min(len(got), 60)])
			}
		})
	}
	heard.Wait()
	// Other sound is heard as well.
	_, made = upload(t, h, append(sound.WAVHead(48000, 9600), make([]byte, 9600)...))
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest("GET", "http://localhost/api/media/"+made.ID+"?as=wav", nil))
	if answer.Code != 200 || answer.Body.Len() != 44+9600 {
		t.Errorf("WAV: got %d, %d bytes", answer.Code, answer.Body.Len())
	}
	// What cannot be heard says so.
	_, made = upload(t, h, []byte("\xff\xfbno frames"))
	answer = httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest("GET", "http://localhost/api/media/"+made.ID+"?as=wav", nil))
	if answer.Code != 415 || !strings.Contains(answer.Body.String(), "it cannot be played: the voice cannot be read") {
		t.Errorf("no sound: got %d %s", answer.Code, answer.Body)
	}
	// What the sandbox does not have is not found.
	answer = httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest("GET", "http://localhost/api/media/"+strings.Repeat("0", 40)+"?as=wav", nil))
	if answer.Code != 404 {
		t.Errorf("nothing: got %d %s", answer.Code, answer.Body)
	}
}

// TestGivenUpWhilePrepared: a picture within a long message is not read for a caller who has
// left.
func TestGivenUpWhilePrepared(t *testing.T) {
	t.Parallel()
	_, _, h := testControl(t)
	_, made := upload(t, h, aPicture(t))
	body := `{"as":20001,"group":730000001,"segments":[{"type":"long_message","segments":[{"type":"image","id":"` + made.ID + `"}]}]}`
	for _, left := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		if left {
			cancel()
		}
		r := httptest.NewRequestWithContext(ctx, "POST", "http://localhost/api/send", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		cancel()
		if sent := answer.Code < 300; sent == left {
			t.Errorf("left: %v: got %d %s", left, answer.Code, answer.Body)
		}
	}
}
