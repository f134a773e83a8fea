package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"testing"

	"libration/internal/config"
)

// TestHandedOver: a bot that shares no folder with the program hands a picture over, sends it
// by its address, and takes it back in chunks. Where no token is needed there is no upload.
func TestHandedOver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, err := newProgram(t.TempDir(), 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := p.end(); err != nil {
				t.Error(err)
			}
		})
		if err := p.thief.Close(); err != nil { // the port is free
			t.Fatal(err)
		}
		p.config.OneBot.Connections = append(p.config.OneBot.Connections, config.Connection{Type: config.HTTP, Address: "127.0.0.1:0"})
		if err := p.start(); err != nil {
			t.Fatal(err)
		}
		if err := p.ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		all, err := p.Endpoints(t.Context())
		if err != nil || len(all) != 3 {
			t.Fatalf("got %v, %v", all, err)
		}
		upload := func(address, token string) (status int, answer handedAnswer) {
			t.Helper()
			var form bytes.Buffer
			w := multipart.NewWriter(&form)
			part, err := w.CreateFormFile("file", "点.gif")
			if err != nil {
				t.Fatal(err)
			}
			_, _ = part.Write(dot)
			_ = w.Close()
			body := p.send(t, "http://"+address+"/upload", token, w.FormDataContentType(), &form, &status)
			if err := json.Unmarshal(body, &answer); err != nil {
				t.Fatalf("%s: %v", body, err)
			}
			return status, answer
		}
		if status, answer := upload(all[2].Addr.String(), ""); status != http.StatusNotFound || answer.RetCode != 1404 {
			t.Errorf("without a token: got %d, %+v", status, answer)
		}
		status, handed := upload(all[0].Addr.String(), token)
		if status != http.StatusOK || handed.Data.Name != "点.gif" || handed.Data.Size != len(dot) {
			t.Fatalf("got %d, %+v", status, handed)
		}
		var sent struct {
			Data struct {
				MessageID int64 `json:"message_id"`
			}
		}
		p.asked(t, "send_group_msg", map[string]any{"group_id": group, "message": []map[string]any{{"type": "image", "data": map[string]any{"file": handed.Data.File}}}}, &sent)
		var got struct {
			Data struct {
				Message []struct{ Data struct{ File string } }
			}
		}
		p.asked(t, "get_msg", map[string]any{"message_id": sent.Data.MessageID}, &got)
		for _, file := range []string{got.Data.Message[0].Data.File, handed.Data.File, handed.Data.Path} {
			if content := p.inChunks(t, file); !bytes.Equal(content, dot) {
				t.Errorf("%s: got %q", file, content)
			}
		}
		folder, err := os.ReadDir(p.data + "/default/uploads")
		if err != nil || len(folder) != 1 {
			t.Errorf("%d files, %v", len(folder), err)
		}
	})
}

type handedAnswer struct {
	RetCode int `json:"retcode"`
	Data    struct {
		File, Path, Name string
		Size             int
	}
}

// send posts a body and returns the answer's.
func (p *program) send(t *testing.T, url, token, kind string, body io.Reader, status *int) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := p.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	*status = resp.StatusCode
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// asked calls an action, which must succeed, and reads its answer.
func (p *program) asked(t *testing.T, action string, params map[string]any, answer any) {
	t.Helper()
	body, ok, err := p.call(t.Context(), action, params)
	if err == nil && ok {
		err = json.Unmarshal(body, answer)
	}
	if err != nil || !ok {
		t.Fatalf("%s: got %s, %v", action, body, err)
	}
}

// inChunks downloads a file in chunks.
func (p *program) inChunks(t *testing.T, file string) (content []byte) {
	t.Helper()
	body, _, err := p.call(t.Context(), "download_file_stream", map[string]any{"file": file})
	if err != nil {
		t.Fatal(err)
	}
	last := ""
	for frames := json.NewDecoder(bytes.NewReader(body)); frames.More(); {
		var frame struct {
			Status, Stream string
			Data           struct {
				DataType string `json:"data_type"`
				Data     string
			}
		}
		if err := frames.Decode(&frame); err != nil || frame.Status != "ok" || frame.Stream != "stream-action" {
			t.Fatalf("got %s, %v", body, err)
		}
		last = frame.Data.DataType
		part, err := base64.StdEncoding.DecodeString(frame.Data.Data)
		if err != nil {
			t.Fatal(err)
		}
		content = append(content, part...)
	}
	if last != "file_complete" {
		t.Errorf("the last frame is %q", last)
	}
	return content
}
