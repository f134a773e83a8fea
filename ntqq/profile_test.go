package ntqq

import (
	"encoding/hex"
	"encoding/json"
	"testing"

	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
)

// TestPresence: the numbers of docs/protocol/operations.md 4.1, as those of 4.5.
func TestPresence(t *testing.T) {
	for number, want := range map[uint64]Status{
		0: {}, 1: {Code: StatusOnline}, 3: {Code: StatusAway}, 7: {Code: StatusDoNotDisturb},
		0x400 | 4<<16:                        {Code: StatusOnline, Extended: 1028},
		statusFlag + 5:                       {Code: StatusBusy},
		statusFlag + 0x7d0&0xFF00 + 0xd0<<16: {Code: StatusOnline, Extended: 2000},
	} {
		u, ok := userOf(&oidbpb.UserInfoResp{Body: &oidbpb.UserInfoBody{Properties: &oidbpb.UserProperties{
			Numbers:     []*oidbpb.NumberProperty{{Key: keyStatus, Value: number}},
			BytesValues: []*oidbpb.BytesProperty{{Key: keyNickname, Value: []byte("x")}},
		}}})
		if got := u.Presence(); !ok || got != want {
			t.Errorf("%#x: got %+v, want %+v", number, got, want)
		}
	}
}

// TestProfileRequest: only what changes is sent, and always the place (operations.md 3.1).
func TestProfileRequest(t *testing.T) {
	empty, sex := "", SexFemale
	const always = "08914e" + "121208c09c01120c000000000000000000000000"
	for _, tt := range []struct {
		change ProfileChange
		want   string
	}{
		{ProfileChange{Nickname: &empty, Sign: &empty}, always + "120608a29c011200" + "120408661200"},
		{ProfileChange{Sex: &sex}, always + "1a0608a99c011002"},
	} {
		got, err := pb.Marshal(profileRequest(10001, tt.change))
		if err != nil || hex.EncodeToString(got) != tt.want {
			t.Errorf("%+v: got %x, %v, want %s", tt.change, got, err, tt.want)
		}
	}
	day := Birthday{Year: 2001, Month: 2, Day: 3}
	if n := profileRequest(1, ProfileChange{Birthday: &day}).GetNumbers(); len(n) != 1 || n[0].GetValue() != 2001<<16|2<<8|3 {
		t.Errorf("birthday: got %v", n)
	}
	if got := birthdayOf([]byte{0x07, 0xd1, 2, 3}); got != day {
		t.Errorf("birthday read as %+v", got)
	}
}

func TestLoginDaysRequest(t *testing.T) {
	req, err := webSSORequest(loginDaysRequest{loginDaysOf{[]UIN{7}}, 1})
	if want := `{"msg_req_basic_info":{"uint64_request_uin":[7]},"uint32_req_login_info":1}`; err != nil || req.GetData() != want {
		t.Errorf("got %s, %v, want %s", req.GetData(), err, want)
	}
}

// FuzzLoginDays: whatever an answer says, it is read or refused.
func FuzzLoginDays(f *testing.F) {
	f.Add(`{"msg_rsp_basic_info":{"rpt_msg_basic_info":[{"uint64_uin":7,"uint32_login_days":41}]}}`)
	f.Add(`{"msg_rsp_basic_info":{"rpt_msg_basic_info":[{"uint64_uin":"7","uint32_login_days":-1}]}}`)
	f.Add(`[[[`)
	f.Fuzz(func(t *testing.T, data string) {
		var answer loginDaysAnswer
		if err := readWebSSO(rpc.LoginDays.Name, data, &answer); err == nil && !json.Valid([]byte(data)) {
			t.Errorf("%q was read as %+v", data, answer)
		}
	})
}
