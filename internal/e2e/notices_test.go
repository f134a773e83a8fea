package e2e

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"libration/internal/app"
	"libration/internal/config"
	"libration/internal/notice"
	"libration/ntqq"
	"libration/sandbox"
	"libration/sandbox/fault"
)

// owner is where notices arrive.
type owner struct {
	url     string
	arrived chan notice.Notice
}

func newOwner(t *testing.T, p *program) *owner {
	t.Helper()
	o := &owner{arrived: make(chan notice.Notice, 64)}
	address, err := p.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n notice.Notice
		if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
			t.Error(err)
			return
		}
		o.arrived <- n
	}))
	if err != nil {
		t.Fatal(err)
	}
	o.url = "http://" + address
	return o
}

// next returns the next notice.
func (o *owner) next(ctx context.Context, t *testing.T) notice.Notice {
	t.Helper()
	select {
	case n := <-o.arrived:
		return n
	case <-ctx.Done():
		t.Fatal("no notice came")
		return notice.Notice{}
	}
}

// lasting is how long trouble must last, where a test waits for it: longer than a start
// takes, as that would be told too.
const lasting = time.Minute

// TestNotices: what the owner is told of a program in trouble.
func TestNotices(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after time.Duration
		play  func(ctx context.Context, t *testing.T, p *program, o *owner)
	}{
		{"kicked", time.Hour, func(ctx context.Context, t *testing.T, p *program, o *owner) {
			p.box.Kick(bot, "下线通知", "logged in elsewhere")
			n := o.next(ctx, t)
			if n.Kind != notice.Kicked || n.Level != "error" || n.Account != uint64(bot) || time.Since(n.Time).Abs() > patience {
				t.Errorf("got %+v", n)
			}
			for _, want := range []string{"下线通知", "logged in elsewhere", "10001", "libration login"} {
				if !strings.Contains(n.Text, want) {
					t.Errorf("%q is not in\n%s", want, n.Text)
				}
			}
		}},
		{"short outage", time.Hour, func(ctx context.Context, t *testing.T, p *program, o *owner) {
			p.box.DropConnections()
			if _, err := p.Wait(ctx, func(s app.Status) bool { return s.Account.Online() && s.Account.OnlineCount == 2 }); err != nil {
				t.Fatal(err)
			}
			p.box.Kick(bot, "", "")
			if n := o.next(ctx, t); n.Kind != notice.Kicked {
				t.Errorf("got %+v before the kick, want nothing", n)
			}
		}},
		{"long outage", lasting, func(ctx context.Context, t *testing.T, p *program, o *owner) {
			p.door.shut.Store(math.MaxInt32)
			p.box.DropConnections()
			n := o.next(ctx, t)
			if n.Kind != notice.Offline || n.Reason == "" || n.Since.IsZero() || !strings.Contains(n.Text, "libration doctor") {
				t.Errorf("got %+v", n)
			}
			p.door.shut.Store(0)
			again := o.next(ctx, t)
			if again.Kind != notice.Online || again.Reason != "" || !again.Since.Equal(n.Since) || !strings.Contains(again.Text, "The trouble lasted") {
				t.Errorf("got %+v after %+v", again, n)
			}
		}},
		{"bot away", lasting, func(ctx context.Context, t *testing.T, p *program, o *owner) {
			for _, path := range []string{"/ws", "/observe"} { // the bot may still be about to note them
				if _, err := p.mobile.conn(ctx, path); err != nil {
					t.Fatal(err)
				}
			}
			p.mobile.refuse.Store(math.MaxInt32)
			p.mobile.drop()
			for range 2 { // its two connections
				if n := o.next(ctx, t); n.Kind != notice.ServiceFailed || !strings.HasPrefix(n.Subject, "reverse-websocket ") || !strings.Contains(n.Reason, "503") {
					t.Errorf("got %+v", n)
				}
			}
			p.mobile.refuse.Store(0)
			for range 2 {
				if n := o.next(ctx, t); n.Kind != notice.ServiceRunning {
					t.Errorf("got %+v", n)
				}
			}
		}},
		{"signer down", lasting, func(ctx context.Context, t *testing.T, p *program, o *owner) {
			send := func() (ok bool) {
				_, ok, err := p.call(ctx, "send_group_msg", map[string]any{"group_id": group, "message": "hello"})
				if err != nil {
					t.Fatal(err)
				}
				return ok
			}
			if _, err := p.box.Faults().Add(fault.Fault{Name: fault.SignerFail}); err != nil {
				t.Fatal(err)
			}
			if send() {
				t.Fatal("it was sent without a signature")
			}
			if n := o.next(ctx, t); n.Kind != notice.SignersDown || n.Subject != "signers" || !strings.Contains(n.Reason, "500") {
				t.Errorf("got %+v", n)
			}
			p.box.Faults().Clear()
			if !send() {
				t.Error("it was not sent")
			}
			if n := o.next(ctx, t); n.Kind != notice.SignersWork {
				t.Errorf("got %+v", n)
			}
		}},
		{"restricted", time.Hour, func(ctx context.Context, t *testing.T, p *program, o *owner) {
			restrict := func(on bool) {
				if err := p.box.World().Users().Restrict(bot, group, on); err != nil {
					t.Fatal(err)
				}
			}
			restrict(true)
			n := o.next(ctx, t)
			if n.Kind != notice.Restricted || n.Level != "error" || n.Subject != "sending" || !strings.Contains(n.Text, "unlock.sandbox.invalid") {
				t.Errorf("got %+v", n)
			}
			restrict(false)
			if _, ok, err := p.call(ctx, "send_group_msg", map[string]any{"group_id": group, "message": "hello"}); err != nil || !ok {
				t.Errorf("it was not sent: %v", err)
			}
			if n := o.next(ctx, t); n.Kind != notice.Unrestricted {
				t.Errorf("got %+v", n)
			}
		}},
	} {
		beside(t, tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			p, err := newProgram(t.TempDir(), 1)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := p.end(); err != nil {
					t.Error(err)
				}
			}()
			p.thief.Close()
			p.config.OneBot.Connections = p.config.OneBot.Connections[:4] // a webhook fails only when it has something to post
			p.config.Signer.URLs = []string{p.config.Server.Sandbox.Control + "/sign"}
			o := newOwner(t, p)
			p.config.Notices = config.Notices{Targets: []config.NoticeTarget{{URL: o.url}}, After: config.Duration(tt.after)}
			if err := p.saveSession(ctx, func(*ntqq.Keystore) {}); err != nil { // no code has to be scanned
				t.Fatal(err)
			}
			if err := p.start(); err != nil {
				t.Fatal(err)
			}
			if err := p.ready(ctx); err != nil {
				t.Fatal(err)
			}
			tt.play(ctx, t, p, o)
			if len(o.arrived) > 0 {
				t.Errorf("and then came %+v", <-o.arrived)
			}
		})
	}
}

// TestNoticeOfCode: a login that needs a phone is told at once, without the code.
func TestNoticeOfCode(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		p, err := newProgram(t.TempDir(), 1, func(o *sandbox.Options) { o.AutoApprove = 0 })
		if err != nil {
			t.Fatal(err)
		}
		p.thief.Close()
		o := newOwner(t, p)
		p.config.Notices = config.Notices{Targets: []config.NoticeTarget{{URL: o.url}}, After: config.Duration(time.Hour)}
		if err := p.start(); err != nil {
			t.Fatal(err)
		}
		n := o.next(ctx, t)
		if n.Kind != notice.ScanCode || n.QR != "" || !strings.Contains(n.Text, "qr.png") || strings.Contains(n.Text, "http") {
			t.Errorf("got %+v", n)
		}
		if err := p.end(); err != nil {
			t.Error(err)
		}
	})
}
