package e2e

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/clienttest"
	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/vectors"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/media"
	"libration/ntqq/message"
	"libration/sandbox"
)

// form is what tells the requests of one command apart.
type form struct {
	command string
	byUIN   bool
}

// evidence is what was found of operations.
type evidence struct {
	handled map[string]bool // by the sandbox, by command
	called  map[form][]byte // by methods of the client, with its last request
	vectors map[string]int  // how many, by command
}

// TestOperations says of each operation what was forgotten about it.
func TestOperations(t *testing.T) {
	ops := rpc.All()
	e := evidence{called: called(t), vectors: vectorsOf(t)}
	e.handled = handled(t, ops, e.called)
	seen.known.handled = e.handled
	for _, text := range e.forgotten(ops) {
		t.Error(text)
	}
}

// vectorsOf counts the vectors by the command that they name.
func vectorsOf(t *testing.T) map[string]int {
	type named struct{ Command string }
	counts := map[string]int{}
	for _, file := range []string{"oidb_requests.json", "oidb_responses.json", "media.json", "highway.json", "files.json", "captures.json"} {
		for _, v := range vectors.Read[struct {
			named
			Requests []named
		}](t, file) {
			for _, r := range append(v.Requests, v.named) {
				counts[r.Command]++
			}
		}
	}
	delete(counts, "") // they name none
	return counts
}

func TestForgottenOperations(t *testing.T) {
	got := evidence{}.forgotten([]rpc.Operation{{OpInfo: rpc.OpInfo{Name: "a.New"}}})
	if len(got) != 4 {
		t.Errorf("of an operation with nothing at all it says %q", got)
	}
	got = evidence{
		handled: map[string]bool{"a.New": true}, called: map[form][]byte{{command: "a.New"}: {}}, vectors: map[string]int{"a.New": 1},
	}.forgotten([]rpc.Operation{{OpInfo: rpc.OpInfo{Name: "a.New", Ref: "login.md 9", Uncalled: "no", NoVectors: "none"}}})
	if len(got) != 2 {
		t.Errorf("of an operation with reasons that are out of date it says %q", got)
	}
}

func (e evidence) forgotten(ops []rpc.Operation) (texts []string) {
	want := map[form]bool{} // a method of the client calls it
	for _, op := range ops {
		if op.Uncalled == "" {
			want[form{op.Name, op.ByUIN}] = true
		}
	}
	for _, op := range ops {
		say := func(format string, args ...any) {
			texts = append(texts, "operation "+op.Name+": "+fmt.Sprintf(format, args...))
		}
		f := form{op.Name, op.ByUIN}
		if err := checkRef(op.Ref); err != nil {
			say("its place in docs/protocol is wrong: set Ref: %v", err)
		}
		if !e.handled[op.Name] {
			say("the sandbox does not handle it: add a handler")
		}
		switch {
		case op.Uncalled == "" && e.called[f] == nil:
			say("no method of ntqq.Client calls it: add one, or say in its row why there is none (Uncalled)")
		case op.Uncalled != "" && e.called[f] != nil && !want[f]:
			say("a method of ntqq.Client calls it: take out Uncalled")
		}
		switch {
		case op.NoVectors == "" && e.vectors[op.Name] == 0:
			say("no test vector names it: add one, or say in its row why there is none (NoVectors)")
		case op.NoVectors != "" && e.vectors[op.Name] > 0:
			say("there are test vectors of it: take out NoVectors")
		}
	}
	return texts
}

// checkRef fails when a place, "file.md section", is none.
func checkRef(ref string) error {
	file, section, _ := strings.Cut(ref, " ")
	text, err := os.ReadFile("../../docs/protocol/" + file)
	if err != nil {
		return err
	}
	if !regexp.MustCompile(`(?m)^#+ ` + regexp.QuoteMeta(section) + `[. ]`).Match(text) {
		return fmt.Errorf("%s has no section %q", file, section)
	}
	return nil
}

// handled sends a request of each operation to a sandbox, the client's where it calls
// it. A request that may be repeated is answered as before, and nothing follows from it.
func handled(t *testing.T, ops []rpc.Operation, requests map[form][]byte) map[string]bool {
	out := map[string]bool{}
	for _, op := range ops {
		if out[op.Name] {
			continue
		}
		bubble(t, func(t *testing.T) { // each has its own: what they do is not undone
			s := startService(t, sandbox.Options{AutoApprove: bot, Strict: true})
			a := s.account(t, nil)
			a.until(ntqq.Online)
			payload := requests[form{op.Name, op.ByUIN}]
			if op.Cmd != 0 && payload == nil {
				var err error
				payload, err = pb.Marshal(&oidbpb.OidbEnvelope{Command: op.Cmd, SubCommand: proto.Uint32(op.Sub)})
				if err != nil {
					t.Fatal(err)
				}
			}
			answer, err := a.Call(t.Context(), op.Name, payload)
			out[op.Name] = (err == nil || !strings.Contains(err.Error(), "unknown command")) &&
				!strings.Contains(string(answer), "unknown operation")
			events := happened(a)
			if again, err2 := a.Call(t.Context(), op.Name, payload); op.Repeat && err == nil {
				if err2 != nil || !proto.Equal(decoded(t, op, answer), decoded(t, op, again)) || happened(a) != events {
					t.Errorf("operation %s: a second request is answered %x, %v, the first %x: take out Repeat", op.Name, again, err2, answer)
				}
			}
		})
	}
	return out
}

