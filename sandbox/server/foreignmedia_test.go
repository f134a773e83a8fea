package server

import (
	"bytes"
	"cmp"
	"net/http"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/vectors"
	"libration/internal/wire"
	"libration/ntqq/message"
)

// foreignFile is a file of the vectors.
type foreignFile struct {
	Bytes   vectors.Hex
	Pattern int
	MD5     string
}

func (f *foreignFile) content() []byte {
	if f.Pattern == 0 {
		return f.Bytes
	}
	b := make([]byte, f.Pattern)
	for i := range b {
		b[i] = byte(7*i + 13*(i>>8) + 3)
	}
	return b
}

// foreignFlow is a whole send of another client.
type foreignFlow struct {
	ID, Kind string
	Args     struct {
		Group           uint64
		PeerUID         string `json:"peer_uid"`
		File, Thumbnail *foreignFile
		Name            string
	}
	Requests []struct {
		Command string
		Body    vectors.Hex
	}
	Highway []struct {
		CommandID  uint32      `json:"command_id"`
		ExtendInfo vectors.Hex `json:"extend_info"`
		FileMD5    string      `json:"file_md5"`
		Blocks     []struct{ Offset, Length int }
	}
	RichMediaReq vectors.Hex `json:"rich_media_req"`
	MessageBody  vectors.Hex `json:"message_body"`
}

// foreignFlows are the sends of the vectors, and their reservations, addressed to somebody
// of this world: the text ids have the same length. Those to other groups are left out.
func foreignFlows(t *testing.T, h *harness, all []foreignFlow) []foreignFlow {
	t.Helper()
	uid := h.uidOf(alice)
	var flows []foreignFlow
	for _, v := range all {
		if v.Args.PeerUID != "" && len(v.Args.PeerUID) != len(uid) || v.Args.Group != 0 && v.Args.Group != uint64(mall) {
			continue
		}
		here := func(b *vectors.Hex) { *b = bytes.ReplaceAll(*b, []byte(cmp.Or(v.Args.PeerUID, uid)), []byte(uid)) }
		switch {
		case v.Kind == "upload_request":
			here(&v.RichMediaReq)
		case v.Kind == "flow" && len(v.Requests) > 0:
			here(&v.Requests[0].Body)
		default:
			continue
		}
		flows = append(flows, v)
	}
	if len(flows) == 0 {
		t.Skip("no flows in the vectors")
	}
	return flows
}

// reserved sends a reservation as the other client sent it, a bare one under the command
// for another kind.
func (c *client) reserved(v *foreignFlow) (*mediapb.RichMediaReq, *mediapb.RichMediaResp) {
	c.t.Helper()
	command, body := rpc.UploadGroupVideo.Name, []byte(nil)
	if v.Kind == "flow" {
		command, body = v.Requests[0].Command, v.Requests[0].Body
	} else {
		body = encode(&oidbpb.OidbEnvelope{Command: 0x11ea, SubCommand: proto.Uint32(100), Body: v.RichMediaReq})
	}
	asked, answered := &oidbpb.OidbEnvelope{}, &oidbpb.OidbEnvelope{}
	must(c.t, pb.Unmarshal(body, asked))
	must(c.t, pb.Unmarshal(c.must(command, wire.FlagD2, body), answered))
	if answered.GetResult() != 0 {
		c.t.Errorf("%s: got %d %s", v.ID, answered.GetResult(), answered.GetMessage())
	}
	req, resp := &mediapb.RichMediaReq{}, &mediapb.RichMediaResp{}
	must(c.t, pb.Unmarshal(asked.GetBody(), req))
	must(c.t, pb.Unmarshal(answered.GetBody(), resp))
	return req, resp
}

// TestVectorsUploads sends the reservations of other clients, and checks of the answers
// what those clients cannot do without (docs/protocol/media.md 2.4, 2.5, 10.3).
func TestVectorsUploads(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	for _, v := range foreignFlows(t, h, vectors.Of[foreignFlow](t, "media.json")) {
		req, resp := c.reserved(&v)
		checkUpload(t, v.ID, req, resp)
	}
}

