package server

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/loginpb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/webguard"
	"libration/internal/wire"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

func TestFriendListPages(t *testing.T) {
	h := start(t, Options{FriendPage: 2})
	c := h.dial().login(bot)
	must(t, h.World().Friends().SetRemark(bot, bob, "builder"))
	must(t, h.World().Friends().SetCategory(bot, bob, 3))
	var names []string
	req := &oidbpb.FriendListReq{ReqCount: 300, Cookie: []byte{}}
	for page := 1; ; page++ {
		got := call(c, rpc.FriendList, req)
		if got.Time == nil || got.GetSelfUin() != uint64(bot) || got.IsEnd == nil || len(got.GetCategories()) != 2 {
			t.Errorf("page %d: got %v", page, got)
		}
		for _, f := range got.GetFriends() {
			data := f.GetBiz()[1]
			names = append(names, string(data.GetStrings()[keyNickname]))
			for _, key := range []int32{keySign, keyRemark, keyNickname, keyQID} {
				if _, ok := data.GetStrings()[key]; !ok {
					t.Errorf("friend %d: key %d is missing", f.GetUin(), key)
				}
			}
			if f.GetUin() == uint64(bob) && (string(data.GetStrings()[keyRemark]) != "builder" || f.GetCategoryId() != 3) {
				t.Errorf("remark and category: got %v", f)
			}
			if f.CategoryId == nil || f.GetUid() == "" {
				t.Errorf("friend: got %v", f)
			}
		}
		if got.Cookie == nil { // absent, not empty
			if page != 2 || got.GetIsEnd() != 1 {
				t.Errorf("ended on page %d, is_end %d", page, got.GetIsEnd())
			}
			break
		}
		req.Cookie = got.Cookie
	}
	if got := strings.Join(names, " "); got != "Alice Bob Carol" {
		t.Errorf("friends: got %s", got)
	}
	if _, err := tryCall(c, rpc.FriendList, &oidbpb.FriendListReq{Cookie: []byte{0xFF}}); err == nil {
		t.Error("bad cookie: got no error")
	}
}

func TestNobodyHasNoFriends(t *testing.T) {
	h := start(t, Options{})
	lonely, err := h.World().Users().Add(world.User{Nickname: "Dave"})
	must(t, err)
	c := h.dial().login(lonely.UIN)
	got := call(c, rpc.FriendList, &oidbpb.FriendListReq{})
	if len(got.GetFriends()) != 1 || got.GetFriends()[0].GetUin() != uint64(lonely.UIN) || len(got.GetCategories()) != 1 {
		t.Errorf("got %v, want itself", got)
	}
}