// happened counts the events of an account that mean something.
func happened(a *account) int {
	return len(eventsOf[event.Event](a)) - len(eventsOf[*event.Unknown](a))
}

// decoded reads an answer; a refused one is empty.
func decoded(t *testing.T, op rpc.Operation, answer []byte) proto.Message {
	t.Helper()
	if op.Cmd != 0 {
		env := &oidbpb.OidbEnvelope{}
		if err := pb.Unmarshal(answer, env); err != nil {
			t.Fatal(err)
		}
		answer = env.GetBody()
	}
	m := op.NewResponse()
	if err := pb.Unmarshal(answer, m); err != nil {
		t.Fatal(err)
	}
	return m
}

// called runs each method of the client and records the requests.
func called(t *testing.T) map[form][]byte {
	var mu sync.Mutex
	out := map[form][]byte{}
	known, newest := knownAnswers(), uint64(0)
	answer := func(command string, payload []byte) ([]byte, error) {
		f := form{command: command}
		isOIDB := strings.HasPrefix(command, "OidbSvcTrpcTcp.")
		if isOIDB {
			env := &oidbpb.OidbEnvelope{}
			if err := pb.Unmarshal(payload, env); err != nil {
				return nil, err
			}
			f.byUIN = env.GetReserved() == 1
		}
		mu.Lock()
		defer mu.Unlock()
		out[f] = append([]byte{}, payload...)
		if body, ok := known[command]; ok {
			return body, nil
		}
		if command == rpc.PeerSequence.Name { // each time somebody has written
			newest++
			return rpc.PeerSequence.EncodeResponse(&messagepb.GetPeerSeqResp{Sequence1: newest})
		}
		if !isOIDB && strings.Contains(command, "egister") || strings.HasSuffix(command, "HeartBeat") || strings.HasSuffix(command, "InfoSync") {
			return nil, rpc.ErrUnknownCommand // clienttest answers those
		}
		return nil, nil // an empty success
	}
	bubble(t, func(t *testing.T) {
		c := clienttest.Online(t, answer, func(o *ntqq.Options) { o.Log = testLog(t) })
		runMethods(t, "", reflect.ValueOf(c))
		time.Sleep(10 * time.Minute) // virtual: heartbeats, look-ups
	})
	return out
}

// knownAnswers are those without which a method calls nothing else. Sending ends
// without a sequence, so that the message is looked for.
func knownAnswers() map[string][]byte {
	out := map[string][]byte{}
	member := &oidbpb.GroupMember{Id: &oidbpb.GroupMemberId{Uin: uint64(alice), Uid: "u_alice"}}
	fill(out, rpc.FriendList, &oidbpb.FriendListResp{Friends: []*oidbpb.Friend{{Uin: uint64(alice), Uid: "u_alice"}}})
	fill(out, rpc.GroupList, &oidbpb.GroupListResp{Groups: []*oidbpb.GroupListEntry{{GroupCode: uint64(group)}}})
	fill(out, rpc.GroupMembers, &oidbpb.GroupMemberListResp{GroupCode: uint64(group), Members: []*oidbpb.GroupMember{member}})
	fill(out, rpc.GroupInfo, &oidbpb.GroupInfoResp{Groups: []*oidbpb.GroupInfoRespEntry{{
		GroupCode: uint64(group), Info: &oidbpb.GroupInfo{LatestSeq: proto.Uint32(5)},
	}}})
	picture := &mediapb.MsgInfoBody{Index: &mediapb.IndexNode{
		FileUuid: "uuid", Info: &mediapb.FileInfo{FileMd5: fmt.Sprintf("%x", md5.Sum(dot))},
	}}
	fill(out, rpc.UploadGroupImage, &mediapb.RichMediaResp{Upload: &mediapb.UploadResp{ // it wants the bytes
		Ukey: proto.String("ukey"), MsgInfo: &mediapb.MsgInfo{Body: []*mediapb.MsgInfoBody{picture}},
	}})
	there := proto.CloneOf(picture)
	there.FileExist = true
	fill(out, rpc.UploadPrivateImage, &mediapb.RichMediaResp{Upload: &mediapb.UploadResp{
		MsgInfo: &mediapb.MsgInfo{Body: []*mediapb.MsgInfoBody{there}},
	}})
	fill(out, rpc.PrivateImageURL, &mediapb.RichMediaResp{Download: &mediapb.DownloadResp{Info: &mediapb.DownloadInfo{Domain: "gchat.qpic.cn"}}})
	fill(out, rpc.CustomFaces, &oidbpb.FaceRoamListResp{UserInfo: &oidbpb.FaceRoamUserInfo{ // those that are named in examples
		FileNames: []string{"text", "0123456789abcdef0123456789abcdef"},
	}})
	fill(out, rpc.ReserveGroupFile, &oidbpb.GroupFileResp{Upload: &oidbpb.GroupFileUploadResp{FileId: "/1", FileExists: true}})
	return out
}

