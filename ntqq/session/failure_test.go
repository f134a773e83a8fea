package session

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"libration/ntqq/session/identity"
	"libration/ntqq/session/link"
)

func TestClassify(t *testing.T) {
	login := func(step Step, code uint64) error { return &LoginError{Step: step, Code: code} }
	for _, c := range []struct {
		err  error
		want remedy
	}{
		{ErrConnectionLost, retry},
		{ErrTimeout, retry},
		{errNoServer, retry},
		{ErrSign, retry},
		{&ServerError{Code: -10003, Message: "verification failed"}, retry},
		{fmt.Errorf("read: %w", ErrSessionExpired), dropSession},
		{errRegisterRefused, dropSession},
		{errVerification, retry},
		{fmt.Errorf("%w: %w", link.ErrDoubted, ErrTimeout), doubtSession},
		{fmt.Errorf("%w: %w", link.ErrDoubted, ErrConnectionLost), doubtSession},
		{login(StepEasyLogin, codeTryAgain), retry},
		{login(StepEasyLogin, codeTooOften), retry},
		{login(StepEasyLogin, codeTicketExpired), dropA1},
		{login(StepEasyLogin, codeTicketKicked), dropA1},
		{login(StepEasyLogin, codeTicketIllegal), dropA1},
		{login(StepEasyLogin, codeA1Forbidden), dropA1},
		{login(StepEasyLogin, 140022017), needsPerson},
		{login(StepEasyLogin, codePasswordRefused), needsPerson},
		{login(StepUnusualDevice, codeTicketIllegal), dropA1},
		{login(StepPassword, codeTryAgain), retry},
		{login(StepPassword, codeTooOften), retry},
		{login(StepPassword, codePasswordRefused), dropA1},
		{login(StepPassword, codeWrongPassword), needsPerson},
		{login(StepPassword, 140022005), needsPerson},
		{login(StepPassword, 140022007), needsPerson},
		{login(StepPassword, codeTicketExpired), needsPerson},
		{login(StepNewDevice, 1), needsPerson},
		{login(StepNewDevice, codeTicketIllegal), needsPerson},
		{login(StepNewDevice, codeTooOften), retry},
		{errNotConfirmed, needsPerson},
		{errConfirmRefused, needsPerson},
		{errNoAnswer, needsPerson},
		{&CaptchaError{Wrong: 3, Err: login(StepPassword, codeCaptcha)}, needsPerson},
		{&CaptchaError{Err: login(StepPassword, codeTooOften)}, needsPerson},
		{errNewDeviceGivenUp, needsPerson},
		{login(StepWtlogin, 45), needsPerson},
		{errWrongAccount, needsPerson},
		{errTakenAccount, needsPerson},
		{errQRGivenUp, needsPerson},
		{&KickError{Title: "t"}, kickedOff},
		{errors.New("anything else"), retry},
	} {
		if got := classify(fmt.Errorf("wrapped: %w", c.err)); got != c.want {
			t.Errorf("%v: got remedy %d, want %d", c.err, got, c.want)
		}
	}
}

func TestNewRefusesBadOptions(t *testing.T) {
	damaged := identity.FileKeystore(filepath.Join(t.TempDir(), "keystore.json"))
	if err := os.WriteFile(string(damaged), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]Options{
		"keystore":        {Keystore: damaged},
		"oicq key":        {Servers: Servers{OicqKey: []byte{4, 1}}},
		"exchange key":    {Servers: Servers{ExchangeKey: make([]byte, 65)}},
		"verify key":      {Servers: Servers{VerifyKey: []byte{1}}},
		"device":          {Initial: &identity.Keystore{}},
		"another account": {UIN: 2, Initial: &identity.Keystore{UIN: 1, Device: identity.NewDevice()}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
