package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"libration/internal/admin"
	"libration/internal/app"
	"libration/internal/app/bot"
	"libration/internal/rpc"
	"libration/sandbox"
	"libration/sandbox/fault"
)

// owner asks the admin service of an app.
type owner struct {
	t      *testing.T
	client *http.Client
	url    string
}

func newOwner(t *testing.T, a *app.App) *owner {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	addr, err := a.AdminAddr(ctx)
	if err != nil || addr == nil {
		t.Fatalf("got address %v, error %v", addr, err)
	}
	o := &owner{t: t, client: &http.Client{Transport: &http.Transport{}}, url: "http://" + addr.String()}
	t.Cleanup(o.client.CloseIdleConnections)
	return o
}

func (o *owner) get(path string) (int, []byte) {
	o.t.Helper()
	response, err := o.client.Get(o.url + path)
	if err != nil {
		o.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return response.StatusCode, body
}

// await asks /readyz until ok, and checks every answer on the way: ready exactly
// when the account is online and everything runs.
func (o *owner) await(what string, ok func(code int, s admin.Status) bool) admin.Status {
	o.t.Helper()
	deadline := time.After(limit)
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		code, body := o.get("/readyz")
		var s admin.Status
		if err := json.Unmarshal(body, &s); err != nil {
			o.t.Fatalf("%s: %v", body, err)
		}
		ready := s.Account.Online && s.Store.OK && s.Folder.OK && (s.Signing == nil || s.Signing.OK) && s.Restriction == nil
		for _, v := range s.Services {
			ready = ready && v.Running
		}
		if s.Ready != ready || (code == http.StatusOK) != ready {
			o.t.Fatalf("got %d %s: it contradicts itself", code, body)
		}
		if ok(code, s) {
			return s
		}
		select {
		case <-ticker.C:
		case <-deadline:
			o.t.Fatalf("%s not seen; last answer %d %s", what, code, body)
		}
	}
}

// metrics scrapes and parses; the key is the series with its labels.
func (o *owner) metrics() map[string]float64 {
	o.t.Helper()
	_, body := o.get("/metrics")
	all := make(map[string]float64)
	lines := bufio.NewScanner(strings.NewReader(string(body)))
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		cut := strings.LastIndexByte(lines.Text(), ' ')
		value, err := strconv.ParseFloat(lines.Text()[cut+1:], 64)
		if err != nil {
			o.t.Fatalf("line %q: %v", lines.Text(), err)
		}
		all[lines.Text()[:cut]] = value
	}
	return all
}

