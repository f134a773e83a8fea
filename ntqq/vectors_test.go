package ntqq

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protopath"
	"google.golang.org/protobuf/reflect/protorange"
	"google.golang.org/protobuf/reflect/protoreflect"

	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/vectors"
	"libration/ntqq/message"
)

type requestArgs struct {
	UID, Text, Token, Card             string
	UIN, Group, Seq, Random, Timestamp uint64
	NextUIN                            uint64 `json:"next_uin"`
	ClientSeq                          uint64 `json:"client_seq"`
	Count                              uint32
	Code                               string
	Add                                bool
	IDs                                []string
	ResID                              string `json:"res_id"`
	Filtered, Block, Accept            bool
	Operate, Type                      uint32
	Sequence                           uint64
	Reason                             string
	mediaArgs
	manageArgs
}

// manageArgs are those of what manages groups.
type manageArgs struct {
	Name, Title string
	Admin, Mute bool
	Duration    uint32
	RejectAgain bool `json:"reject_again"`
}

type requestVector struct {
	ID, Call, Command, Body string
	Args                    json.RawMessage
	FileBytes               vectors.Hex `json:"file_bytes"`
	Volatile                []string
}

// requestRows are what the client sends, by the call of a vector.
var requestRows = map[string]func(*testing.T, requestArgs) (command string, body []byte){
	"fetch friends": func(t *testing.T, a requestArgs) (string, []byte) {
		var cookie []byte
		if a.NextUIN != 0 {
			cookie = protowire.AppendVarint([]byte{8}, a.NextUIN)
		}
		return encoded(t, rpc.FriendList, friendListRequest(cookie))
	},
	"fetch groups": func(t *testing.T, _ requestArgs) (string, []byte) {
		return encoded(t, rpc.GroupList, groupListRequest())
	},
	"fetch group members": func(t *testing.T, a requestArgs) (string, []byte) {
		req := memberListRequest(GroupCode(a.Group), []byte(a.Token))
		if a.Token == "" {
			req.Cookie = []byte{} // on the first page that client writes an empty one, ours none
		}
		return encoded(t, rpc.GroupMembers, req)
	},
	"fetch group member": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.GroupMember, memberRequest(GroupCode(a.Group), UID(a.UID)))
	},
	"fetch group notifications": func(t *testing.T, a requestArgs) (string, []byte) {
		if a.Filtered {
			return encoded(t, rpc.FilteredNotices, noticesRequest(a.Count, 0))
		}
		return encoded(t, rpc.GroupNotices, noticesRequest(a.Count, 0))
	},
	"answer group request": func(t *testing.T, a requestArgs) (string, []byte) {
		op := rpc.AnswerNotice
		if a.Filtered {
			op = rpc.AnswerFilteredNotice
		}
		r := GroupRequest{Group: GroupCode(a.Group), Kind: GroupNoticeKind(a.Type), Sequence: a.Sequence, Filtered: a.Filtered}
		return encoded(t, op, answerRequest(r, Verdict(a.Operate), a.Reason))
	},
	"set member card": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.SetMemberCard, cardRequest(GroupCode(a.Group), UID(a.UID), a.Card))
	},
	"friend poke": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.Poke, friendPokeRequest(UIN(a.UIN), UIN(a.UIN)))
	},
	"set special title": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.SetMemberTitle, titleRequest(GroupCode(a.Group), UID(a.UID), a.Title))
	},
	"set group admin": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.SetAdmin, adminRequest(GroupCode(a.Group), UID(a.UID), a.Admin))
	},
	"set group name": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.RenameGroup, renameRequest(GroupCode(a.Group), a.Name))
	},
	"group mute all": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.MuteGroup, muteAllRequest(GroupCode(a.Group), a.Mute))
	},
	"mute member": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.MuteMember, muteRequest(GroupCode(a.Group), UID(a.UID), a.Duration))
	},
	"kick member": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.KickMembers, kickRequest(GroupCode(a.Group), []UID{UID(a.UID)}, Kick{Block: a.RejectAgain}))
	},
	"leave group": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.LeaveGroup, leaveRequest(GroupCode(a.Group)))
	},
	"set reaction": func(t *testing.T, a requestArgs) (string, []byte) {
		op := rpc.RemoveReaction
		if a.Add {
			op = rpc.AddReaction
		}
		return encoded(t, op, reactionRequest(GroupCode(a.Group), a.Seq, a.Code))
	},
	"set essence": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.SetEssence, essenceRequest(&message.Message{
			Chat: message.Chat{Kind: message.Group, Group: GroupCode(a.Group)}, Sequence: a.Seq, Random: uint32(a.Random),
		}))
	},
	"delete friend": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.DeleteFriend, deleteFriendRequest(UID(a.UID), FriendRemoval{Block: a.Block, Both: true}))
	},
	"friend like": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.LikeProfile, likeRequest(UID(a.UID), int(a.Count)))
	},
	"friend request": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.AnswerFriendRequest, answerFriendRequest(UID(a.UID), a.Accept))
	},
	"long message upload": func(t *testing.T, a requestArgs) (string, []byte) {
		// That client does not know its own text id yet. The payload is made by internal/elements.
		return encoded(t, rpc.SendLongMessage, sendForwardRequest(GroupCode(a.Group), "", nil))
	},
	"long message download": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.FetchLongMessage, fetchForwardRequest(UID(a.UID), a.ResID))
	},
	"long message download 2": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.FetchLongMessage, fetchForwardRequest("", a.ResID)) // nor here
	},
	"fetch user info by uid": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.UserByUID, &oidbpb.UserInfoByUidReq{Uid: a.UID, Keys: userInfoKeys()})
	},
	"market face key": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.MarketFaceKeys, marketKeysRequest(a.IDs))
	},
	"highway url": func(t *testing.T, a requestArgs) (string, []byte) {
		ticket, err := hex.DecodeString(a.TGT)
		if err != nil {
			t.Fatal(err)
		}
		return encoded(t, rpc.HighwaySession, highwayRequest(ticket))
	},
	"fetch rkeys":            func(t *testing.T, _ requestArgs) (string, []byte) { return encoded(t, rpc.MediaKeys, keysRequest()) },
	"group image url":        urlRow(imageKind),
	"group record url":       urlRow(recordKind),
	"private image url":      urlRow(imageKind),
	"private record url":     urlRow(recordKind),
	"group image upload":     reserveRow(imageKind),
	"private record upload":  reserveRow(recordKind),
	"group video upload":     reserveRow(videoKind),
	"private video upload":   reserveRow(videoKind),
	"fetch user info":        userByUIN,
	"fetch user info by uin": userByUIN,
	"msg send private": func(t *testing.T, a requestArgs) (string, []byte) {
		return encodedMessage(t, friendRouting(UID(a.UID)), a.Text)
	},
	"msg send group": func(t *testing.T, a requestArgs) (string, []byte) {
		command, body := encodedMessage(t, groupRouting(GroupCode(a.Group)), a.Text)
		return command, append(body, 0x62, 0x02, 0x08, 0x01) // that client adds the time, ours does not
	},
	"recall group": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.RecallGroup, groupRecallRequest(&message.Message{
			Chat: message.Chat{Kind: message.Group, Group: GroupCode(a.Group)}, Sequence: a.Seq,
		}))
	},
	"read report group": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.ReadReport, readRequest(groupChat(GroupCode(a.Group)), "", a.Seq, 0))
	},
	"history private": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.RoamHistory, roamRequest(UID(a.UID), int64(a.Timestamp), a.Count, false))
	},
	"recall private": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.RecallFriend, friendRecallRequest(UID(a.UID), &message.Message{
			Sequence: a.Seq, ClientSequence: a.ClientSeq, Random: uint32(a.Random), Time: int64(a.Timestamp),
		}))
	},
}

