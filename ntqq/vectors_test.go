package ntqq

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

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
	"libration/internal/spec"
	"libration/internal/vectors"
	"libration/ntqq/message"
)

type requestArgs struct {
	UID, Text, Token, Card             string
	UIN, Group, Seq, Random, Timestamp uint64
	NextUIN                            uint64 `json:"next_uin"`
	SelfUIN                            uint64 `json:"self_uin"`
	ChatType                           uint32 `json:"chat_type"`
	ChatID                             uint32 `json:"chat_id"`
	VoiceID                            string `json:"voice_id"`
	ClientSeq                          uint64 `json:"client_seq"`
	Count                              uint32
	URL                                string
	Code                               string
	Add                                bool
	IDs                                []string
	ResID                              string `json:"res_id"`
	Filtered, Block, Accept            bool
	Operate, Type                      uint32
	Sequence                           uint64
	Reason                             string
	Battery, Status                    uint32
	ExtStatus                          uint32 `json:"ext_status"`
	Domains                            []string
	mediaArgs
	manageArgs
	fileArgs
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
	"fetch client key": func(t *testing.T, _ requestArgs) (string, []byte) {
		return encoded(t, rpc.ClientKey, &oidbpb.EmptyResp{})
	},
	"fetch cookies": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.PSkeys, &oidbpb.PsKeyReq{Domains: a.Domains})
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
	"one way friends": func(t *testing.T, a requestArgs) (string, []byte) {
		req, err := webSSORequest(oneWayRequest{UIN: UIN(a.SelfUIN), Count: mostOneWay})
		if err != nil {
			t.Fatal(err)
		}
		return encoded(t, rpc.OneWayFriends, req)
	},
	"ai character list": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.AIVoices, aiVoicesRequest(GroupCode(a.Group), AIVoiceKind(a.ChatType)))
	},
	"group ai record": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.AISpeak, aiSpeakRequest(GroupCode(a.Group), a.VoiceID, a.Text, AIVoiceKind(a.ChatType), a.ChatID))
	},
	"delete friend": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.DeleteFriend, deleteFriendRequest(UID(a.UID), FriendRemoval{Block: a.Block, Both: true}))
	},
	"status": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.SetStatus, statusRequest(Status{a.Status, a.ExtStatus}, a.Battery))
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
	"url check": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.CheckURL, checkURLRequest(UIN(a.SelfUIN), a.URL))
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
	"msg send temp":    "ours names the receiver by text id, in the newer form",
	"fetch group info": "ours asks for the newest sequence alone",

	"group video url":     "ours asks by the group's own command",
	"group record upload": "ours writes the empty parts, too, as the flows of media.json do",

	"group file upload":   "the flows of files.json have the same request",
	"group send file":     "the flows of files.json have the same request",
	"private file upload": "the flows of files.json have the same request",
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
	left := spec.NotOffered(t)
	for _, v := range vectors.Of[requestVector](t, "oidb_requests.json") {
		t.Run(v.ID, func(t *testing.T) {
			op := operation(v.Command)
			if op == nil {
				if reason := left[spec.Short(v.Command)]; reason != "" {
					t.Skipf("%s is left out: %s", v.Command, reason)
				}
				t.Fatalf("%s has a vector: give it a row in internal/rpc", v.Command)
			}
			want, err := hex.DecodeString(v.Body)
			if err != nil {
				t.Fatal(err)
			}
			row := requestRows[v.Call]
			if row == nil {
				row = fileRequestRows[v.Call]
			}
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
	knowsAll(t, m)
}

// knowsAll fails when a message that was read has fields that its schema lacks.
func knowsAll(t *testing.T, m proto.Message) {
	t.Helper()
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

func newTestClient(t *testing.T) *Client {
	t.Helper()
	c, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
