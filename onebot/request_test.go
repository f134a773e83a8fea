package onebot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/gateway"
	"libration/ntqq"
	"libration/ntqq/message"
)

func TestParseRequest(t *testing.T) {
	s := newDialect(Options{}, &fakeStore{})
	for _, c := range []struct {
		in, action, echo string
		ok               bool
	}{
		{`{"action":"a","params":{"x":1},"echo":"e"}`, "a", `"e"`, true},
		{`{"action":"a"}`, "a", ``, true},
		{`{"action":"a","params":null,"echo":null}`, "a", `null`, true},
		{`{"action":"a","echo":12345678901234567890}`, "a", `12345678901234567890`, true},
		{`{"action":"a","echo":{"n":[1.50, "x"]},"other":1}`, "a", `{"n":[1.50, "x"]}`, true},
		{`{"echo":5}`, "", `5`, false},
		{`{"action":"","echo":5}`, "", `5`, false},
		{`{"action":7,"echo":5}`, "", `5`, false},
		{`{"action":"a","params":[1],"echo":5}`, "a", `5`, false},
		{`{"action":"a","params":"x","echo":5}`, "a", `5`, false},
		{`{"action":"a","params":{,"echo":5}`, "", `5`, false},
		{`{"action":"a","echo":"cut off","params":{"message":"x`, "", `"cut off"`, false},
		{`{"action":"a","echo"`, "", ``, false},
		{`{"action":"a","echo":{"cut`, "", ``, false},
		{`[1]`, "", ``, false},
		{`null`, "", ``, false},
		{`hello`, "", ``, false},
		{``, "", ``, false},
		{"\xff\xfe", "", ``, false},
	} {
		r, err := ParseRequest([]byte(c.in))
		if (err == nil) != c.ok {
			t.Errorf("ParseRequest(%s): got error %v, want ok %t", c.in, err, c.ok)
			continue
		}
		if err == nil {
			if r.Action != c.action || string(r.Echo) != c.echo {
				t.Errorf("ParseRequest(%s): got %q, echo %s", c.in, r.Action, r.Echo)
			}
			continue
		}
		resp := s.badRequest([]byte(c.in), err)
		if resp.RetCode != RetBadParams || resp.Status != StatusFailed || string(resp.Echo) != c.echo {
			t.Errorf("BadRequest(%s): got %+v, want echo %s", c.in, resp, c.echo)
		}
		if out := resp.AppendJSON(nil); !json.Valid(out) {
			t.Errorf("BadRequest(%s): invalid JSON %s", c.in, out)
		}
	}
}

func TestResponseJSON(t *testing.T) {
	for _, c := range []struct {
		r    Response
		want string
	}{
		{Response{Status: "ok"}, `{"status":"ok","retcode":0,"data":null,"message":"","wording":""}`},
		{Response{Status: "ok", Data: canResult{true}, Echo: json.RawMessage(`1.50`)},
			`{"status":"ok","retcode":0,"data":{"yes":true},"message":"","wording":"","echo":1.50}`},
		{Response{Status: "async", RetCode: 1, Echo: json.RawMessage(`null`)},
			`{"status":"async","retcode":1,"data":null,"message":"","wording":"","echo":null}`},
		{Response{Status: "failed", RetCode: 100, Message: "好<&>\u2028\x01", Wording: "w", Msg: "API_ERROR"},
			`{"status":"failed","retcode":100,"data":null,"message":"好<&>` + "\u2028" + `\u0001","wording":"w","msg":"API_ERROR"}`},
		{Response{Status: "ok", Data: loginInfo{1 << 60, "<a>&"}},
			`{"status":"ok","retcode":0,"data":{"user_id":1152921504606846976,"nickname":"<a>&"},"message":"","wording":""}`},
		{Response{Status: "ok", Data: func() {}, Echo: json.RawMessage(`1`)},
			`{"status":"failed","retcode":100,"data":null,"message":"the operation failed: json: unsupported type: func()","wording":"the operation failed: json: unsupported type: func()","msg":"API_ERROR","echo":1}`},
	} {
		if got := string(c.r.AppendJSON(nil)); got != c.want {
			t.Errorf("response %+v:\ngot  %s\nwant %s", c.r, got, c.want)
		}
	}
	if b, err := json.Marshal(&Response{Status: "ok"}); err != nil || !json.Valid(b) {
		t.Errorf("json.Marshal: got %s, %v", b, err)
	}
}

