package e2e

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq"
	"libration/onebot"
	"libration/sandbox"
	"libration/sandbox/fault"
)

// TestPackets: a bot sends packets of its own making. They do what they say and are signed
// as others are; the session's own commands are refused.
func TestPackets(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot, RequireSign: true, Strict: true})
		var mu sync.Mutex
		counted := map[string]int{}
		a := s.account(t, nil, func(o *ntqq.Options) {
			o.Signer = &ntqq.HTTPSigner{
				URLs: []string{"http://127.0.0.1/sign"}, Log: slog.New(slog.DiscardHandler),
				Client: &http.Client{Transport: &handlerTransport{handler: s.Handler()}},
			}
			o.OnCall = func(command string, _ time.Duration, _ error) {
				mu.Lock()
				defer mu.Unlock()
				counted[command]++
			}
		})
		a.until(ntqq.Online)
		b := &speaker{account: a, call: a.oneBot(onebot.English)}
		b.data("nc_get_packet_status", `{}`)

		if err := s.World().Members().SetAdmin(group, bot, 0, true); err != nil {
			t.Fatal(err)
		}
		named := func(want string) {
			t.Helper()
			if g, _ := s.World().Groups().Find(group); g.Name != want {
				t.Errorf("the group is called %q, want %q", g.Name, want)
			}
		}
		// Digits in capitals, as some clients write them.
		b.data("send_packet", `{"cmd":"OidbSvcTrpcTcp.0x89A_15","data":"%s"}`, renaming(t, "one"))
		named("one")
		answered := b.data("send_pb", `{"cmd":"OidbSvcTrpcTcp.0x89a_15","hex":"%s"}`, strings.ToUpper(renaming(t, "two")))
		named("two")
		want, err := rpc.RenameGroup.EncodeResponse(&oidbpb.ModifyGroupResp{GroupCode: uint64(group)})
		if err != nil {
			t.Fatal(err)
		}
		if full := fmt.Sprintf(`{"cmd":"OidbSvcTrpcTcp.0x89a_15","hex":"%x"}`, want); answered != full {
			t.Errorf("send_pb:\n got %s\nwant %s", answered, full)
		}
		raw := b.object(".send_packet", `{"command":"OidbSvcTrpcTcp.0x89a_15","data":"%s","type":12,"sign":true}`, renaming(t, "three"))
		named("three")
		if raw["retcode"] != 0.0 || raw["sequence"] == 0.0 || raw["result"] != hex.EncodeToString(want) {
			t.Errorf(".send_packet: %v", raw)
		}

		// The server's code is data of one action, and a failure of the others.
		raw = b.object(".send_packet", `{"command":"No.Such","data":"","sign":false}`)
		if raw["retcode"] != -1.0 || raw["extra"] == "" || raw["result"] != "" {
			t.Errorf("an unknown command: %v", raw)
		}
		for _, refused := range []struct{ action, params, want string }{
			{"send_packet", `{"cmd":"No.Such"}`, "API_ERROR: the server refused, code -1"},
			{"send_pb", `{"cmd":"No.Such"}`, "API_ERROR: the server refused, code -1"},
			{"send_packet", `{"cmd":"No.Such","data":"123"}`, `BAD_PARAMS: parameter "data" must be pairs`},
			{"send_pb", `{"cmd":"a b"}`, `COMMAND_INVALID: `},
			{".send_packet", `{"command":"x","type":13}`, `BAD_PARAMS: parameter "type" must be 12`},
			{".send_packet", `{"command":"` + rpc.UnRegister.Name + `"}`, "COMMAND_REFUSED: "},
			{"send_packet", `{"cmd":"wtlogin.login"}`, "COMMAND_REFUSED: "},
			{"send_pb", `{"cmd":"Heartbeat.Alive"}`, "COMMAND_REFUSED: "},
		} {
			if got := b.refused(refused.action, "%s", refused.params); !strings.HasPrefix(got, refused.want) {
				t.Errorf("%s %s: %s, want %s", refused.action, refused.params, got, refused.want)
			}
		}

		if _, err := s.Faults().Add(fault.Fault{Name: fault.Ignore, On: "No.Answer", For: time.Minute}); err != nil {
			t.Fatal(err)
		}
		b.data("send_packet", `{"cmd":"No.Answer","rsp":false}`)
		if got := b.refused("send_packet", `{"cmd":"No.Answer"}`); !strings.HasPrefix(got, "TIMEOUT: ") {
			t.Errorf("without an answer: %s", got)
		}
		mu.Lock()
		defer mu.Unlock()
		if counted["packet"] != 8 || counted["No.Such"] != 0 {
			t.Errorf("counted %v, want 8 packets under one name", counted)
		}
	})
}

// TestPacketsCannotBeSent: nc_get_packet_status says why.
func TestPacketsCannotBeSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		a := s.account(t, nil)
		a.until(ntqq.Online)
		b := &speaker{account: a, call: a.oneBot(onebot.English)}
		if got := b.refused(".send_packet", `{"command":"Any","sign":true}`); !strings.HasPrefix(got, "SIGN_ERROR: ") {
			t.Errorf("without a signer: %s", got)
		}
		s.Kick(bot, "title", "tips")
		a.until(ntqq.Kicked)
		if got := b.refused("nc_get_packet_status", `{}`); !strings.HasPrefix(got, "ACCOUNT_OFFLINE: ") {
			t.Errorf("offline: %s", got)
		}
	})
}

// TestPacketsAndTheSession: what a bot sends does not end the session, whatever the service
// says to it. A session that has ended is replaced also when a bot is the first to hear it.
func TestPacketsAndTheSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		a := s.account(t, nil)
		a.until(ntqq.Online)
		b := &speaker{account: a, call: a.oneBot(onebot.English)}
		for _, code := range []int64{-10001, -10003, -10008} {
			for range 3 {
				if _, err := s.Faults().Add(fault.Fault{Name: fault.Code, On: "Foreign.*", Count: 1, Code: code}); err != nil {
					t.Fatal(err)
				}
				if raw := b.object(".send_packet", `{"command":"Foreign.Operation"}`); raw["retcode"] != float64(code) {
					t.Errorf("answered %v", raw)
				}
				time.Sleep(time.Minute)
			}
		}
		if n := a.Stats().Disconnects; n != 0 || !a.State().Online() {
			t.Errorf("the session has ended %d times, and is %v", n, a.State())
		}
		if _, err := s.Faults().Add(fault.Fault{Name: fault.Expire, On: "Foreign.*", Count: 1}); err != nil {
			t.Fatal(err)
		}
		b.object(".send_packet", `{"command":"Foreign.Operation"}`)
		time.Sleep(time.Minute)
		if n := a.Stats().Disconnects; n != 1 || !a.State().Online() {
			t.Errorf("after the end of the session: ended %d times, and is %v", n, a.State())
		}
	})
}

// object is data for data that is an object.
func (s *speaker) object(action, params string, a ...any) (object map[string]any) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(s.data(action, params, a...)), &object); err != nil {
		s.t.Fatal(err)
	}
	return object
}

// renaming is the payload of a request that renames the group.
func renaming(t *testing.T, name string) string {
	t.Helper()
	payload, err := rpc.RenameGroup.EncodeRequest(&oidbpb.ModifyGroupReq{
		GroupCode: uint64(group), Info: &oidbpb.ModifyGroupInfo{GroupName: proto.String(name)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(payload)
}
