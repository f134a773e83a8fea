package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"libration/internal/app"
)

// health is the answer of /healthz.
func (w *away) health() (code int, body string) {
	w.t.Helper()
	addr, err := w.AdminAddr(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	response, err := w.client.Get("http://" + addr.String() + "/healthz")
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, string(b)
}

// ids are the message ids that a bot got, by text.
func (w *away) ids() map[string]int32 {
	w.mobile.mu.Lock()
	defer w.mobile.mu.Unlock()
	all := map[string]int32{}
	for _, frame := range w.mobile.frames[eventPaths[0]] {
		var m struct {
			ID  int32  `json:"message_id"`
			Raw string `json:"raw_message"`
		}
		if json.Unmarshal(frame, &m) == nil && m.ID != 0 {
			all[m.Raw] = m.ID
		}
	}
	return all
}

// refused checks that no other process may use a data folder.
func (w *away) refused(data string) {
	w.t.Helper()
	c := *w.config
	c.Data = data
	other, err := app.New(&c, app.Options{Log: slog.New(slog.DiscardHandler), Network: w.net.network()})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := other.Run(w.ctx); err == nil || !strings.Contains(err.Error(), "used by another process") {
		w.t.Errorf("another process with the data in %s: %v, want that it is refused", data, err)
	}
}

// TestDataFolderLost: the folder is removed or moved under the running program. It says
// so, makes it anew with everything that it knows, and a restart finds all of it.
func TestDataFolderLost(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the system keeps a folder with open files")
	}
	for _, tt := range []struct {
		name string
		lose func(w *away, folder string) error
	}{
		{"removed", func(w *away, folder string) error { return os.RemoveAll(w.data) }},
		{"emptied", func(w *away, folder string) error {
			entries, err := os.ReadDir(folder)
			for _, e := range entries {
				if err == nil {
					err = os.RemoveAll(filepath.Join(folder, e.Name()))
				}
			}
			return err
		}},
		{"renamed", func(w *away, folder string) error { return os.Rename(w.data, w.data+".moved") }},
		{"replaced by an empty one", func(w *away, folder string) error {
			if err := os.Rename(folder, folder+".moved"); err != nil {
				return err
			}
			return os.Mkdir(folder, 0o755)
		}},
	} {
		beside(t, tt.name, func(t *testing.T) {
			w := newAway(t)
			folder := filepath.Join(w.data, "default")
			w.say(5)
			w.arrived()
			w.confirmed()
			keys, err := w.keystore().Load()
			if err != nil {
				t.Fatal(err)
			}
			if code, body := w.health(); code != http.StatusOK {
				t.Fatalf("before: %d %s", code, body)
			}
			if err := tt.lose(w, folder); err != nil {
				t.Fatal(err)
			}
			w.say(5)
			w.arrived()
			w.until(func() bool { return len(w.log.lines("the data folder can be used again")) > 0 })
			if code, body := w.health(); code != http.StatusOK {
				t.Errorf("afterwards: %d %s", code, body)
			}
			if n := len(w.log.lines("the data folder was removed, moved or unlocked while the program runs: it is made anew")); n != 1 {
				t.Errorf("%d log lines about it, want 1", n)
			}
			if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("the folder is %v, %v", info, err)
			}
			again, err := w.keystore().Load()
			if err != nil || again == nil || again.UIN != keys.UIN || string(again.Device.GUID) != string(keys.Device.GUID) || string(again.D2) != string(keys.D2) {
				t.Errorf("the keystore is another one: %v", err)
			}
			w.refused(w.data)
			if tt.name == "renamed" {
				w.refused(w.data + ".moved")
			}
			w.say(5)
			w.arrived()
			w.confirmed()
			w.stop()
			w.begin()
			if err := w.ready(w.ctx); err != nil {
				t.Fatal(err)
			}
			w.say(5)
			w.arrived()
			ids := w.ids()
			for _, text := range w.said {
				answer, ok, err := w.call(w.ctx, "get_msg", map[string]any{"message_id": ids[text]})
				if err != nil || !ok || !strings.Contains(string(answer), `"`+text+`"`) {
					t.Errorf("get_msg of %q, id %d: %s, %v", text, ids[text], answer, err)
				}
			}
			if last, err := w.keystore().Load(); err != nil || string(last.D2) != string(keys.D2) {
				t.Errorf("after the restart there is another session, %v", err)
			}
		})
	}
}

// TestDataFolderReplaced: the files of another folder are not touched. Health fails, and
// says what to do.
func TestDataFolderReplaced(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the system keeps a folder with open files")
	}
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := newAway(t)
		folder := filepath.Join(w.data, "default")
		w.say(2)
		w.arrived()
		if err := os.Rename(folder, folder+".moved"); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		const theirs = "another keystore"
		if err := os.WriteFile(filepath.Join(folder, "keystore.json"), []byte(theirs), 0o600); err != nil {
			t.Fatal(err)
		}
		w.until(func() bool {
			code, body := w.health()
			return code == http.StatusServiceUnavailable && strings.Contains(body, "data folder")
		})
		if v := w.metric("libration_data_folder_ok"); v != 0 {
			t.Errorf("libration_data_folder_ok is %v", v)
		}
		w.say(2) // the session lives on
		w.arrived()
		time.Sleep(4 * time.Second) // progress would have been written
		if b, err := os.ReadFile(filepath.Join(folder, "keystore.json")); string(b) != theirs || err != nil {
			t.Errorf("the other keystore is %q, %v", b, err)
		}
		if entries, err := os.ReadDir(folder); len(entries) != 1 || err != nil {
			t.Errorf("the other folder has %v, %v", entries, err)
		}
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(folder+".moved", folder); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
		w.until(func() bool { code, _ := w.health(); return code == http.StatusOK })
		w.say(2)
		w.arrived()
		if !strings.Contains(fmt.Sprint(w.log.lines("the data folder cannot be used")), "was replaced by another one") {
			t.Errorf("log: %v", w.log)
		}
	})
}
