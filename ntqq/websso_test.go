package ntqq

import (
	"errors"
	"testing"
	"unicode/utf8"

	"libration/internal/rpc"
)

// FuzzOneWayFriends: whatever an answer in JSON says, it is read or refused.
func FuzzOneWayFriends(f *testing.F) {
	f.Add(`{"ErrorCode":0,"rpt_block_list":[{"uint64_uin":20001,"bytes_nick":"QWxpY2U=","uint32_sex":255,"bytes_source":"/w==","str_uid":"u_x"}]}`)
	f.Add(`{"ErrorCode":5}`)
	f.Add(`{"ErrorCode":-1,"rpt_block_list":{}}`)
	f.Add("")
	f.Fuzz(func(t *testing.T, data string) {
		var answer oneWayAnswer
		err := readWebSSO("x", data, &answer)
		if refused, ok := errors.AsType[*rpc.Refused](err); ok && refused.Code == 0 {
			t.Errorf("%q is refused with code 0", data)
		}
		for _, friend := range answer.list() {
			if !utf8.ValidString(friend.Nickname) || !utf8.ValidString(string(friend.UID)) || !utf8.ValidString(friend.Source) {
				t.Errorf("%q has %+v", data, friend)
			}
		}
	})
}
