package ntqq

import (
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/internal/rpc"
	"libration/internal/spec"
	"libration/internal/vectors"
	"libration/ntqq/message"
)

type responseVector struct {
	ID, Call, Command, Body, Error string
	Parsed                         json.RawMessage
}

type userVector struct {
	UIN, Age, Level, Permission, Sex    uint64
	UID, Nickname, Remarks, QID, Avatar string
	Sign                                string `json:"personal_sign"`
	Card                                string `json:"member_card"`
	Title                               string `json:"special_title"`
	GroupLevel                          uint64 `json:"group_level"`
	Country, City, School               string
	VIPLevel                            uint32 `json:"vip_level"`
	JoinTime                            int64  `json:"join_time"`
	LastMsg                             int64  `json:"last_msg_time"`
}

// responseRows are what the client reads from answers, by the command: what it got,
// and what it should have. first is what another client read.
var responseRows = map[string]func(t *testing.T, body []byte, first json.RawMessage) (got, want any, err error){
	rpc.FriendList.Name: func(t *testing.T, body []byte, first json.RawMessage) (any, any, error) {
		resp, err := rpc.FriendList.DecodeResponse(body)
		friends := friendsOf(resp)
		for i := range friends {
			friends[i].QID = "" // in the answer, but not read by that client
		}
		return friends, wanted(t, first, func(u userVector) Friend {
			return Friend{UIN: UIN(u.UIN), UID: UID(u.UID), Nickname: u.Nickname, Remark: u.Remarks, Sign: u.Sign}
		}), err
	},
	rpc.GroupList.Name: func(_ *testing.T, body []byte, first json.RawMessage) (any, any, error) {
		resp, err := rpc.GroupList.DecodeResponse(body)
		var groups []json.RawMessage
		_ = json.Unmarshal(first, &groups)
		return len(resp.GetGroups()), len(groups), err
	},
	rpc.GroupInfo.Name: func(_ *testing.T, body []byte, _ json.RawMessage) (any, any, error) {
		resp, err := rpc.GroupInfo.DecodeResponse(body)
		if err == nil {
			_, err = latestIn(resp, groupChat(GroupCode(resp.GetGroups()[0].GetGroupCode())))
		}
		return nil, nil, err
	},
	rpc.GroupMembers.Name: func(t *testing.T, body []byte, first json.RawMessage) (any, any, error) {
		resp, err := rpc.GroupMembers.DecodeResponse(body)
		members := []Member{}
		for _, m := range resp.GetMembers() {
			member := memberOf(0, m)
			member.MuteUntil = 0 // in the answer, but not read by that client
			members = append(members, member)
		}
		return members, wanted(t, first, memberWanted), err
	},
	rpc.GroupMember.Name: func(_ *testing.T, body []byte, first json.RawMessage) (any, any, error) {
		resp, err := rpc.GroupMember.DecodeResponse(body)
		var u userVector
		_ = json.Unmarshal(first, &u)
		return memberOf(0, resp.GetMember()), memberWanted(u), err
	},
	rpc.GroupNotices.Name: readNotices,
	rpc.ClientKey.Name: func(t *testing.T, body []byte, first json.RawMessage) (any, any, error) {
		resp, err := rpc.ClientKey.DecodeResponse(body)
		var w string
		_ = json.Unmarshal(first, &w)
		return resp.GetClientKey(), w, err
	},
	rpc.UserByUID.Name: func(_ *testing.T, body []byte, first json.RawMessage) (any, any, error) {
		resp, err := rpc.UserByUID.DecodeResponse(body)
		u, _ := userOf(resp)
		var w userVector
		_ = json.Unmarshal(first, &w)
		return []any{
				u.UIN, u.Nickname, u.Sign, u.QID, uint64(u.Age), uint64(u.Level), uint64(u.Sex), u.AvatarURL,
				u.Country, u.City, u.School, u.VIP(),
			}, []any{
				UIN(w.UIN), w.Nickname, w.Sign, w.QID, w.Age, w.Level, w.Sex, w.Avatar,
				w.Country, w.City, w.School, PaidService{Kind: serviceVIP, Level: w.VIPLevel, Year: true, Super: true},
			}, err
	},
	rpc.RenameGroup.Name: func(_ *testing.T, body []byte, _ json.RawMessage) (any, any, error) {
		_, err := rpc.RenameGroup.DecodeResponse(body)
		return nil, nil, err
	},
	rpc.MediaKeys.Name: readKeysVector,
	rpc.Register.Name: func(_ *testing.T, body []byte, _ json.RawMessage) (any, any, error) {
		_, err := rpc.Register.DecodeResponse(body)
		return nil, nil, err
	},
}

