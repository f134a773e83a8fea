package app_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"libration/internal/admin"
	"libration/internal/app"
	"libration/internal/config"
	"libration/ntqq"
	"libration/sandbox"
)

// TestTwoAccounts: what happens to one does not happen to the other.
func TestTwoAccounts(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{AutoApprove: 10001})
	c := configuration(t.TempDir(), sim.ControlURL())
	c.Accounts = []config.Account{{Name: "a", UIN: 10001, Protocol: config.ProtocolLinux}, {Name: "b", UIN: 20001, Protocol: config.ProtocolLinux}}
	c.OneBot.Connections[0].Accounts = []string{"a"}
	c.OneBot.Connections[1].Accounts = []string{"b"}
	// The folder of one cannot be made: it is tried again.
	if err := os.WriteFile(filepath.Join(c.Data, "20001"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var log lockedBuffer
	a, err := app.New(c, app.Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	background(t, a.Run)
	await(t, a, "the first to be ready", func(s app.Status) bool { return s.Ready() })
	o := newOwner(t, a)
	ready := func() (s admin.Together) {
		t.Helper()
		code, body := o.get("/readyz")
		if err := json.Unmarshal(body, &s); err != nil || (code == http.StatusOK) != s.Ready || len(s.Accounts) != 2 {
			t.Fatalf("got %d %s, %v", code, body, err)
		}
		return s
	}
	for end := time.Now().Add(limit); ; time.Sleep(10 * time.Millisecond) {
		s := ready()
		if !s.Accounts[0].Ready || s.Accounts[1].Ready || s.Ready {
			t.Fatalf("got %+v", s)
		}
		if strings.Contains(s.Accounts[1].Account.Reason, "account b: the data folder") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("no reason: %+v", s)
		}
	}
	if code, _ := o.get("/healthz"); code != http.StatusOK {
		t.Errorf("/healthz: got %d", code)
	}
	if err := os.Remove(filepath.Join(c.Data, "20001")); err != nil {
		t.Fatal(err)
	}
	// Another account scans for it.
	for end := time.Now().Add(limit); a.Account("b").Status().Account.Stage != ntqq.NeedsLogin; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not run: %+v\n%s", a.Account("b").Status(), log.String())
		}
	}
	_, metrics := o.get("/metrics")
	for _, want := range []string{
		`libration_account_state{account="a",state="online"} 1`, `libration_account_state{account="b",state="online"} 0`,
		`libration_service_state{service="admin",state="running"} 1`, `libration_info{version="test"} 1`,
		`libration_http_refused_total{account="b",reason="no_token",service="websocket 127.0.0.1:0"} 0`, `libration_http_refused_total{reason="no_token",service="admin"} 0`,
	} {
		if !bytes.Contains(metrics, []byte(want)) {
			t.Errorf("%s is not among the metrics", want)
		}
	}
	if !strings.Contains(log.String(), "account=a") || !strings.Contains(log.String(), "account=b") {
		t.Error("the log does not name the accounts")
	}
}

// lockedBuffer is a bytes.Buffer for many goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