// TestReadiness follows an account from the start over an interruption to a kick.
func TestReadiness(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{})
	a := newApp(t, configuration(t.TempDir(), sim.ControlURL()), nil)
	background(t, a.Run)
	o := newOwner(t, a)

	if code, body := o.get("/healthz"); code != http.StatusOK {
		t.Errorf("/healthz before the login: got %d %s", code, body)
	}
	s := o.await("the login code", func(_ int, s admin.Status) bool { return s.Account.Step == "qr" && len(sim.Sandbox.PendingQR()) > 0 })
	if len(s.Services) != 2 || s.Services[0].State != "waiting" {
		t.Errorf("before the login: got services %+v, want two that wait", s.Services)
	}
	id := sim.Sandbox.PendingQR()[0].ID
	if err := sim.Sandbox.ScanQR(id, 10001); err != nil {
		t.Fatal(err)
	}
	if err := sim.Sandbox.ApproveQR(id, 10001); err != nil {
		t.Fatal(err)
	}
	s = o.await("ready", func(code int, _ admin.Status) bool { return code == http.StatusOK })
	if s.Account.UIN != 10001 || s.Account.State != "online" || s.Account.Server == "" {
		t.Errorf("got account %+v, want 10001 online", s.Account)
	}
	address, _ := endpoints(t, a)

	// The connection breaks, and the first registration after it is refused. It
	// breaks on a request that the client does not make by itself.
	sim.Sandbox.Faults().RefuseRegister(1)
	sim.Sandbox.Faults().CloseOn(rpc.UserByUIN.Name, false, 1)
	_, _, _ = bot.Call(t.Context(), address, "", "get_stranger_info", map[string]json.RawMessage{"user_id": json.RawMessage("20001")})
	s = o.await("offline", func(code int, s admin.Status) bool {
		return code == http.StatusServiceUnavailable && s.Account.State == "reconnecting"
	})
	if s.Account.Reason == "" || s.Account.Until.IsZero() {
		t.Errorf("offline: got %+v, want a reason and when it goes on", s.Account)
	}
	if answer, _, err := bot.Call(t.Context(), address, "", "get_status", nil); err != nil || !strings.Contains(string(answer), `"online":false`) {
		t.Errorf("get_status while offline: got %s, error %v", answer, err)
	}
	o.await("online again", func(code int, _ admin.Status) bool { return code == http.StatusOK })

	got := o.metrics()
	for series, least := range map[string]float64{
		`libration_account_state{state="online"}`:                                     1,
		`libration_service_state{service="http 127.0.0.1:0",state="running"}`:         1,
		`libration_clock_offset_seconds`:                                              -2,
		`libration_online_total`:                                                      2,
		`libration_disconnects_total{cause="connection_lost"}`:                        1,
		`libration_disconnects_total{cause="register_refused"}`:                       1,
		`libration_onebot_requests_total{action="get_status",result="ok"}`:            1,
		`libration_onebot_requests_total{action="get_stranger_info",result="failed"}`: 1,
		`libration_onebot_request_seconds_bucket{action="get_status",le="+Inf"}`:      1,
		`libration_sso_requests_total{command="` + rpc.KeyExchange + `",result="ok"}`: 1,
		`libration_sso_request_seconds_count`:                                         5,
		`libration_store_ok`:                                                          1,
		`libration_events_published_total`:                                            0,
		`libration_subscribers_cut_off_total`:                                         0,
		`libration_queue_length{queue="store"}`:                                       0,
		`libration_pushes_without_event_total{reason="unknown"}`:                      0,
		`libration_info{version="test"}`:                                              1,
		`go_goroutines`:                                                               1,
	} {
		if value, ok := got[series]; !ok || value < least {
			t.Errorf("%s: got %v (there: %t), want at least %v", series, value, ok, least)
		}
	}
	if got[`libration_account_state{state="reconnecting"}`] != 0 {
		t.Error("two states at once")
	}

	if sim.Sandbox.Kick(10001, "下线通知", "elsewhere") != 1 {
		t.Fatal("nobody kicked")
	}
	s = o.await("kicked", func(_ int, s admin.Status) bool { return s.Account.State == "kicked" })
	if !strings.Contains(s.Account.Reason, "elsewhere") || !s.Account.Until.IsZero() {
		t.Errorf("kicked: got %+v, want the server's words and no end", s.Account)
	}
	if got := o.metrics()[`libration_disconnects_total{cause="kicked"}`]; got != 1 {
		t.Errorf("got %v kicks counted, want 1", got)
	}
}

// TestSignerSeen: what the owner and bots see of a signer that fails while the
// account is online, and afterwards.
func TestSignerSeen(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{AutoApprove: 10001, RequireSign: true})
	c := configuration(t.TempDir(), sim.ControlURL())
	c.Signer.URLs = []string{sim.ControlURL() + "/sign?key=secret"}
	a := newApp(t, c, nil)
	background(t, a.Run)
	o := newOwner(t, a)
	s := o.await("ready", func(code int, _ admin.Status) bool { return code == http.StatusOK })
	if len(s.Signing.Signers) != 1 || s.Signing.Signers[0].State != "ok" || s.Signing.Signers[0].Latency <= 0 || strings.Contains(s.Signing.Signers[0].URL, "secret") {
		t.Fatalf("got signing %+v, want one signer that works, without its secret", s.Signing)
	}
	name := s.Signing.Signers[0].Name
	address, _ := endpoints(t, a)
	send := func() string { return sendGroup(t, address) }
	if _, err := sim.Sandbox.Faults().Add(fault.Fault{Name: fault.SignerFail, Count: 2}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := send(); !strings.Contains(got, `"msg":"SIGN_ERROR"`) || !strings.Contains(got, "signer.urls") {
			t.Errorf("sending: got %s, want SIGN_ERROR and what to look at", got)
		}
	}
	s = o.await("the failure", func(int, admin.Status) bool { return true })
	if v := s.Signing; s.Ready || !s.Account.Online || v.OK || v.Reason == "" || v.Since.IsZero() || v.Signers[0].State != "failing" || v.Signers[0].Failures != 2 {
		t.Errorf("got %+v %+v, want online without a signer", s, v)
	}
	if answer, _, err := bot.Call(t.Context(), address, "", "get_status", nil); err != nil ||
		!strings.Contains(string(answer), `"online":true,"good":false,"trouble":"no signer`) {
		t.Errorf("get_status: got %s, error %v", answer, err)
	}
	got := o.metrics()
	for series, want := range map[string]float64{
		`libration_sign_ok`: 0,
		`libration_signer_state{signer="` + name + `",state="failing"}`:            1,
		`libration_signer_state{signer="` + name + `",state="ok"}`:                 0,
		`libration_signer_requests_total{result="failed",signer="` + name + `"}`:   2,
		`libration_sign_requests_total{result="failed"}`:                           2,
		`libration_signer_request_seconds_bucket{signer="` + name + `",le="+Inf"}`: got[`libration_signer_request_seconds_count{signer="`+name+`"}`],
	} {
		if value, ok := got[series]; !ok || value != want {
			t.Errorf("%s: got %v (there: %t), want %v", series, value, ok, want)
		}
	}
	if got := send(); !strings.Contains(got, `"status":"ok"`) {
		t.Errorf("sending afterwards: got %s", got)
	}
	o.await("ready again", func(code int, s admin.Status) bool {
		return code == http.StatusOK && s.Signing.Signers[0].State == "ok"
	})
}