// TestVectorsSends runs the whole sends: the blocks are cut and named as the other client
// did, its message has our description, and the receiver downloads the same bytes.
func TestVectorsSends(t *testing.T) {
	h := startMedia(t, Options{})
	c, other := h.dial().login(bot).register(), h.dial().login(alice).register()
	whole, groupMedia := 0, []string(nil)
	for i, v := range foreignFlows(t, h, vectors.Read[foreignFlow](t, "media.json")) {
		if v.MessageBody == nil || len(v.Args.File.content()) == 0 {
			continue
		}
		whole++
		_, resp := c.reserved(&v)
		up := resp.GetUpload()
		c.uploadForeign(&v, up)
		c.sendForeign(uint32(i)+1, &v, up)
		var id string
		if v.Args.Group != 0 {
			groupMedia = append(groupMedia, string(encode(up.GetMsgInfo())))
		}
		switch s := received(t, other, v.Args.Group != 0).(type) {
		case *message.ImageSegment:
			id = s.ID
		case *message.RecordSegment:
			id = s.ID
		case *message.VideoSegment:
			id = s.ID
			if other.download(s.Cover.ID) != string(v.Args.Thumbnail.content()) {
				t.Errorf("%s: another cover", v.ID)
			}
		}
		if other.download(id) != string(v.Args.File.content()) {
			t.Errorf("%s: other bytes", v.ID)
		}
	}
	if whole == 0 {
		t.Error("no flow is whole")
	}
	history := call(other, rpc.GroupHistory, &messagepb.GetGroupMsgReq{Range: &messagepb.GetGroupMsgRange{
		GroupCode: uint64(mall), StartSequence: 1, EndSequence: 1 << 31,
	}})
	var again []string
	for _, m := range history.GetBody().GetMessages() {
		text := m.GetBody().GetRichText()
		for _, e := range text.GetElems() {
			if isMedia(e) {
				again = append(again, string(e.CommonElem.PbElem))
			}
		}
		if text.GetPtt() != nil {
			t.Errorf("in the history of a group: %v", text.GetPtt())
		}
	}
	if !slices.Equal(again, groupMedia) {
		t.Errorf("the history has %d media, or others than the %d that were sent", len(again), len(groupMedia))
	}
}

// TestVectorsDownloads asks for the address of a voice as another client does.
func TestVectorsDownloads(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot).register()
	flows := foreignFlows(t, h, vectors.Read[foreignFlow](t, "media.json"))
	sent := flows[slices.IndexFunc(flows, func(v foreignFlow) bool { return v.ID == "flow/record-group-0" })]
	_, resp := c.reserved(&sent)
	c.uploadForeign(&sent, resp.GetUpload())
	for _, v := range vectors.Of[foreignFlow](t, "media.json") {
		req := &mediapb.RichMediaReq{}
		must(t, pb.Unmarshal(v.RichMediaReq, req))
		req.GetDownload().GetNode().FileUuid = resp.GetUpload().GetMsgInfo().GetBody()[0].GetIndex().GetFileUuid()
		answer, content := h.fetch(http.MethodGet, addressOf(call(c, rpc.GroupRecordURL, req).GetDownload()))
		if answer.StatusCode != http.StatusOK || content != string(sent.Args.File.content()) {
			t.Errorf("%s: got %s and %d bytes", v.ID, answer.Status, len(content))
		}
	}
}

// uploadForeign sends the blocks, by both ways in turn.
func (c *client) uploadForeign(v *foreignFlow, up *mediapb.UploadResp) {
	c.t.Helper()
	for _, f := range v.Highway {
		content, i, ukey := v.Args.File.content(), 0, up.Ukey
		if f.FileMD5 != v.Args.File.MD5 {
			content, i, ukey = v.Args.Thumbnail.content(), 1, up.GetSubFiles()[0].Ukey
		}
		if ukey == nil { // the service has it
			continue
		}
		u := &uploading{h: c.h, content: string(content), command: f.CommandID, ext: &mediapb.RichMediaHighwayExt{}}
		must(c.t, pb.Unmarshal(f.ExtendInfo, u.ext))
		u.ext.FileUuid, u.ext.Ukey = up.GetMsgInfo().GetBody()[i].GetIndex().GetFileUuid(), *ukey
		u.ext.MsgInfoBody = up.GetMsgInfo().GetBody()
		u.renew(c)
		send := u.tcp
		for k, b := range f.Blocks {
			if got := u.block(send, b.Offset, b.Offset+b.Length); got != "0/0" {
				c.t.Errorf("%s: block %d: got %s", v.ID, k, got)
			}
			send = u.post
		}
	}
}

// sendForeign sends the message with what the service has answered in place of what the
// other client had got.
func (c *client) sendForeign(random uint32, v *foreignFlow, up *mediapb.UploadResp) {
	c.t.Helper()
	req := &messagepb.PbSendMsgReq{Random: &random, Body: &messagepb.MessageBody{}, RoutingHead: &messagepb.SendRouting{}}
	must(c.t, pb.Unmarshal(v.MessageBody, req.Body))
	for _, e := range req.Body.GetRichText().GetElems() {
		switch {
		case isMedia(e):
			e.CommonElem.PbElem = encode(up.GetMsgInfo())
		case e.NotOnlineImage != nil:
			e.NotOnlineImage = &messagepb.NotOnlineImage{}
			must(c.t, pb.Unmarshal(up.GetCompatMsg(), e.NotOnlineImage))
		}
	}
	if v.Args.Group != 0 {
		req.RoutingHead.Group = &messagepb.SendGroup{GroupCode: &v.Args.Group}
	} else {
		uid := c.h.uidOf(alice)
		req.RoutingHead.C2C = &messagepb.SendC2C{PeerUid: &uid}
	}
	if got := call(c, rpc.SendMessage, req); got.GetResult() != 0 {
		c.t.Fatalf("%s: got %v", v.ID, got)
	}
}