// othersRequests are calls of operations that our client sends in another form only.
var othersRequests = map[string]string{
	"msg send temp":    "no messages to strangers of a group yet",
	"fetch group info": "ours asks for the newest sequence alone",

	"group video url":     "ours asks by the group's own command",
	"group record upload": "ours writes the empty parts, too, as the flows of media.json do",
}

func encoded[Req, Resp proto.Message](t *testing.T, op *rpc.Op[Req, Resp], req Req) (string, []byte) {
	t.Helper()
	b, err := op.EncodeRequest(req)
	if err != nil {
		t.Fatal(err)
	}
	return op.Name, b
}

func encodedMessage(t *testing.T, to *messagepb.SendRouting, text string) (string, []byte) {
	t.Helper()
	body, err := elements.Encode(message.Content{message.Text(text)}, elements.EncodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return encoded(t, rpc.SendMessage, sendRequest(to, body, 1, 2))
}

func userByUIN(t *testing.T, a requestArgs) (string, []byte) {
	return encoded(t, rpc.UserByUIN, &oidbpb.UserInfoByUinReq{Uin: a.UIN, Keys: userInfoKeys()})
}

// operation finds the operation of a vector; nil: there is none yet.
func operation(command string) *rpc.Operation {
	for _, op := range rpc.All() {
		if op.Name == command {
			return &op
		}
	}
	return nil
}

// TestVectorsOIDBRequests checks what the client sends. Of what only other clients
// send it checks that it is read whole.
func TestVectorsOIDBRequests(t *testing.T) {
	for _, v := range vectors.Read[requestVector](t, "oidb_requests.json") {
		t.Run(v.ID, func(t *testing.T) {
			if strings.HasPrefix(v.ID, "tlv/") || v.Call == "nt login" {
				t.Skip("checked in internal/wire")
			}
			op := operation(v.Command)
			if op == nil {
				t.Skipf("not supported yet: operation %q", v.Call)
			}
			want, err := hex.DecodeString(v.Body)
			if err != nil {
				t.Fatal(err)
			}
			row := requestRows[v.Call]
			if row == nil {
				if op.Uncalled == "" && othersRequests[v.Call] == "" {
					t.Fatalf("%s has a vector %q: give it a row in requestRows", v.Command, v.Call)
				}
				readWhole(t, op.Name, want, op.NewRequest())
				return
			}
			var a requestArgs
			if err := json.Unmarshal(v.Args, &a); err != nil {
				t.Fatal(err)
			}
			a.fileBytes = v.FileBytes
			command, got := row(t, a)
			if command != v.Command {
				t.Errorf("command: got %s, want %s", command, v.Command)
			}
			if v.Call == "recall private" {
				// That client's message uid has a known slip (docs/protocol/messages.md 3).
				v.Volatile = append(v.Volatile, "4.3")
			}
			for _, path := range v.Volatile {
				got, want = without(t, got, path), without(t, want, path)
			}
			if !slices.Equal(got, want) {
				t.Errorf("request\n got %x\nwant %x", got, want)
			}
		})
	}
}

// readWhole fails when the schema of m lacks a field of a payload.
func readWhole(t *testing.T, command string, payload []byte, m proto.Message) {
	t.Helper()
	if strings.HasPrefix(command, "OidbSvcTrpcTcp.") {
		env := &oidbpb.OidbEnvelope{}
		if err := pb.Unmarshal(payload, env); err != nil {
			t.Fatal(err)
		}
		payload = env.GetBody()
	}
	if err := pb.Unmarshal(payload, m); err != nil {
		t.Fatal(err)
	}
	err := protorange.Range(m.ProtoReflect(), func(p protopath.Values) error {
		if inner, ok := p.Index(-1).Value.Interface().(protoreflect.Message); ok && len(inner.GetUnknown()) > 0 {
			return fmt.Errorf("%s has unknown fields: %x", inner.Descriptor().FullName(), inner.GetUnknown())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// without removes a field, named by its path of numbers, from a protobuf message.
func without(t *testing.T, b []byte, path string) []byte {
	t.Helper()
	first, rest, deeper := strings.Cut(path, ".")
	field, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		m := protowire.ConsumeFieldValue(num, typ, b[n:])
		if m < 0 {
			t.Fatal(protowire.ParseError(m))
		}
		switch {
		case int(num) != field:
			out = append(out, b[:n+m]...)
		case deeper:
			inner, _ := protowire.ConsumeBytes(b[n:])
			out = protowire.AppendBytes(append(out, b[:n]...), without(t, inner, rest))
		}
		b = b[n+m:]
	}
	return out
}

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
	rpc.UserByUID.Name: func(_ *testing.T, body []byte, first json.RawMessage) (any, any, error) {
		resp, err := rpc.UserByUID.DecodeResponse(body)
		u, _ := userOf(resp)
		var w userVector
		_ = json.Unmarshal(first, &w)
		return []any{u.UIN, u.Nickname, u.Sign, u.QID, uint64(u.Age), uint64(u.Level), uint64(u.Sex), u.AvatarURL},
			[]any{UIN(w.UIN), w.Nickname, w.Sign, w.QID, w.Age, w.Level, w.Sex, w.Avatar}, err
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
	for _, v := range vectors.Read[responseVector](t, "oidb_responses.json") {
		t.Run(v.ID, func(t *testing.T) {
			op := operation(v.Command)
			if op == nil {
				t.Skipf("not supported yet: operation %q", v.Call)
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

func newTestClient(t *testing.T) *Client {
	t.Helper()
	c, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
