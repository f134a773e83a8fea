package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"libration/internal/app"
	"libration/internal/config"
)

// previousFolder is what onebot/previous_test.go says of it.
const previousFolder = "../../onebot/testdata/previous"

// unpackFolder puts the data folder of an earlier version in its place.
func unpackFolder(t *testing.T, folder string) {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join(previousFolder, "data.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(plain); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(files)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, filepath.Base(h.Name)), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// hook takes posts.
type hook struct {
	mu    sync.Mutex
	posts []string
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	if !bytes.Contains(body, []byte(`"meta_event"`)) {
		h.posts = append(h.posts, string(body))
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *hook) got() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.posts, "\n") + "\n"
}

// TestPreviousFolder: the program takes over the data folder of an earlier version: each
// webhook gets what it missed, byte for byte, and then what happens, under ids that rise.
func TestPreviousFolder(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		data := t.TempDir()
		unpackFolder(t, filepath.Join(data, "10001"))
		p, err := newProgram(data, 0)
		if err != nil {
			t.Fatal(err)
		}
		p.thief.Close()
		hooks := map[string]*hook{"missed-array.txt": {}, "missed-string.txt": {}}
		for file, address := range map[string]string{"missed-array.txt": "127.0.0.1:17811", "missed-string.txt": "127.0.0.1:17812"} {
			l, err := p.net.listen(p.ctx, address)
			if err != nil {
				t.Fatal(err)
			}
			server := &http.Server{Handler: hooks[file]}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_ = server.Serve(l)
			}()
			p.ending = append(p.ending, func() error {
				err := server.Close()
				<-ended
				return err
			})
		}
		week, own := config.Duration(168*time.Hour), true
		p.config.Account.UIN = bot
		p.config.OneBot.Connections = []config.Connection{
			{Type: config.Webhook, URL: "http://127.0.0.1:17811/", Journal: &week},
			{Type: config.Webhook, URL: "http://127.0.0.1:17812/", Journal: &week, Format: config.FormatString, ReportSelf: &own},
		}
		if err := p.start(); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Wait(ctx, app.Status.Ready); err != nil {
			t.Fatal(err)
		}
		p.say("news")
		time.Sleep(time.Minute)
		for file, h := range hooks {
			missed, err := os.ReadFile(filepath.Join(previousFolder, file))
			if err != nil {
				t.Fatal(err)
			}
			rest, ok := strings.CutPrefix(h.got(), string(missed))
			lines := strings.Split(rest, "\n")
			if !ok || len(lines) != 3 || !strings.Contains(lines[0], `"notice_type":"bot_online"`) || !strings.Contains(lines[1], `"raw_message":"news"`) {
				t.Errorf("%s: got\n%s", file, h.got())
				continue
			}
			for i, want := range []string{`"event_id":1795982201628858}`, `"event_id":1795982201628860}`} { // the clock is behind them
				if !strings.HasSuffix(lines[i], want) {
					t.Errorf("%s: got %s, want %s", file, lines[i], want)
				}
			}
		}
		if err := p.end(); err != nil {
			t.Error(err)
		}
	})
}