// exampleMedia are a picture to be sent, and media that were received in private chats and
// in groups.
func exampleMedia(t *testing.T) []any {
	received := func(app uint64) message.Medium {
		uuid, err := pb.Marshal(&mediapb.FileUuidBody{AppId: app})
		if err != nil {
			t.Fatal(err)
		}
		return message.Medium{
			Name: "x", Size: 1, MD5: make([]byte, 16), SHA1: make([]byte, 20), ID: base64.RawURLEncoding.EncodeToString(uuid),
		}
	}
	picture := func(app uint64) message.Segment { return &message.ImageSegment{Medium: received(app)} }
	voice := func(app uint64) message.Segment { return &message.RecordSegment{Medium: received(app)} }
	video := func(app uint64) message.Segment {
		return &message.VideoSegment{Medium: received(app), Cover: received(app)}
	}
	sent := &message.ImageSegment{Medium: message.Medium{Source: media.Bytes(dot)}}
	return []any{sent, picture(1406), picture(1407), voice(1402), voice(1403), video(1413), video(1415)}
}

// dot is a PNG of one pixel.
var dot = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89" +
	"\x00\x00\x00\rIDATx\xdac\xfc\xff\x9f\xa1\x1e\x00\x07\x82\x02\x7f=\xc8H\xef\x00\x00\x00\x00IEND\xaeB`\x82")

func fill[Req, Resp proto.Message](answers map[string][]byte, op *rpc.Op[Req, Resp], resp Resp) {
	body, err := op.EncodeResponse(resp)
	if err != nil {
		panic(err)
	}
	answers[op.Name] = body
}

// notRun are methods that call no operation of their own.
var notRun = map[string]string{
	"Run":  "it runs already",
	"Wait": "waits for a state",
	"Call": "sends what it is given",

	"Transfers": "a list",
}

// runMethods runs each method that takes a context, and those of what the others
// return: the subjects. path is what leads to v.
func runMethods(t *testing.T, path string, v reflect.Value) {
	for i := range v.NumMethod() {
		name, method := v.Type().Method(i).Name, v.Method(i)
		switch f := method.Type(); {
		case notRun[name] != "":
		case f.NumIn() > 0 && f.In(0) == reflect.TypeFor[context.Context]():
			for _, args := range arguments(t, name, f) {
				args[0] = reflect.ValueOf(by(t.Context(), byMethod(path+name)))
				results := method.Call(args)
				if err, ok := results[len(results)-1].Interface().(error); ok && errors.Is(err, ntqq.ErrOffline) {
					t.Errorf("%s: %v", name, err)
				}
			}
		case f.NumIn() == 0 && f.NumOut() == 1 && isSubject(f.Out(0)):
			runMethods(t, path+name+"().", method.Call(nil)[0])
		}
	}
}

// isSubject tells whether a type has methods that take a context.
func isSubject(of reflect.Type) bool {
	for i := range of.NumMethod() {
		if f := of.Method(i).Type; f.NumIn() > 1 && f.In(1) == reflect.TypeFor[context.Context]() {
			return true
		}
	}
	return false
}

// arguments makes up the arguments of a method, in one or several ways.
func arguments(t *testing.T, name string, f reflect.Type) [][]reflect.Value {
	ways := [][]reflect.Value{nil}
	for i := range f.NumIn() {
		values := examples(t)[f.In(i)]
		if len(values) == 0 {
			t.Fatalf("method %s takes a %v: add an example of one", name, f.In(i))
		}
		var longer [][]reflect.Value
		for _, way := range ways {
			for _, v := range values {
				longer = append(longer, append(way[:len(way):len(way)], reflect.ValueOf(v)))
			}
		}
		ways = longer
	}
	return ways
}

