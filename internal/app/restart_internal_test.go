package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/config"
)

// TestRestartsArePaced: one comes after its delay, those that are asked for meanwhile are
// the same one, and the next comes no sooner than the pause after the last.
func TestRestartsArePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &member{app: &App{log: slog.New(slog.DiscardHandler)}, cfg: config.Default()}
		var did []time.Duration
		began := time.Now()
		run := func() { // as once does
			m.again = func() {
				m.mu.Lock()
				defer m.mu.Unlock()
				did = append(did, time.Since(began))
				m.due, m.last = nil, time.Now()
			}
		}
		m.restart(0, "somebody") // nothing runs that could restart
		run()
		for _, delay := range []time.Duration{2 * time.Second, 0, time.Second} {
			m.restart(delay, "somebody")
		}
		time.Sleep(3 * time.Second)
		m.restart(0, "somebody") // at 3 s
		time.Sleep(time.Minute)
		m.restart(0, "somebody")
		synctest.Wait()
		time.Sleep(time.Second)
		want := []time.Duration{2 * time.Second, 12 * time.Second, 63 * time.Second}
		if len(did) != len(want) || did[0] != want[0] || did[1] != want[1] || did[2] != want[2] {
			t.Errorf("restarts at %v, want %v", did, want)
		}
	})
}

// TestRestartThatIsNotDue ends with the account.
func TestRestartThatIsNotDue(t *testing.T) {
	c := config.Default()
	c.Data, c.Server.Mode = filepath.Join(t.TempDir(), "file"), config.ModeSandbox
	c.Account.Protocol = config.ProtocolLinux
	if err := os.WriteFile(c.Data, nil, 0o600); err != nil { // it cannot start
		t.Fatal(err)
	}
	a, err := New(c, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	m := a.now()[0]
	if restart, err := m.once(t.Context(), func() {}); restart || err == nil {
		t.Errorf("got %v, %v", restart, err)
	}
	if m.again != nil || m.due != nil {
		t.Error("it could be restarted")
	}
}
