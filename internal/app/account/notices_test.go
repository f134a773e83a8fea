package account

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/internal/notice"
	"libration/internal/paste"
	"libration/internal/supervise"
	"libration/internal/text"
	"libration/ntqq"
)

func TestConditions(t *testing.T) {
	t.Parallel()
	account := func(s ntqq.State) Status { return Status{Account: s} }
	full := errors.New("disk full")
	kick := &ntqq.KickError{Title: "title", Tips: "tips"}
	service := func(state supervise.State, err error) Status {
		return Status{Account: ntqq.State{Stage: ntqq.Online}, Services: []supervise.Status{{Name: "http", State: state, Err: err}}}
	}
	for _, tt := range []struct {
		name            string
		status          Status
		signs, messages error
		want            []string // what is not well
		folder, space   error
	}{
		{"online", account(ntqq.State{Stage: ntqq.Online}), nil, nil, nil, nil, nil},
		{"online after an error", account(ntqq.State{Stage: ntqq.Online, Err: full}), nil, nil, nil, nil, nil},
		{"connecting", account(ntqq.State{Stage: ntqq.Connecting}), nil, nil, []string{"account offline"}, nil, nil},
		{"broken", account(ntqq.State{Stage: ntqq.Reconnecting, Err: fmt.Errorf("eof: %w", ntqq.ErrConnectionLost)}), nil, nil,
			[]string{"account offline the connection to the server broke: eof: " + ntqq.ErrConnectionLost.Error()}, nil, nil},
		{"two errors", account(ntqq.State{Stage: ntqq.Reconnecting, Err: errors.Join(full, full)}), nil, nil, []string{"account offline disk full: disk full"}, nil, nil},
		{"kicked", account(ntqq.State{Stage: ntqq.Kicked, Err: kick, Prompt: &ntqq.Prompt{Kind: ntqq.PromptKicked}}), nil, nil, []string{"account kicked the server ended the session: " + kick.Error()}, nil, nil},
		{"login refused", account(ntqq.State{Stage: ntqq.NeedsLogin, Prompt: &ntqq.Prompt{Kind: ntqq.PromptNeedsLogin}, Err: &ntqq.LoginError{Step: ntqq.StepEasyLogin, Code: 5, Message: "unusual"}}), nil, nil,
			[]string{"account needs_login the server refused the login: login step easy_login refused with code 5: unusual"}, nil, nil},
		{"code", account(ntqq.State{Stage: ntqq.LoggingIn, Step: ntqq.StepQR, QR: &ntqq.QRCode{URL: "url"}, Prompt: &ntqq.Prompt{Kind: ntqq.PromptScan}}), nil, nil, []string{"account scan_code"}, nil, nil},
		{"captcha", account(ntqq.State{Stage: ntqq.LoggingIn, Step: ntqq.StepCaptcha, Prompt: &ntqq.Prompt{Kind: ntqq.PromptCaptcha, URL: "http://c"}}), nil, nil,
			[]string{"account solve_captcha"}, nil, nil},
		{"captcha answered wrong", account(ntqq.State{Stage: ntqq.LoggingIn, Step: ntqq.StepCaptcha, Prompt: &ntqq.Prompt{Kind: ntqq.PromptCaptcha, URL: "http://c", Why: ntqq.WhyWrongAnswer}}), nil, nil,
			[]string{"account captcha_wrong"}, nil, nil},
		{"declined", account(ntqq.State{Stage: ntqq.LoggingIn, Step: ntqq.StepQR, QR: &ntqq.QRCode{URL: "url"}, Prompt: &ntqq.Prompt{Kind: ntqq.PromptScan, Why: ntqq.WhyDeclined}}), nil, nil,
			[]string{"account code_declined"}, nil, nil},
		{"stopped", account(ntqq.State{Stage: ntqq.Stopped}), nil, nil, nil, nil, nil},
		{"signers", account(ntqq.State{Stage: ntqq.Online}), full, nil, []string{"signers signers_down disk full"}, nil, nil},
		{"store", account(ntqq.State{Stage: ntqq.Online}), nil, full, []string{"store store_failing disk full"}, nil, nil},
		{"service", service(supervise.Failed, full), nil, nil, []string{"http service_failed disk full"}, nil, nil},
		{"service tries again", service(supervise.Starting, full), nil, nil, []string{"http service_failed disk full"}, nil, nil},
		{"service starts", service(supervise.Starting, nil), nil, nil, nil, nil, nil},
		{"service waits", service(supervise.Waiting, nil), nil, nil, nil, nil, nil},
		{"service stopped", service(supervise.Stopped, full), nil, nil, nil, nil, nil},
		{"folder", account(ntqq.State{Stage: ntqq.Online}), nil, nil, []string{"folder folder_lost disk full"}, full, nil},
		{"space", account(ntqq.State{Stage: ntqq.Online}), nil, nil, []string{"space space_low disk full"}, nil, full},
	} {
		var got []string
		for _, c := range conditions(tt.status, wrong{signs: tt.signs, messages: tt.messages, folder: tt.folder, space: tt.space}, "/data/qr.png", "", paste.Service{}, text.English) {
			switch c.Kind {
			case notice.Online, notice.SignersWork, notice.Unrestricted, notice.StoreWorks, notice.FolderWorks, notice.SpaceEnough, notice.ServiceRunning:
				if c.Reason != "" {
					t.Errorf("%s: %+v is well for a reason", tt.name, c)
				}
			case notice.SolveCaptcha, notice.CaptchaWrong:
				if !strings.Contains(c.Do, "http://c") {
					t.Errorf("%s: got %+v", tt.name, c)
				}
				got = append(got, c.Subject+" "+string(c.Kind))
			case notice.ScanCode, notice.CodeDeclined:
				if c.Picture != "/data/qr.png" || c.QR != "url" {
					t.Errorf("%s: got %+v", tt.name, c)
				}
				fallthrough
			default:
				got = append(got, strings.TrimSpace(c.Subject+" "+string(c.Kind)+" "+c.Reason))
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: not well (-want +got):\n%s", tt.name, diff)
		}
	}
	for l, want := range map[text.Language]string{
		text.English: "messages to groups are refused (群消息), in group 5; the verification: https://a.invalid/",
		text.Chinese: "群消息被拒绝（群消息），群 5；验证地址：https://a.invalid/",
	} {
		limited := errors.New(restriction(&ntqq.Restriction{Group: 5, Kind: "群消息", URL: "https://a.invalid/"}).In(l))
		all := conditions(account(ntqq.State{Stage: ntqq.Online}), wrong{sending: limited}, "", "", paste.Service{}, l)
		if c := all[2]; c.Subject != "sending" || c.Kind != notice.Restricted || c.Reason != want {
			t.Errorf("restricted: got %+v, want the reason %q", c, want)
		}
	}
	for _, kind := range []ntqq.PromptKind{ntqq.PromptScan, ntqq.PromptConfirm, ntqq.PromptUnusualDevice, ntqq.PromptCaptcha, ntqq.PromptNewDevice, ntqq.PromptKicked, ntqq.PromptNeedsLogin} {
		if promptKinds[kind] == "" {
			t.Errorf("prompt %s has no notice", kind)
		}
	}
	if got := why(kick, text.Chinese); got != "服务器结束了会话：账号被踢下线（代码 0）：title：tips" {
		t.Errorf("in Chinese: got %q", got)
	}
}
