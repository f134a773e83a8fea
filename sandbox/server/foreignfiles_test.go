package server

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/vectors"
	"libration/internal/wire"
	"libration/sandbox/world"
)

// foreignBody sends a request as another client has and returns the body of the answer.
func (c *client) foreignBody(id, command string, request []byte) []byte {
	c.t.Helper()
	env := &oidbpb.OidbEnvelope{}
	must(c.t, pb.Unmarshal(c.must(command, wire.FlagD2, request), env))
	if env.GetResult() != 0 {
		c.t.Errorf("%s: the envelope of the answer says %d %s", id, env.GetResult(), env.GetMessage())
	}
	return env.GetBody()
}

// sendForeignFile runs the highway of a flow with the id and the key of this service.
func (c *client) sendForeignFile(v *foreignFlow, id string, key, check []byte) {
	c.t.Helper()
	if len(v.Highway) != 1 {
		c.t.Fatalf("%s: sends %d files", v.ID, len(v.Highway))
	}
	f := v.Highway[0]
	u := &uploading{h: c.h, content: string(v.Args.File.content()), command: f.CommandID, file: &mediapb.FileUploadExt{}}
	must(c.t, pb.Unmarshal(f.ExtendInfo, u.file))
	file := u.file.GetEntry().GetFile()
	file.FileId, file.UploadKey = id, key
	if check != nil {
		file.CheckKey = check
	}
	u.file.Entry.Busi.SenderUin = uint64(bot)
	u.renew(c)
	for k, b := range f.Blocks {
		if got := u.block(u.post, b.Offset, b.Offset+b.Length); got != "0/0" {
			c.t.Errorf("%s: block %d: got %s", v.ID, k, got)
		}
	}
}

// TestVectorsFiles sends files to a group and to a person as another client does. Each
// flow is done twice: the second time the service has the bytes.
func TestVectorsFiles(t *testing.T) {
	h := startMedia(t, Options{})
	c, other := h.dial().login(bot).register(), h.dial().login(alice).register()
	flows := 0
	for _, v := range vectors.Read[foreignFlow](t, "files.json") {
		if v.Kind != "flow" || len(v.Requests) == 0 {
			continue
		}
		flows++
		for _, again := range []bool{false, true} {
			if v.Args.Group != 0 {
				c.sendGroupFile(&v, again)
			} else {
				c.sendPrivateFile(&v, again)
			}
			m := pushedMessage(t, other)
			text, content := m.GetBody().GetRichText(), m.GetBody().GetMsgContent()
			if v.Args.Group != 0 && !strings.Contains(string(text.GetElems()[0].GetTransElem().GetElemValue()), v.Args.File.MD5) ||
				v.Args.Group == 0 && !bytes.Contains(content, []byte(v.Args.Name)) {
				t.Errorf("%s: pushed is %v", v.ID, m)
			}
		}
	}
	if flows == 0 {
		t.Skip("no flows in the vectors")
	}
}

// TestVectorsOwnAvatar gives an account a picture as another client does, twice: the second
// time the service has the bytes.
func TestVectorsOwnAvatar(t *testing.T) {
	h := startMedia(t, Options{})
	c, seen := h.dial().login(bot), 0
	for _, v := range vectors.Read[foreignFlow](t, "files.json") {
		if v.Kind != "flow" || len(v.Requests) != 0 {
			continue
		}
		seen++
		f := v.Highway[0]
		u := &uploading{h: h, content: string(v.Args.File.content()), command: f.CommandID}
		u.renew(c)
		for range 2 {
			for _, b := range f.Blocks {
				if got := u.block(u.post, b.Offset, b.Offset+b.Length); got != "0/0" {
					t.Errorf("%s: got %s", v.ID, got)
				}
			}
			mine, _ := h.World().Users().Find(bot)
			others, _ := h.World().Users().Find(alice)
			if hex.EncodeToString(mine.Avatar.MD5[:]) != f.FileMD5 || others.Avatar != (world.Blob{}) {
				t.Errorf("%s: got %+v, and others have %+v", v.ID, mine.Avatar, others.Avatar)
			}
		}
	}
	if seen == 0 {
		t.Error("no vector was seen")
	}
}