func TestUnknownAction(t *testing.T) {
	s, _, _ := newTestDialect(t)
	for _, name := range []string{"", "no_such", "no_such_async", "_async", "get_login_info_async_async"} {
		r := s.Call(t.Context(), Request{Action: name, Echo: json.RawMessage(`1`)})
		if r.RetCode != RetUnknownAction || r.Msg != "API_NOT_FOUND" || string(r.Echo) != "1" || !strings.Contains(r.Wording, name) {
			t.Errorf("action %q: got %+v", name, r)
		}
	}
}

func TestPanicInAction(t *testing.T) {
	s, _, store := newTestDialect(t)
	store.panics = true
	r := s.Call(t.Context(), Request{Action: "get_msg", Params: mustParams(t, `{"message_id":1}`), Echo: json.RawMessage(`"e"`)})
	if r.Status != StatusFailed || r.RetCode != RetFailed || string(r.Echo) != `"e"` || r.Wording == "" {
		t.Errorf("after a panic: got %+v", r)
	}
}

func TestErrorsExplained(t *testing.T) {
	for _, c := range []struct {
		err          error
		code, en, zh string
	}{
		{err: ntqq.ErrOffline, code: "ACCOUNT_OFFLINE", en: "not online", zh: "不在线"},
		{err: ntqq.ErrTimeout, code: "TIMEOUT", en: "in time", zh: "超时"},
		{err: ntqq.ErrConnectionLost, code: "CONNECTION_LOST", en: "broke", zh: "中断"},
		{err: fmt.Errorf("%w: %w", ntqq.ErrNotSent, ntqq.ErrTimeout), code: "MESSAGE_NOT_SENT", en: "not sent", zh: "消息未发送"},
		{err: fmt.Errorf("%w: %w", ntqq.ErrUnknownOutcome, ntqq.ErrConnectionLost), code: "SEND_OUTCOME_UNKNOWN", en: "could not be found out", zh: "未能及时确认"},
		{err: ntqq.ErrSessionExpired, code: "SESSION_EXPIRED", en: "expired", zh: "失效"},
		{err: ntqq.ErrKicked, code: "ACCOUNT_KICKED", en: "kicked", zh: "踢下线"},
		{err: ntqq.ErrNeedsLogin, code: "LOGIN_NEEDED", en: "logged in", zh: "重新登录"},
		{err: ntqq.ErrSign, code: "SIGN_ERROR", en: "no signer", zh: "签名"},
		{err: &ntqq.RateLimitError{Chat: true, Wait: 12340 * time.Millisecond, MaxWait: 10 * time.Second}, code: "RATE_LIMITED", en: "12.3s, and it may wait 10s", zh: "该会话发送消息过快，该消息未发送：需等待 12.3s，上限为 10s"},
		{err: &ntqq.RateLimitError{Wait: time.Minute, MaxWait: time.Second}, code: "RATE_LIMITED", en: "the account sends too many", zh: "账号发送消息过快"},
		{err: &ntqq.RateLimitError{MaxWait: time.Second}, code: "RATE_LIMITED", en: "too many messages wait", zh: "未发送"},
		{err: fmt.Errorf("%w: %w", ntqq.ErrRateLimited, context.DeadlineExceeded), code: "RATE_LIMITED", en: "not sent", zh: "未发送"},
		{err: ntqq.ErrTooLarge, code: "SEND_MSG_API_ERROR", en: "too large", zh: "过长"},
		{err: ntqq.ErrEmptyMessage, code: "EMPTY_MSG_ERROR", en: "empty", zh: "为空"},
		{err: &message.SegmentError{Index: 1, Segment: &message.AtSegment{UIN: 99999999999}, Err: io.EOF}, code: "BAD_PARAMS", en: `segment at: qq "99999999999" is`, zh: `消息段 at: qq "99999999999" `},
		{err: &message.SegmentError{Index: 1, Segment: &message.LightAppSegment{}, Err: io.EOF}, code: "BAD_PARAMS", en: "segment json cannot be sent: EOF", zh: "消息段 json 无法发送：EOF"},
		{err: &message.SegmentError{Segment: &message.RedPacketSegment{}, Err: fmt.Errorf("encode: %w", message.ErrReceivedOnly)}, code: "BAD_PARAMS",
			en: "segment redbag cannot be sent: it can only be received", zh: "消息段 redbag 无法发送：只能接收"},
		{err: &message.SegmentError{Segment: &message.ForwardSegment{}, Err: fmt.Errorf("x: %w", &message.NodeError{Index: 1, Err: &message.SegmentError{
			Segment: &message.ForwardSegment{}, Err: &message.NodeError{Err: &message.SegmentError{Segment: &message.AtSegment{UIN: 5}, Err: io.EOF}}}})}, code: "BAD_PARAMS",
			en: `message 2 of the forward: message 1 of the forward: segment at: qq "5" is`, zh: `合并转发的第 2 条消息：合并转发的第 1 条消息：消息段 at: qq "5" `},
		{err: &message.SegmentError{Segment: &message.LightAppSegment{}, Err: fmt.Errorf("%w: x", message.ErrTooLarge)}, code: "SEND_MSG_API_ERROR", en: "too large", zh: "过长"},
		{err: &message.SegmentError{Segment: &message.ContactSegment{}, Err: ntqq.ErrOffline}, code: "ACCOUNT_OFFLINE", en: "not online", zh: "不在线"},
		{err: &message.SegmentError{Segment: &message.ContactSegment{}, Err: &ntqq.ServerError{Code: 2, Message: "m"}}, code: "SEND_MSG_API_ERROR", en: "code 2: m", zh: "代码 2：m"},
		{err: fmt.Errorf("%w: %w", ntqq.ErrNoGroup, io.EOF), code: "GROUP_NOT_FOUND", en: "no such group", zh: "群不存在"},
		{err: ntqq.ErrNoGroup, code: "GROUP_NOT_FOUND", en: "no such group", zh: "群不存在"},
		{err: ntqq.ErrNoFriend, code: "FRIEND_NOT_FOUND", en: "no such friend", zh: "好友不存在"},
		{err: ntqq.ErrNoMember, code: "MEMBER_NOT_FOUND", en: "no such member", zh: "群成员不存在"},
		{err: ntqq.ErrNoUser, code: "USER_NOT_FOUND", en: "no such user", zh: "用户不存在"},
		{err: context.Canceled, code: "CANCELED", en: "given up", zh: "取消"},
		{err: context.DeadlineExceeded, code: "TIMEOUT", en: "in time", zh: "超时"},
		{err: &ntqq.ServerError{Command: "c", Code: 120, Message: "muted"}, code: "SEND_MSG_API_ERROR", en: "code 120: muted", zh: "代码 120：muted"},
		{err: &ntqq.ServerError{Code: 299, Cause: ntqq.ErrGroupLimit}, code: "SEND_MSG_API_ERROR", en: "code 299: too many messages per minute for this group", zh: "代码 299：群内每分钟消息数超限"},
		{err: &ntqq.ServerError{Code: 120, Cause: ntqq.ErrMuted, Message: "m"}, code: "SEND_MSG_API_ERROR", en: "code 120: m (the account, or the whole group, is muted)", zh: "代码 120：m（账号被禁言，或全体禁言）"},
		{err: errDisk, code: "SEND_MSG_API_ERROR", en: "disk full", zh: "disk full"},
	} {
		for _, l := range []Language{English, Chinese} {
			r := failed(l, fmt.Errorf("send: %w", c.err), sendFailed)
			want, retcode := c.en, RetFailed
			if c.code == "BAD_PARAMS" {
				retcode = RetBadParams
			}
			if l == Chinese {
				want = c.zh
			}
			if r.RetCode != retcode || r.Msg != c.code || !strings.Contains(r.Wording, want) || r.Message != r.Wording {
				t.Errorf("error %v in %s: got %+v, want %s with %q", c.err, l, r, c.code, want)
			}
		}
	}
}