// readNotices compares the requests, which alone that client reads. It does not say whose
// operator is whose.
func readNotices(t *testing.T, body []byte, first json.RawMessage) (got, want any, err error) {
	resp, err := rpc.GroupNotices.DecodeResponse(body)
	type request struct {
		Sequence, Kind, State uint64
		Group                 GroupCode
		Target, Inviter       UID
		Comment               string
	}
	var read struct {
		Join    []noticeVector `json:"join_requests"`
		Invited []noticeVector `json:"invited_requests"`
	}
	if err := json.Unmarshal(first, &read); err != nil {
		t.Fatal(err)
	}
	mine, theirs := map[uint64]request{}, map[uint64]request{}
	for _, v := range append(read.Join, read.Invited...) {
		theirs[v.Sequence] = request{v.Sequence, v.Kind, v.State, v.Group, v.Target, v.Inviter, v.Comment}
	}
	for _, n := range noticesOf(resp, false) {
		if !n.Kind.IsRequest() {
			continue
		}
		r := request{n.Sequence, uint64(n.Kind), uint64(n.State), n.Group, n.Target.UID, n.Inviter.UID, n.Comment}
		if n.Kind == NoticeInvitation {
			r.Target = "" // that client leaves itself out
		}
		mine[r.Sequence] = r
	}
	return mine, theirs, err
}

type noticeVector struct {
	Sequence, State uint64
	Kind            uint64    `json:"event_type"`
	Group           GroupCode `json:"group_uin"`
	Target          UID       `json:"target_uid"`
	Inviter         UID       `json:"invitor_uid"`
	Comment         string
}

// TestVectorsOIDBResponses checks what the client reads from answers.
func TestVectorsOIDBResponses(t *testing.T) {
	left := spec.NotOffered(t)
	for _, v := range vectors.Of[responseVector](t, "oidb_responses.json") {
		t.Run(v.ID, func(t *testing.T) {
			op := operation(v.Command)
			if op == nil {
				if reason := left[spec.Short(v.Command)]; reason != "" {
					t.Skipf("%s is left out: %s", v.Command, reason)
				}
				t.Fatalf("%s has a vector: give it a row in internal/rpc", v.Command)
			}
			body, err := hex.DecodeString(v.Body)
			if err != nil {
				t.Fatal(err)
			}
			row := responseRows[v.Command]
			if row == nil {
				if op.Uncalled == "" {
					t.Fatalf("%s has a vector %q: give it a row in responseRows", v.Command, v.Call)
				}
				readWhole(t, op.Name, body, op.NewResponse())
				return
			}
			first := json.RawMessage("null")
			var parsed []json.RawMessage
			if json.Unmarshal(v.Parsed, &parsed) == nil && len(parsed) > 0 {
				first = parsed[0]
			}
			if v.Parsed == nil && v.Error == "" {
				t.Fatal("it says neither what is read nor which error: nothing would be compared")
			}
			got, want, err := row(t, body, first)
			if v.Error != "" {
				if err == nil {
					t.Fatalf("no error; want one like %q", v.Error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
		})
	}
}

func wanted[T any](t *testing.T, list json.RawMessage, f func(userVector) T) []T {
	t.Helper()
	var users []userVector
	if err := json.Unmarshal(list, &users); err != nil {
		t.Fatal(err)
	}
	out := make([]T, 0, len(users))
	for _, u := range users {
		out = append(out, f(u))
	}
	return out
}

func memberWanted(u userVector) Member {
	return Member{
		UIN: UIN(u.UIN), UID: UID(u.UID), Nickname: u.Nickname, Card: u.Card, Title: u.Title,
		Role: message.Role(u.Permission), Level: uint32(u.GroupLevel), JoinTime: u.JoinTime, LastSpeak: u.LastMsg,
	}
}
