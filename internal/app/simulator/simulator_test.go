package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"libration/internal/text"
	"libration/sandbox"
	"libration/sandbox/fault"
	"libration/sandbox/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func settings(out *bytes.Buffer) Settings {
	return Settings{
		Options: Options{SSO: "127.0.0.1:0", Control: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)},
		Out:     out,
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() }) // after the parallel subtests
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("users:\n  - uin: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		change func(*Settings)
		want   string // part of the error
	}{
		{"public service", func(s *Settings) { s.SSO = "0.0.0.0:0" }, "--allow-remote"},
		{"public control", func(s *Settings) { s.Control = "example.org:80" }, "--allow-remote"},
		{"no port", func(s *Settings) { s.Control = "127.0.0.1" }, "--control"},
		{"service port taken", func(s *Settings) { s.SSO = l.Addr().String() }, "--sso: address " + l.Addr().String()},
		{"control port taken", func(s *Settings) { s.Control = l.Addr().String() }, "in use"},
		{"unknown account", func(s *Settings) { s.AutoApprove = 5 }, "no user 5"},
		{"unknown fault", func(s *Settings) { s.Faults = []string{"dead", "explode"} }, `--fault explode: there is no fault "explode", but: refuse-connection, dead`},
		{"bad fault", func(s *Settings) { s.Faults = []string{"delay:delay=soon"} }, `--fault delay:delay=soon: fault delay: delay="soon" is not valid`},
		{"unknown parameter", func(s *Settings) { s.Faults = []string{"mute:loud=1"} }, `mute has no parameter "loud", but: on, uin, count`},
		{"missing scenario", func(s *Settings) { s.Scenario = "missing.yaml" }, "--scenario"},
		{"bad scenario", func(s *Settings) { s.Scenario = bad }, "line 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			s := settings(&out)
			tt.change(&s)
			err := Run(t.Context(), s)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, tt.want)
			}
		})
	}
}

// TestGreeting says what a client needs; a signer only where one is wanted.
func TestGreeting(t *testing.T) {
	t.Parallel()
	for _, sign := range []bool{false, true} {
		var out bytes.Buffer
		s := settings(&out)
		s.RequireSign = sign
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // it greets, and ends
		if err := Run(ctx, s); err != nil {
			t.Error(err)
		}
		if got := out.String(); !strings.Contains(got, "control: http://127.0.0.1:") || strings.Contains(got, "urls: [http://127.0.0.1:") != sign {
			t.Errorf("signatures wanted: %t: got\n%s", sign, got)
		}
	}
}

func TestPrintKeys(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := settings(&out)
	s.PrintKeys, s.Seed = true, 7
	if err := Run(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	box, err := sandbox.New(sandbox.Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	var got server.PublicKeys
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || !bytes.Equal(got.NT, box.PublicKeys().NT) {
		t.Errorf("got %s, error %v, want the keys of seed 7", out.String(), err)
	}
}

func TestListFaults(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := settings(&out)
	s.ListFaults = true
	if err := Run(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	for _, k := range fault.Kinds() {
		if !strings.Contains(out.String(), string(k.Name)+" ") || !strings.Contains(out.String(), k.Doc.EN) {
			t.Errorf("%s is missing in %s", k.Name, out.String())
		}
	}
}

// TestRun also covers a stream of events that is open at the end.
func TestRun(t *testing.T) {
	t.Parallel()
	box, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sim, err := Listen(t.Context(), box, settings(nil).Options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- sim.Run(ctx) }()
	client := &http.Client{}
	defer client.CloseIdleConnections()
	for _, path := range []string{"/healthz", "/", "/api/state"} {
		response, err := client.Get(sim.ControlURL() + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: got %s", path, response.Status)
		}
	}
	stream, err := client.Get(sim.ControlURL() + "/api/events")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	conn, err := net.Dial("tcp", sim.SSO())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("got %v, want none", err)
		}
	case <-time.After(stopTimeout):
		t.Fatal("did not end")
	}
	if _, err := net.Dial("tcp", sim.SSO()); err == nil {
		t.Error("the port is still open")
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	for _, l := range []text.Language{text.English, text.Chinese} {
		var out bytes.Buffer
		s := settings(&out)
		s.Language = l
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s.Log = slog.New(slog.DiscardHandler)
		err := Run(ctx, s)
		if err == nil && (!strings.Contains(out.String(), "mode: sandbox") || strings.Contains(out.String(), "%!")) {
			t.Errorf("%s: got %q", l, out.String())
		}
	}
}