// foreignKnown says whether the service has the file of a flow, as the other one had.
func (c *client) foreignKnown(v *foreignFlow, again bool) bool {
	if len(v.Highway) == 0 {
		c.h.store(string(v.Args.File.content()))
	}
	return again || len(v.Highway) == 0
}

func (c *client) sendGroupFile(v *foreignFlow, again bool) {
	c.t.Helper()
	slot := &oidbpb.GroupFileResp{}
	known := c.foreignKnown(v, again)
	must(c.t, pb.Unmarshal(c.foreignBody(v.ID, v.Requests[0].Command, v.Requests[0].Body), slot))
	up := slot.GetUpload()
	if up.GetRetCode() != 0 || up.GetFileExists() != known || !strings.HasPrefix(up.GetFileId(), "/") {
		c.t.Fatalf("%s: got %v", v.ID, up)
	}
	if !up.GetFileExists() {
		c.sendForeignFile(v, up.GetFileId(), up.GetFileKey(), up.GetCheckKey())
	}
	feed, err := rpc.PublishGroupFile.DecodeRequest(v.Requests[1].Body)
	must(c.t, err)
	feed.Feed.Feeds[0].FileId = up.GetFileId()
	if got := call(c, rpc.PublishGroupFile, feed).GetFeed(); got.GetRetCode() != 0 || len(got.GetResults()) != 1 {
		c.t.Errorf("%s: published: got %v", v.ID, got)
	}
}

func (c *client) sendPrivateFile(v *foreignFlow, again bool) {
	c.t.Helper()
	uids := strings.NewReplacer("u_selfselfselfselfselfAA", c.h.uidOf(bot), v.Args.PeerUID, c.h.uidOf(alice))
	reserve := []byte(uids.Replace(string(v.Requests[0].Body)))
	slot := &mediapb.OfflineFileResp{}
	known := c.foreignKnown(v, again)
	must(c.t, pb.Unmarshal(c.foreignBody(v.ID, v.Requests[0].Command, reserve), slot))
	up := slot.GetUpload()
	if up.GetRetCode() != 0 || up.GetFileExist() != known || up.GetUuid() == "" {
		c.t.Fatalf("%s: got %v", v.ID, up)
	}
	if !up.GetFileExist() {
		c.sendForeignFile(v, up.GetUuid(), up.GetMediaPlatformKey(), nil)
	}
	uid := c.h.uidOf(alice)
	req := &messagepb.PbSendMsgReq{Body: &messagepb.MessageBody{}, RoutingHead: &messagepb.SendRouting{Trans211: &messagepb.SendTrans211{ToUid: &uid}}}
	must(c.t, pb.Unmarshal(v.MessageBody, req.Body))
	said := &messagepb.FileContent{}
	must(c.t, pb.Unmarshal(req.GetBody().GetMsgContent(), said))
	id, hash := up.GetUuid(), up.GetFileHash()
	said.File.FileUuid, said.File.FileHash = &id, &hash
	req.Body.MsgContent = encode(said)
	if got := call(c, rpc.SendMessage, req); got.GetResult() != 0 {
		c.t.Errorf("%s: the message: got %v", v.ID, got)
	}
}

// TestVectorsFileRequests: every request about a group's files that another client makes is
// understood, and its answer stands in the part of the operation.
func TestVectorsFileRequests(t *testing.T) {
	h := start(t, Options{})
	c := h.dial().login(bot)
	understood := 0
	for _, v := range vectors.Read[struct {
		ID, Call, Command string
		Body              vectors.Hex
	}](t, "oidb_requests.json") {
		if !strings.HasPrefix(v.Call, "group file ") && !strings.HasPrefix(v.Call, "group folder ") && v.Call != "group send file" {
			continue
		}
		understood++
		body := c.foreignBody(v.ID, v.Command, v.Body)
		if len(body) < 2 {
			t.Errorf("%s: the answer is %x, without a part", v.ID, body)
		}
	}
	if understood < 8 {
		t.Errorf("%d requests about files in the vectors", understood)
	}
	if space, err := h.World().Files().Space(mall, bot); err != nil || space.Count != 0 {
		t.Errorf("got %+v, %v: nothing was uploaded", space, err)
	}
}