func TestUserInfo(t *testing.T) {
	h := start(t, Options{})
	c := h.dial().login(bot)
	other, _ := h.World().Users().Find(alice)
	byUID := call(c, rpc.UserByUID, &oidbpb.UserInfoByUidReq{Uid: string(other.UID)}).GetBody()
	byUIN := call(c, rpc.UserByUIN, &oidbpb.UserInfoByUinReq{Uin: uint64(alice)}).GetBody()
	if byUID.GetUin() != uint64(alice) || byUIN.GetUin() != uint64(alice) || byUIN.GetUid() != string(other.UID) {
		t.Errorf("got %v and %v", byUID, byUIN)
	}
	numbers, texts := map[uint32]uint64{}, map[uint32]*oidbpb.BytesProperty{}
	for _, p := range byUIN.GetProperties().GetNumbers() {
		numbers[p.GetKey()] = p.GetValue()
	}
	for _, p := range byUIN.GetProperties().GetBytesValues() {
		texts[p.GetKey()] = p
	}
	for _, key := range []uint32{105, 20009, 20026, 20037, 27372} {
		if _, ok := numbers[key]; !ok {
			t.Errorf("number %d is missing", key)
		}
	}
	for _, key := range []uint32{101, 102, 103, 107, 20002, 20003, 20020, 20021, 20031, 27394, 27406} {
		if p := texts[key]; p == nil || p.Value == nil { // empty, but written
			t.Errorf("property %d: got %v, want a value", key, p)
		}
	}
	if got := hex.EncodeToString(texts[107].GetValue()); got != "1a00" {
		t.Errorf("property 107: got %s, want 1a00", got)
	}
	if string(texts[20002].GetValue()) != "Alice" || len(texts[20031].GetValue()) != 4 || numbers[27372] != 1 {
		t.Errorf("got %v %v", numbers, texts)
	}
	for _, err := range []error{
		second(tryCall(c, rpc.UserByUIN, &oidbpb.UserInfoByUinReq{Uin: 999})),
		second(tryCall(c, rpc.UserByUID, &oidbpb.UserInfoByUidReq{Uid: "u_nobody"})),
	} {
		var refused *rpc.Refused
		if !errors.As(err, &refused) || refused.Code != int64(world.NotFound) || refused.Message == "" {
			t.Errorf("unknown user: got %v, want a refusal with code %d", err, world.NotFound)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestSetStatus(t *testing.T) {
	h := start(t, Options{})
	c := h.dial().login(bot)
	for name, c2 := range map[string]struct {
		req  *oidbpb.SetStatusReq
		want uint64
	}{
		"away":            {&oidbpb.SetStatusReq{Status: 30}, 3},
		"old layout":      {&oidbpb.SetStatusReq{ExtStatus: 50}, 5},
		"extended":        {&oidbpb.SetStatusReq{Status: 10, ExtStatus: 1028}, 0x400 | 4<<16},
		"online":          {&oidbpb.SetStatusReq{Status: 10}, 1},
		"old layout, ext": {&oidbpb.SetStatusReq{ExtStatus: 10, BatteryStatus: 1028}, 0x400 | 4<<16},
	} {
		got := call(c, rpc.SetStatus, c2.req)
		if got.GetErrorCode() != 0 || got.GetMessage() != "set status success" {
			t.Errorf("%s: got %v", name, got)
		}
		if got := statusOf(h.World().Users().Status(bot)); got != c2.want {
			t.Errorf("%s: got status %#x, want %#x", name, got, c2.want)
		}
	}
	own := &oidbpb.SetStatusReq{ExtStatus: 10, BatteryStatus: 2000, Custom: &oidbpb.SetStatusCustom{FaceId: 14, Text: proto.String("mine"), FaceType: 1}}
	call(c, rpc.SetStatus, own) // the older layout
	if got, want := h.World().Users().Status(bot), (world.Status{Status: 10, Extended: 2000, Face: 14, Text: "mine"}); got != want {
		t.Errorf("in own words: got %+v, want %+v", got, want)
	}
	for _, wrong := range []*oidbpb.SetStatusReq{{}, {Status: 20}, {ExtStatus: 20}, {Status: 30, ExtStatus: 1028}, {Status: 10, BatteryStatus: 101}} {
		if _, err := tryCall(c, rpc.SetStatus, wrong); err == nil {
			t.Errorf("%v is taken", wrong)
		}
	}
}

func TestGroupLists(t *testing.T) {
	h := start(t, Options{MemberPage: 3})
	c := h.dial().login(bot)
	h.World().Messages().Send(world.Send{From: alice, Group: mall, Parts: world.Text("x")}, nil)
	owner, _ := h.World().Users().Find(alice)

	groups := call(c, rpc.GroupList, &oidbpb.GroupListReq{}).GetGroups()
	if len(groups) != 2 || groups[0].GetGroupCode() != uint64(mall) || groups[0].GetInfo().GetOwner().GetUid() != string(owner.UID) ||
		groups[0].GetPerson().LastSpeakTime == nil || groups[0].GetPerson().GetLatestSeq() != 1 || groups[1].GetPerson().GetMemberRole() != 1 {
		t.Errorf("groups: got %v", groups)
	}

	// Pages of members, by either command.
	var members []*oidbpb.GroupMember
	list := &oidbpb.GroupMemberListReq{GroupCode: uint64(mall), Unknown2: 5, Cookie: []byte{}}
	for {
		got := call(c, rpc.GroupMembers, list)
		members = append(members, got.GetMembers()...)
		if got.GetMemberCount() != 4 || got.GetMemberListChangeSeq() == 0 {
			t.Errorf("members: got %v", got)
		}
		if got.Cookie == nil {
			break
		}
		list.Cookie = got.Cookie
	}
	wantRoles := map[uint64]uint32{uint64(alice): 1, uint64(bob): 2, uint64(carol): 0, uint64(bot): 0}
	if len(members) != 4 {
		t.Fatalf("members: got %d, want 4", len(members))
	}
	for _, m := range members {
		if m.GetPermission() != wantRoles[m.GetId().GetUin()] || m.GetId().GetUid() == "" || m.Card == nil || m.Card.Card == nil ||
			m.Field13 == nil || m.GetLevel().Level == nil || m.JoinTime == nil || m.LastMsgTime == nil {
			t.Errorf("member: got %v", m)
		}
	}
	envelope := mustMarshal(t, &oidbpb.OidbEnvelope{Command: 0xfe7, SubCommand: proto.Uint32(4), Body: mustMarshal(t, list)})
	raw := c.must("OidbSvcTrpcTcp.0xFE7_4", wire.FlagD2, envelope)
	all, err := rpc.GroupMembers.DecodeResponse(raw)
	if err != nil || len(all.GetMembers()) != 1 || all.Cookie != nil {
		t.Errorf("second page by 0xfe7_4: got %v, %v", all, err)
	}
	one := call(c, rpc.GroupMember, &oidbpb.GroupMemberReq{GroupCode: uint64(mall), Member: &oidbpb.GroupMemberSelector{Uid: string(owner.UID)}})
	if one.GetMember().GetId().GetUin() != uint64(alice) || one.GetMember().GetField13() != 2 {
		t.Errorf("one member: got %v", one)
	}
	for name, err := range map[string]error{
		"bad cookie":   second(tryCall(c, rpc.GroupMembers, &oidbpb.GroupMemberListReq{GroupCode: uint64(mall), Cookie: []byte("x")})),
		"no group":     second(tryCall(c, rpc.GroupMembers, &oidbpb.GroupMemberListReq{GroupCode: 1})),
		"no user":      second(tryCall(c, rpc.GroupMember, &oidbpb.GroupMemberReq{GroupCode: uint64(mall), Member: &oidbpb.GroupMemberSelector{Uid: "u_x"}})),
		"not a member": second(tryCall(c, rpc.GroupMember, &oidbpb.GroupMemberReq{GroupCode: uint64(small), Member: &oidbpb.GroupMemberSelector{Uid: h.uidOf(carol)}})),
	} {
		var refused *rpc.Refused
		if !errors.As(err, &refused) || refused.Message == "" {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
	}

	// Carol is not in the second group.
	other := h.dial()
	other.guid[0] = 3
	other.login(carol)
	ask := &oidbpb.GroupInfoReq{AppIdOrRandom: 537099973, Groups: []*oidbpb.GroupInfoReqEntry{{GroupCode: uint64(small)}, {GroupCode: 1}}}
	own := call(other, rpc.GroupInfo, ask).GetGroups()
	if len(own) != 2 || own[0].GetResult() == 0 || own[0].Info != nil || own[1].GetResult() == 0 {
		t.Errorf("0x88d_0: got %v, want no information", own)
	}
	any14 := call(other, rpc.AnyGroupInfo, ask).GetGroups()
	any110 := call(other, rpc.StrangerGroupInfo, ask).GetGroups()
	if any14[0].GetInfo().LatestSeq == nil { // 0, but written
		t.Errorf("0x88d_14: got %v, want field 22", any14[0])
	}
	if any14[0].GetInfo().GetName() != "second group" || any14[0].Result == nil || any110[0].GetInfo().GetMemberCount() != 3 || any14[1].GetResult() == 0 {
		t.Errorf("0x88d_14 and 110: got %v and %v", any14, any110)
	}
	must(t, h.World().Members().Mute(mall, bot, alice, 600))
	must(t, h.World().Groups().MuteAll(mall, alice, true))
	ask.Groups = []*oidbpb.GroupInfoReqEntry{{GroupCode: uint64(mall)}}
	info := call(c, rpc.GroupInfo, ask).GetGroups()[0].GetInfo()
	if info.GetMuteAllTime() != muteAllTime || info.GetMuteMeTime() == 0 || info.GetLatestSeq() != 1 || info.GetLastMsgTime() == 0 {
		t.Errorf("0x88d_0: got %v", info)
	}
	if got := call(c, rpc.GroupList, &oidbpb.GroupListReq{}).GetGroups()[0].GetInfo().GetMuteAllExpireTime(); got != muteAllTime {
		t.Errorf("mute all in the list: got %d", got)
	}
	for _, cmd := range []*rpc.Op[*oidbpb.GroupNoticeListReq, *oidbpb.GroupNoticeListResp]{rpc.GroupNotices, rpc.FilteredNotices} {
		if got := call(c, cmd, &oidbpb.GroupNoticeListReq{Count: 20}); len(got.GetNotices()) != 0 || got.GetNextStartSequence() != 0 {
			t.Errorf("%s: got %v", cmd.Name, got)
		}
	}
	web := call(c, rpc.OneWayFriends, &oidbpb.WebSsoReq{Type: proto.Uint32(0), Data: proto.String(`{"uint64_uin":10001}`)})
	var data struct {
		ErrorCode *int
		List      []any `json:"rpt_block_list"`
	}
	if err := json.Unmarshal([]byte(web.GetData()), &data); err != nil || data.ErrorCode == nil || data.List == nil {
		t.Errorf("one-way friends: got %v, %v", web, err)
	}
}

func TestLargeAnswerIsCompressed(t *testing.T) {
	h := start(t, Options{})
	var everybody []message.UIN
	for range 300 {
		u, err := h.World().Users().Add(world.User{})
		must(t, err)
		everybody = append(everybody, u.UIN)
	}
	g, err := h.World().Groups().Add(world.Group{Name: "crowd", Owner: bot}, everybody...)
	must(t, err)
	c := h.dial().login(bot)
	payload, err := rpc.GroupMembers.EncodeRequest(&oidbpb.GroupMemberListReq{GroupCode: uint64(g.Code)})
	must(t, err)
	got := c.do(rpc.GroupMembers.Name, wire.FlagD2, payload)
	if got.Compression != 1 {
		t.Errorf("compression: got %d, want 1", got.Compression)
	}
	if list, err := rpc.GroupMembers.DecodeResponse(got.Body); err != nil || len(list.GetMembers()) != 200 {
		t.Errorf("got %d members, %v; want 200", len(list.GetMembers()), err)
	}
}

func TestRequireSign(t *testing.T) {
	h := start(t, Options{RequireSign: true})
	c := h.dial()
	code := c.fetchQR(nil) // some clients do not sign this
	must(t, h.ApproveQR(hex.EncodeToString(code.Signature), bot))
	confirmed := c.pollQR(code.Signature)
	if got := c.wtLogin(confirmed); got.State != stateUnsigned || got.Message == "" {
		t.Errorf("unsigned login: got state %d, want %d", got.State, stateUnsigned)
	}
	c.sign = true
	reply := c.wtLogin(confirmed)
	if reply.State != 0 {
		t.Fatalf("signed login: got state %d", reply.State)
	}
	c.tickets = reply.Tickets
	c.sign = false
	c.keyExchange().register()
	if head, _ := c.ntLogin(rpc.NTLoginEasyLogin, &loginpb.EasyLoginReqBody{A1: c.tickets.A1}, nil); head.GetError().GetCode() != ntUnsigned {
		t.Errorf("unsigned easy login: got %v, want code %d", head.GetError(), ntUnsigned)
	}
	ask := &oidbpb.GroupInfoReq{Groups: []*oidbpb.GroupInfoReqEntry{{GroupCode: uint64(mall)}}}
	var refused *rpc.Refused
	if _, err := tryCall(c, rpc.GroupInfo, ask); !errors.As(err, &refused) || refused.Code != refusedUnsigned {
		t.Errorf("unsigned operation: got %v, want code %d", err, refusedUnsigned)
	}
	payload := mustMarshal(t, groupText(mall, "x", 1))
	if got := c.do(rpc.SendMessage.Name, wire.FlagD2, payload); got.Code != codeFailed || got.Extra == "" {
		t.Errorf("unsigned message: got %+v, want code %d", got, codeFailed)
	}
	call(c, rpc.FriendList, &oidbpb.FriendListReq{}) // needs none
	c.sign = true
	call(c, rpc.GroupInfo, ask)
	call(c, rpc.SendMessage, groupText(mall, "y", 2))
	r := c.build(rpc.SendMessage.Name, wire.FlagD2, payload)
	r.Sequence++ // the signature is of another sequence
	c.sequence++
	c.write(r)
	if got := c.answer(r); got.Code != codeFailed {
		t.Errorf("signature of another packet: got code %d, want %d", got.Code, codeFailed)
	}
	if h.World().History().LastOfGroup(mall) != 1 {
		t.Errorf("messages: got %d, want 1", h.World().History().LastOfGroup(mall))
	}
}

func TestSignProvider(t *testing.T) {
	h := start(t, Options{Seed: 5})
	server := httptest.NewServer(h.SignHandler(webguard.New(webguard.Options{Service: "sandbox", Remote: true})))
	defer server.Close()
	defer server.Client().CloseIdleConnections()
	ask := func(path, body string) (int, string) {
		t.Helper()
		resp, err := server.Client().Post(server.URL+path, "application/json", strings.NewReader(body))
		must(t, err)
		defer resp.Body.Close()
		var raw json.RawMessage
		must(t, json.NewDecoder(resp.Body).Decode(&raw))
		return resp.StatusCode, string(raw)
	}
	want := hex.EncodeToString(h.keys.signature("wtlogin.login", 7, []byte{0xAB, 0xCD}))
	status, older := ask("/sign", `{"cmd":"wtlogin.login","seq":7,"src":"ABCD"}`)
	if status != http.StatusOK || !strings.Contains(older, `"sign":"`+strings.ToUpper(want)+`"`) {
		t.Errorf("older style: got %d %s", status, older)
	}
	for _, path := range []string{"/sign", "/sign/sec-sign", "/sign/api/sign/30366"} {
		status, newer := ask(path, `{"command":"wtlogin.login","seq":7,"body":"abcd","uin":10001,"guid":"00","qua":"V1"}`)
		if status != http.StatusOK || !strings.Contains(newer, `"sec_sign":"`+want+`"`) || !strings.Contains(newer, `"code":0`) {
			t.Errorf("newer style at %s: got %d %s", path, status, newer)
		}
	}
	for _, bad := range []string{"{", `{"cmd":"x","src":"zz"}`, `{}`} {
		if status, body := ask("/sign", bad); status != http.StatusBadRequest || !strings.Contains(body, "message") {
			t.Errorf("%s: got %d %s", bad, status, body)
		}
	}
	resp, err := server.Client().Get(server.URL + "/sign/appinfo")
	must(t, err)
	defer resp.Body.Close()
	var app wire.App
	if err := json.NewDecoder(resp.Body).Decode(&app); err != nil || app.AppId != 1600001615 || app.AppIdQrCode == 0 {
		t.Errorf("app info: got %+v, %v", app, err)
	}
}

func TestPublicKeys(t *testing.T) {
	keys := func(seed uint64) string {
		s, err := New(Options{Seed: seed})
		must(t, err)
		b, err := json.Marshal(s.PublicKeys())
		must(t, err)
		return string(b)
	}
	if first, again := keys(1), keys(1); first != again || first == keys(2) {
		t.Error("the keys do not follow from the seed")
	}
	var got PublicKeys
	must(t, json.Unmarshal([]byte(keys(1)), &got))
	if len(got.Oicq192) != 49 || len(got.OicqP256) != 65 || len(got.NT) != 65 || string(got.VerifyKey) != verifyKey || got.OicqP256Version != 1 {
		t.Errorf("keys: got %+v", got)
	}
	if err := json.Unmarshal([]byte(`{"nt":"xx"}`), &got); err == nil {
		t.Error("bad hex digits: got no error")
	}
	if hex.EncodeToString([]byte(verifyKey)) != "e2733bf403149913cbf80c7a95168bd4ca6935ee53cd39764beebe2e007e3aee" {
		t.Error("the verification key is not that of docs/protocol/login.md 5")
	}
}

func TestTableIsBounded(t *testing.T) {
	var table table[int]
	for i := range 2 * tableLimit {
		table.put([]byte{byte(i), byte(i >> 8)}, i)
	}
	if len(table.entries) != tableLimit || len(table.order) != tableLimit {
		t.Errorf("got %d entries, want %d", len(table.entries), tableLimit)
	}
	if _, ok := table.get([]byte{0, 0}); ok {
		t.Error("the oldest entry is still there")
	}
	last := []byte{0xFF, byte((2*tableLimit - 1) >> 8)}
	if v, ok := table.get(last); !ok || v != 2*tableLimit-1 {
		t.Errorf("newest: got %d, %v", v, ok)
	}
	if table.drop(last); len(table.entries) != tableLimit-1 {
		t.Error("drop did nothing")
	}
}

func TestGUIDForms(t *testing.T) {
	raw := []byte("0123456789abcdef") // 16 bytes
	text := hex.EncodeToString(raw)
	for _, in := range [][]byte{raw, []byte(text), []byte(strings.ToUpper(text))} {
		if got := guidText(in); got != text {
			t.Errorf("%q: got %s, want %s", in, got, text)
		}
	}
}

func TestFriendCookieIsWhatClientsDecode(t *testing.T) {
	h := start(t, Options{FriendPage: 1})
	got := call(h.dial().login(bot), rpc.FriendList, &oidbpb.FriendListReq{})
	cookie := &oidbpb.FriendListCookie{}
	if err := pb.Unmarshal(got.GetCookie(), cookie); err != nil || cookie.GetNextUin() != uint64(bob) {
		t.Errorf("got %v, %v; want the next uin %d", cookie, err, bob)
	}
}