func checkUpload(t *testing.T, id string, req *mediapb.RichMediaReq, resp *mediapb.RichMediaResp) {
	t.Helper()
	wrong := func(format string, args ...any) { t.Errorf(id+": "+format, args...) }
	up, scene := resp.GetUpload(), req.GetHead().GetScene()
	if resp.GetHead().Message == nil || !proto.Equal(resp.GetHead().GetCommon(), req.GetHead().GetCommon()) {
		wrong("head %v", resp.GetHead())
	}
	addressed := func(ukey *string, v4 []*mediapb.MediaIpv4, v6 []*mediapb.MediaIpv6) {
		if ukey == nil || *ukey == "" || len(v4) == 0 || len(v6) == 0 {
			wrong("upload key %v, addresses %v, %v", ukey, v4, v6)
			return
		}
		for _, a := range v4 {
			if a.OutIp == nil || a.OutPort == nil || a.InIp == nil || a.InPort == nil || a.IpType == nil {
				wrong("address %v", a)
			}
		}
		if v6[0].OutPort == nil || v6[0].IpType == nil {
			wrong("address %v", v6[0])
		}
	}
	addressed(up.Ukey, up.GetIpv4S(), up.GetIpv6S())
	files := len(req.GetUpload().GetUploadInfo())
	if up.UkeyTtl == nil || len(up.GetMsgInfo().GetBody()) != files || len(up.GetSubFiles()) != files-1 {
		wrong("ttl %v, %d bodies, %d sub files", up.UkeyTtl, len(up.GetMsgInfo().GetBody()), len(up.GetSubFiles()))
		return
	}
	for _, sub := range up.GetSubFiles() {
		addressed(sub.Ukey, sub.GetIpv4S(), sub.GetIpv6S())
	}
	for i, body := range up.GetMsgInfo().GetBody() {
		want := proto.CloneOf(req.GetUpload().GetUploadInfo()[i].GetFileInfo())
		want.FileMd5, want.FileSha1 = strings.ToLower(want.FileMd5), strings.ToLower(want.FileSha1)
		if !proto.Equal(body.GetIndex().GetInfo(), want) || body.GetIndex().GetStoreId() != 1 || body.GetIndex().GetTtl() == 0 || body.GetIndex().GetUploadTime() == 0 {
			wrong("index %v", body.GetIndex())
		}
		if private := scene.GetSceneType() == scenePrivate; (body.GetSource().Troop == nil) != private || (body.GetSource().C2C == nil) == private {
			wrong("source %v", body.GetSource())
		}
	}
	ext := up.GetMsgInfo().GetExtBizInfo()
	if ext.GetPic().GetToScene() != scene.GetSceneType() || ext.GetVideo().GetToScene() != scene.GetSceneType() ||
		ext.GetBusiType() != scene.GetBusinessType() || ext.GetPic().GetBizType() != req.GetUpload().GetExtBizInfo().GetPic().GetBizType() {
		wrong("business %v", ext)
	}
	checkCompat(wrong, scene, up)
}

// checkCompat reads the old form as the kind says.
func checkCompat(wrong func(string, ...any), scene *mediapb.SceneInfo, up *mediapb.UploadResp) {
	group, uuid := scene.GetSceneType() == sceneGroup, up.GetMsgInfo().GetBody()[0].GetIndex().GetFileUuid()
	var err error
	ok := len(up.GetCompatMsg()) > 0
	switch {
	case scene.GetBusinessType() == mediaRecord.business:
		text := &messagepb.RichText{}
		err = pb.Unmarshal(up.GetCompatMsg(), text)
		ptt := text.GetPtt()
		ok = ok && len(text.GetElems()) == 1 && text.GetElems()[0].GeneralFlags != nil && string(ptt.GetFileUuid()) == uuid &&
			(ptt.GetFileId() != 0) == group && (string(ptt.GetGroupFileKey()) == uuid) == group
	case scene.GetBusinessType() == mediaVideo.business:
		video := &messagepb.VideoFile{}
		err = pb.Unmarshal(up.GetCompatMsg(), video)
		ok = ok && string(video.GetFileUuid()) == uuid && video.GetFileFormat() != 0 && video.GetFileWidth() != 0 && video.GetFileHeight() != 0
	case group:
		face := &messagepb.CustomFace{}
		err = pb.Unmarshal(up.GetCompatMsg(), face)
		ok = ok && face.GetFileId() != 0 && face.FileType != nil && face.PbReserve != nil && strings.Contains(face.GetOrigUrl(), "&fileid="+uuid+"&rkey=")
	default:
		image, reserve := &messagepb.NotOnlineImage{}, &messagepb.NotOnlineImageReserve{}
		err = pb.Unmarshal(up.GetCompatMsg(), image)
		if err == nil {
			err = pb.Unmarshal(image.GetPbReserve(), reserve)
		}
		ok = ok && image.GetImgType() != 0 && strings.Count(string(image.GetDownloadPath()), "-") == 2 && strings.Contains(reserve.GetUrl(), "&fileid="+uuid)
	}
	if err != nil || !ok {
		wrong("compat %x: %v", up.GetCompatMsg(), err)
	}
}
