package app_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"libration/internal/app"
	"libration/internal/app/bot"
	"libration/internal/config"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/world"
)

// TestBotRestartsAnAccount: its bots are disconnected and can connect again, what was stored
// is there, events go on, and the other account does not notice. The answer comes before.
func TestBotRestartsAnAccount(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{Passwords: map[message.UIN]string{10001: "one", 20001: "two"}})
	c := configuration(t.TempDir(), sim.ControlURL())
	c.Accounts = []config.Account{
		{Name: "a", Default: true, UIN: 10001, Password: "one", Protocol: config.ProtocolLinux},
		{Name: "b", UIN: 20001, Password: "two", Protocol: config.ProtocolLinux, AccessToken: "token-b"},
	}
	var log lockedBuffer
	a, err := app.New(c, app.Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Load: func() (*config.Config, error) { return c, nil }})
	if err != nil {
		t.Fatal(err)
	}
	background(t, a.Run)
	bothReady := func() bool { return a.Account("a").Status().Ready() && a.Account("b").Status().Ready() }
	until(t, "both to be ready", bothReady)
	address, ws := endpoints(t, a)
	dial := func(path, token string) *bot.Conn {
		t.Helper()
		conn, err := bot.Dial(t.Context(), ws+path, token)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.Drop)
		return conn
	}
	say := func(words string) {
		t.Helper()
		parts, err := sim.Sandbox.Parts(20002, 730000001, message.Text(words))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sim.Sandbox.World().Messages().Send(world.Send{From: 20002, Group: 730000001, Parts: parts}, nil); err != nil {
			t.Fatal(err)
		}
	}
	heard := func(conn *bot.Conn, part string) []byte {
		t.Helper()
		for {
			frame, err := conn.Read(t.Context())
			if err != nil {
				t.Fatalf("waiting for %s: %v", part, err)
			}
			if strings.Contains(string(frame), part) {
				return frame
			}
		}
	}
	first, second := dial("/a", ""), dial("/b", "token-b")
	say("before")
	var before struct {
		ID int32 `json:"message_id"`
	}
	if err := json.Unmarshal(heard(first, `"raw_message":"before"`), &before); err != nil {
		t.Fatal(err)
	}

	old, other := a.Account("a"), a.Account("b")
	for _, echo := range []string{"one", "two"} { // the second changes nothing
		if _, err := first.Send(t.Context(), "set_restart", map[string]any{"delay": 200}, echo); err != nil {
			t.Fatal(err)
		}
		answer := string(heard(first, `"echo":"`+echo+`"`))
		if !strings.Contains(answer, `"status":"async","retcode":1,"data":null`) {
			t.Errorf("got %s", answer)
		}
	}
	for err = nil; err == nil; {
		_, err = first.Read(t.Context())
	}
	until(t, "the account to run again", func() bool { return a.Account("a") != old && bothReady() })
	if s := a.Account("b").Status(); a.Account("b") != other || s.Account.OnlineCount != 1 {
		t.Errorf("the other one noticed: %+v", s)
	}
	if strings.Count(log.String(), "the account will restart") != 1 || !strings.Contains(log.String(), `asked_by="the action set_restart"`) {
		t.Errorf("the log does not say once who asked:\n%s", log.String())
	}
	first = dial("/a", "")
	heard(first, `"sub_type":"connect"`)
	say("after")
	heard(first, `"raw_message":"after"`)
	heard(second, `"raw_message":"after"`) // on the same connection
	get := func(action string, params map[string]json.RawMessage, want string) {
		t.Helper()
		answer, _, err := bot.Call(t.Context(), address+"/a", "", action, params)
		if err != nil || !strings.Contains(string(answer), want) {
			t.Errorf("%s: got %s, %v, want %s", action, answer, err, want)
		}
	}
	get("get_msg", map[string]json.RawMessage{"message_id": json.RawMessage(fmt.Sprint(before.ID))}, `"raw_message":"before"`)
	get("get_group_member_list", map[string]json.RawMessage{"group_id": json.RawMessage("730000001")}, `"user_id":20002`)
	get("clean_cache", nil, `"status":"ok","retcode":0,"data":null`)
	if !strings.Contains(log.String(), `msg="cache cleaned" account=a asked_by="the action clean_cache" member_lists=1 `) {
		t.Error("the log does not say what went")
	}
	get("get_group_member_list", map[string]json.RawMessage{"group_id": json.RawMessage("730000001")}, `"user_id":20002`)

	// The next one waits, and a reload and the end do not wait for it.
	get("set_restart", nil, `"status":"async"`)
	if _, err := a.Reload(); err != nil {
		t.Error(err)
	}
}

// TestBotRestartsTheOnlyAccount over HTTP, at once: the answer is whole, and the program
// goes on with the saved session.
func TestBotRestartsTheOnlyAccount(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{AutoApprove: 10001})
	a := newApp(t, configuration(t.TempDir(), sim.ControlURL()), nil)
	background(t, a.Run)
	await(t, a, "the account to be ready", func(s app.Status) bool { return s.Ready() })
	address, _ := endpoints(t, a)
	old, codes := a.Account(config.DefaultName), len(sim.Sandbox.PendingQR())
	answer, _, err := bot.Call(t.Context(), address, "", "set_restart", nil)
	if err != nil || !strings.Contains(string(answer), `"status":"async","retcode":1`) {
		t.Fatalf("got %s, %v", answer, err)
	}
	until(t, "the account to run again", func() bool {
		return a.Account(config.DefaultName) != old && a.Account(config.DefaultName).Status().Ready()
	})
	if got := len(sim.Sandbox.PendingQR()); got != codes {
		t.Errorf("it asked for a code: %d, there were %d", got, codes)
	}
}
