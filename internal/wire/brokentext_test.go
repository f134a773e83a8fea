package wire

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/loginpb"
)

const brokenText, mendedText = "a\xffb", "a\uFFFDb"

// A text that is no valid UTF-8, such as a device's name, keeps nobody from logging
// in: it is sent, and read, as valid UTF-8.
func TestBrokenTextInRequests(t *testing.T) {
	key := make([]byte, 32)
	head := &loginpb.NtLoginHead{User: &loginpb.NtLoginUser{Account: proto.String(brokenText)}}
	sealed, err := SealNTLogin(&NTLogin{Head: head}, key)
	if err != nil {
		t.Fatal(err)
	}
	login, err := OpenNTLogin(sealed, func([]byte) ([]byte, error) { return key, nil })
	if err != nil || login.Head.GetUser().GetAccount() != mendedText {
		t.Errorf("account: got %+v, %v", login, err)
	}
	body, err := (&QRFetch{App: BuiltinApp("Linux"), DeviceName: brokenText}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	fetch, err := ParseQRFetch(mustCode2D(t, body, 0x31).Data)
	if err != nil || fetch.DeviceName != mendedText {
		t.Errorf("device: got %+v, %v", fetch, err)
	}
}

func TestBrokenTextInReplies(t *testing.T) {
	for _, sent := range []*WtLoginReply{
		{Tickets: &Tickets{UID: brokenText, Nickname: brokenText}},
		{State: 45, Title: brokenText, Message: brokenText},
	} {
		body, err := sent.Encode(testTgtgt)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseWtLoginReply(body, testTgtgt)
		if err != nil {
			t.Fatal(err)
		}
		texts := []string{got.Title, got.Message}
		if got.Tickets != nil {
			texts = []string{got.Tickets.UID, got.Tickets.Nickname}
		}
		for _, text := range texts {
			if text != mendedText {
				t.Errorf("got %q, want %q", text, mendedText)
			}
		}
	}
}
