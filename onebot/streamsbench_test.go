package onebot

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"testing"

	"libration/gateway"
)

// benchFile is how many bytes a file of the benchmarks has.
const benchFile = 8 << 20

// BenchmarkUpload takes a file by POST /upload: the form is read, hashed and written.
func BenchmarkUpload(b *testing.B) {
	s, box := dialectTaking(b, benchFile)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", "a.bin")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := part.Write(make([]byte, benchFile)); err != nil {
		b.Fatal(err)
	}
	w.Close()
	b.SetBytes(benchFile)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/upload", bytes.NewReader(form.Bytes()))
		r.Header.Set("Content-Type", w.FormDataContentType())
		f, _, err := s.receive(r, r.Body)
		if err != nil {
			b.Fatal(err)
		}
		box.Remove(f.ID)
	}
}

// BenchmarkUploadStream takes a file in chunks of 64 KiB, from the request to the answer.
func BenchmarkUploadStream(b *testing.B) {
	s, _ := dialectTaking(b, benchFile)
	const chunk = 64 << 10
	frame := func(params string) []byte {
		return fmt.Appendf(nil, `{"action":"upload_file_stream","params":{"stream_id":"s",%s},"echo":1}`, params)
	}
	var all [][]byte
	data := base64.StdEncoding.EncodeToString(make([]byte, chunk))
	for i := range benchFile / chunk {
		all = append(all, frame(fmt.Sprintf(`"chunk_index":%d,"chunk_data":%q`, i, data)))
	}
	all = append(all, frame(`"is_complete":true`))
	b.SetBytes(benchFile)
	b.ReportAllocs()
	for b.Loop() {
		for _, one := range all {
			r, err := ParseRequest(one)
			if err != nil {
				b.Fatal(err)
			}
			if resp := s.Call(b.Context(), r); resp.Status != StatusOK {
				b.Fatal(resp.Message)
			}
		}
	}
}

// BenchmarkDownloadStream sends a file in chunks of 64 KiB, as frames that go out.
func BenchmarkDownloadStream(b *testing.B) {
	s, box := dialectTaking(b, benchFile)
	f, err := box.Receive("a.bin", bytes.NewReader(make([]byte, benchFile)))
	if err != nil {
		b.Fatal(err)
	}
	request := fmt.Appendf(nil, `{"action":"download_file_stream","params":{"file":%q},"echo":1}`, f.URI())
	b.SetBytes(benchFile)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		call := s.Frame(gateway.Line{Requests: true}, request)
		call.Frames(b.Context(), gateway.Hold{}, func([]byte) error {
			n++
			return nil
		})
		if n != 1+benchFile/(64<<10) {
			b.Fatalf("got %d frames", n)
		}
	}
}