// examples are arguments by their type.
func examples(t *testing.T) map[reflect.Type][]any {
	return map[reflect.Type][]any{
		reflect.TypeFor[context.Context]():       {t.Context()},
		reflect.TypeFor[bool]():                  {false, true},
		reflect.TypeFor[string]():                {"text"},
		reflect.TypeFor[[]string]():              {[]string{"0123456789abcdef0123456789abcdef"}},
		reflect.TypeFor[message.UIN]():           {alice},
		reflect.TypeFor[message.UID]():           {message.UID("u_alice")},
		reflect.TypeFor[message.GroupCode]():     {group},
		reflect.TypeFor[message.Content]():       {say("hello"), message.Content{message.Forward(message.Node{Content: say("hello")})}},
		reflect.TypeFor[uint64]():                {uint64(1)},
		reflect.TypeFor[uint32]():                {uint32(0)},
		reflect.TypeFor[int]():                   {1},
		reflect.TypeFor[message.Segment]():       exampleMedia(t),
		reflect.TypeFor[*event.GroupPoked]():     {&event.GroupPoked{Group: group}},
		reflect.TypeFor[*event.FriendPoked]():    {&event.FriendPoked{Peer: event.Person{UIN: alice}}},
		reflect.TypeFor[ntqq.AIVoiceKind]():      {ntqq.AISpeech},
		reflect.TypeFor[ntqq.RobotButton]():      {ntqq.RobotButton{}, ntqq.RobotButton{Group: group}},
		reflect.TypeFor[io.Writer]():             {io.Discard},
		reflect.TypeFor[ntqq.HistoryQuery]():     {ntqq.HistoryQuery{}, ntqq.HistoryQuery{Time: 1}},
		reflect.TypeFor[[]message.UIN]():         {[]message.UIN{alice}},
		reflect.TypeFor[time.Duration]():         {time.Minute},
		reflect.TypeFor[ntqq.Kick]():             {ntqq.Kick{}},
		reflect.TypeFor[ntqq.Essence]():          {ntqq.Essence{Group: group}},
		reflect.TypeFor[ntqq.Honor]():            {ntqq.HonorTalkative, ntqq.HonorLegend},
		reflect.TypeFor[time.Time]():             {time.Time{}},
		reflect.TypeFor[ntqq.Packet]():           {ntqq.Packet{Command: "A.Packet"}},
		reflect.TypeFor[ntqq.Mask]():             {ntqq.MaskNotify},
		reflect.TypeFor[ntqq.MiniApp]():          {ntqq.BilibiliApp()},
		reflect.TypeFor[*message.ImageSegment](): {&message.ImageSegment{Medium: message.Medium{Source: media.Bytes(dot)}}},
		reflect.TypeFor[int32]():                 {int32(1)},
		reflect.TypeFor[ntqq.NewAnnouncement]():  {ntqq.NewAnnouncement{Text: "text"}},
		reflect.TypeFor[ntqq.FriendWish]():       {ntqq.FriendWish{}},
		reflect.TypeFor[ntqq.FriendRemoval]():    {ntqq.FriendRemoval{}},
		reflect.TypeFor[ntqq.GroupRequest](): {
			ntqq.GroupRequest{Group: group, Kind: ntqq.NoticeJoin, Sequence: 1}, ntqq.GroupRequest{Group: group, Kind: ntqq.NoticeJoin, Sequence: 1, Filtered: true},
		},
		reflect.TypeFor[ntqq.Verdict]():       {ntqq.Accept},
		reflect.TypeFor[ntqq.ProfileChange](): {ntqq.ProfileChange{Sex: new(ntqq.SexMale)}},
		reflect.TypeFor[ntqq.Status]():        {ntqq.Status{Code: ntqq.StatusAway}},
		reflect.TypeFor[ntqq.CustomStatus]():  {ntqq.CustomStatus{Text: "text"}},
		reflect.TypeFor[ntqq.Input]():         {ntqq.InputText},
		reflect.TypeFor[ntqq.GroupFileRef]():  {ntqq.GroupFileRef{ID: "/1"}},
		reflect.TypeFor[ntqq.FileUpload]():    {ntqq.FileUpload{Source: media.Bytes(dot), Name: "x"}},
		reflect.TypeFor[*message.FileSegment](): {
			&message.FileSegment{ID: "/1", FileName: "x", BusID: message.BusPermanent}, &message.FileSegment{ID: "1", FileName: "x", Hash: "x"},
		},
		reflect.TypeFor[message.Chat](): {
			message.Chat{Kind: message.Group, Group: group}, message.Chat{Kind: message.Friend, Peer: alice, PeerUID: "u_alice"},
		},
		reflect.TypeFor[*message.Message](): {
			&message.Message{Chat: message.Chat{Kind: message.Group, Group: group}, Sequence: 1, Random: 7},
			&message.Message{Chat: message.Chat{Kind: message.Friend, Peer: alice, PeerUID: "u_alice"}, Sequence: 1},
		},
	}
}