func sendGroup(t *testing.T, address string) string {
	t.Helper()
	answer, _, err := bot.Call(t.Context(), address, "", "send_group_msg", map[string]json.RawMessage{
		"group_id": json.RawMessage("730000001"), "message": json.RawMessage(`"hello"`)})
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// TestSendLimitSeen: the configuration's limit holds, is told and counted; and it can
// be turned off.
func TestSendLimitSeen(t *testing.T) {
	for _, limit := range []bool{true, false} {
		sim := startSandbox(t, sandbox.Options{AutoApprove: 10001})
		c := configuration(t.TempDir(), sim.ControlURL())
		c.Send.Limit, c.Send.Chat.PerMinute, c.Send.Chat.Burst = limit, 1, 1
		a := newApp(t, c, nil)
		background(t, a.Run)
		o := newOwner(t, a)
		o.await("ready", func(code int, _ admin.Status) bool { return code == http.StatusOK })
		address, _ := endpoints(t, a)
		want, refused := `"status":"ok"`, 0.0
		if got := sendGroup(t, address); !strings.Contains(got, want) {
			t.Fatalf("first message: got %s", got)
		}
		if limit {
			want, refused = `; see send.account, send.chat and send.max_wait in the config","msg":"RATE_LIMITED"`, 1
		}
		if got := sendGroup(t, address); !strings.Contains(got, want) {
			t.Errorf("limit %t: got %s, want %s", limit, got, want)
		}
		if got := o.metrics()[`libration_sends_refused_total`]; got != refused {
			t.Errorf("limit %t: %v refused, want %v", limit, got, refused)
		}
	}
}

// TestRestrictedAccount: an account that may not send is not ready, and says why.
func TestRestrictedAccount(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{AutoApprove: 10001})
	a := newApp(t, configuration(t.TempDir(), sim.ControlURL()), nil)
	background(t, a.Run)
	o := newOwner(t, a)
	o.await("ready", func(code int, _ admin.Status) bool { return code == http.StatusOK })
	restrict := func(on bool) {
		t.Helper()
		if err := sim.Sandbox.World().Users().Restrict(10001, 730000001, on); err != nil {
			t.Fatal(err)
		}
	}
	restrict(true)
	s := o.await("the restriction", func(_ int, s admin.Status) bool { return s.Restriction != nil })
	if r := s.Restriction; s.Ready || !s.Account.Online || r.URL == "" || r.Since.IsZero() || !strings.Contains(r.Reason, "730000001") {
		t.Errorf("got %+v, ready %t", r, s.Ready)
	}
	if got := o.metrics()[`libration_account_restricted`]; got != 1 {
		t.Errorf("metric: got %v, want 1", got)
	}
	restrict(false)
	address, _ := endpoints(t, a)
	if got := sendGroup(t, address); !strings.Contains(got, `"status":"ok"`) {
		t.Errorf("sending afterwards: got %s", got)
	}
	o.await("ready again", func(code int, s admin.Status) bool { return code == http.StatusOK && s.Restriction == nil })
	if got := o.metrics()[`libration_account_restricted`]; got != 0 {
		t.Errorf("metric afterwards: got %v, want 0", got)
	}
}