func TestAsync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := newTestDialect(t)
		params, err := ParamsJSON(json.RawMessage(`{"group_id":5,"message":"later"}`))
		if err != nil {
			t.Fatal(err)
		}
		call := func() *Response {
			return s.Call(t.Context(), Request{Action: "send_group_msg_async", Params: params, Echo: json.RawMessage(`7`)})
		}
		r := call()
		if r.Status != StatusAsync || r.RetCode != RetAsync || r.Data != nil || string(r.Echo) != "7" {
			t.Errorf("async call: got %+v", r)
		}
		for range asyncQueue - 1 {
			call()
		}
		if r := call(); r.Status != StatusFailed {
			t.Errorf("async call with a full queue: got %+v", r)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		if len(c.Sent()) != asyncQueue {
			t.Errorf("messages sent in the background: got %d, want %d", len(c.Sent()), asyncQueue)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// TestRateLimitedSuffix: answered at once, and run one by one with a pause.
func TestRateLimitedSuffix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := newTestDialect(t)
		params, err := ParamsJSON(json.RawMessage(`{"group_id":5,"message":"later"}`))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		time.Sleep(time.Minute) // virtual; an idle time gives no burst
		for range 3 {
			if r := s.Call(ctx, Request{Action: "send_group_msg_rate_limited", Params: params}); r.Status != StatusAsync || r.RetCode != RetAsync {
				t.Fatalf("got %+v, want the answer of an asynchronous call", r)
			}
		}
		for want := 1; want <= 3; want++ {
			synctest.Wait()
			if len(c.Sent()) != want {
				t.Errorf("after %d pauses: %d messages sent, want %d", want-1, len(c.Sent()), want)
			}
			time.Sleep(pacedPause) // virtual
		}
		if r := s.Call(ctx, Request{Action: "nothing_rate_limited"}); r.RetCode != RetUnknownAction {
			t.Errorf("got %+v, want an unknown action", r)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// TestFinish: what was accepted is carried out within gateway.FinishTime, the rest is given up
// with a log line, and nothing more is accepted.
func TestFinish(t *testing.T) {
	for _, tt := range []struct {
		name         string
		suffix       string
		n            int
		takes, until time.Duration
		sent         int
		line         string
	}{
		{"nothing", "_async", 0, 0, 0, 0, ""},
		{"running", "_async", 4, 2 * time.Second, 2 * time.Second, 4, ""},
		{"running and waiting", "_async", asyncWorkers + 4, time.Second, 2 * time.Second, asyncWorkers + 4, ""},
		{"slow", "_async", asyncWorkers + 4, 3 * time.Second, gateway.FinishTime, 0, "count=4"},
		{"one by one", "_rate_limited", 3, 100 * time.Millisecond, 3*pacedPause + 300*time.Millisecond, 3, ""},
		{"too many one by one", "_rate_limited", 9, 50 * time.Millisecond, gateway.FinishTime, 5, "count=4"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				c := newFakeClient(t)
				c.takes = tt.takes
				s := newDialect(Options{Client: c.Client, Log: slog.New(slog.NewTextHandler(&log, nil))}, &fakeStore{messages: map[int32]*message.Message{}})
				params, err := ParamsJSON(json.RawMessage(`{"group_id":5,"message":"later"}`))
				if err != nil {
					t.Fatal(err)
				}
				call := func() *Response {
					return s.Call(t.Context(), Request{Action: "send_group_msg" + tt.suffix, Params: params, Echo: json.RawMessage(`7`)})
				}
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error)
				go func() { done <- s.Run(ctx) }()
				for range tt.n {
					if r := call(); r.Status != StatusAsync {
						t.Fatalf("got %+v", r)
					}
				}
				synctest.Wait()
				late, cancelLate := context.WithTimeout(t.Context(), gateway.FinishTime)
				defer cancelLate()
				began := time.Now()
				s.Finish(late)
				if r := call(); r.Msg != "CANCELED" || string(r.Echo) != "7" {
					t.Errorf("afterwards: got %+v, want it refused", r)
				}
				if took := time.Since(began); took != tt.until {
					t.Errorf("it took %v, want %v", took, tt.until)
				}
				cancel()
				if err := <-done; err != nil {
					t.Errorf("Run: %v", err)
				}
				if sent := len(c.Sent()); sent != tt.sent {
					t.Errorf("%d messages sent, want %d", sent, tt.sent)
				}
				if got := log.String(); strings.Contains(got, "not carried out") != (tt.line != "") || !strings.Contains(got, tt.line) {
					t.Errorf("log %s, want %q", got, tt.line)
				}
			})
		})
	}
}

func FuzzParseRequest(f *testing.F) {
	for _, s := range []string{`{"action":"a","params":{"x":1},"echo":"e"}`, `{"action":7,"echo":{"a":[]}`, `[`, `{"echo":`, `"echo":1`} {
		f.Add([]byte(s))
	}
	s, _, _ := newTestDialect(f)
	f.Fuzz(func(t *testing.T, frame []byte) {
		r, err := ParseRequest(frame)
		var resp *Response
		if err != nil {
			resp = s.badRequest(frame, err)
		} else {
			resp = s.Call(t.Context(), r)
		}
		if out := resp.AppendJSON(nil); !json.Valid(out) {
			t.Errorf("frame %q: response %q is not JSON", frame, out)
		}
	})
}
