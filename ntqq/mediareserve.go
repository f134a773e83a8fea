package ntqq

import (
	"context"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// target is where content goes.
type target struct {
	group GroupCode // 0: a private chat
	peer  UID       // of a private chat; "": the account itself
	chat  message.Chat
}

// Values of media requests (docs/protocol/media.md 2.1).
const (
	mediaReserve  = 100
	mediaAddress  = 200
	mediaKeys     = 202
	requestUpload = 2
	agentType     = 2
	coverSubType  = 100
	scenePrivate  = 1
	sceneGroup    = 2
	accountType   = 2
)

// sceneOf is the scene of a request: that of group, or of a private chat with a uid.
func sceneOf(k *mediaKind, requestType uint32, group GroupCode, inGroup bool, uid UID) *mediapb.SceneInfo {
	s := &mediapb.SceneInfo{RequestType: requestType, BusinessType: k.business, SceneType: scenePrivate}
	if inGroup {
		s.SceneType, s.Group = sceneGroup, &mediapb.GroupScene{GroupUin: proto.Uint64(uint64(group))}
	} else {
		s.C2C = &mediapb.C2CScene{AccountType: accountType, TargetUid: string(uid)}
	}
	return s
}

func mediaHead(request, command uint32, scene *mediapb.SceneInfo) *mediapb.RichMediaReqHead {
	return &mediapb.RichMediaReqHead{
		Common: &mediapb.RequestCommon{RequestId: request, Command: command},
		Scene:  scene,
		Client: &mediapb.ClientMeta{AgentType: agentType},
	}
}

// reserveRequest asks for places for the files of a medium.
func reserveRequest(k *mediaKind, to target, self UID, seg message.Segment, files []*uploadFile, fast bool) *mediapb.RichMediaReq {
	peer := to.peer
	if peer == "" {
		peer = self
	}
	group := to.group != 0
	req := &mediapb.UploadReq{
		TryFastUpload:  fast,
		ClientRandomId: uint64(rand.Uint32()), CompatSceneType: k.compatScene.in(group),
		ExtBizInfo: extOf(seg, group),
	}
	for i, f := range files {
		info := &mediapb.UploadInfo{FileInfo: f.fileInfo()}
		if i > 0 {
			info.SubFileType = coverSubType
		}
		req.UploadInfo = append(req.UploadInfo, info)
	}
	return &mediapb.RichMediaReq{
		Head:   mediaHead(k.request.in(group), mediaReserve, sceneOf(k, requestUpload, to.group, group, peer)),
		Upload: req,
	}
}

// The parts of a reservation that are empty, or always the same
// (docs/protocol/media.md 2.3).
var (
	emptyPicture = &mediapb.PicExtBizInfo{}
	emptyVideo   = &mediapb.VideoExtBizInfo{PbReserve: []byte{}}
	emptyVoice   = &mediapb.PttExtBizInfo{Reserve: []byte{}, PbReserve: []byte{}, GeneralFlags: []byte{}}
)

// extOf is what a reservation says of a segment beside its files.
func extOf(seg message.Segment, group bool) *mediapb.ExtBizInfo {
	switch s := seg.(type) {
	case *message.ImageSegment:
		return &mediapb.ExtBizInfo{Pic: pictureExt(s, group), Video: emptyVideo, Ptt: emptyVoice}
	case *message.RecordSegment:
		if group {
			return &mediapb.ExtBizInfo{Pic: emptyPicture, Video: emptyVideo, Ptt: groupVoice}
		}
		return &mediapb.ExtBizInfo{Pic: emptyPicture, Ptt: privateVoice}
	}
	return &mediapb.ExtBizInfo{
		Pic: emptyPicture, Video: &mediapb.VideoExtBizInfo{PbReserve: []byte{0x80, 0x01, 0x00}}, Ptt: emptyVoice,
	}
}

var (
	voiceReserve = []byte{0x08, 0x00, 0x38, 0x00}
	groupVoice   = &mediapb.PttExtBizInfo{
		Reserve: []byte{}, PbReserve: voiceReserve,
		GeneralFlags: []byte{0x9a, 0x01, 0x07, 0xaa, 0x03, 0x04, 0x08, 0x08, 0x12, 0x00},
	}
	privateVoice = &mediapb.PttExtBizInfo{
		Reserve:      voiceReserve,
		GeneralFlags: []byte{0x9a, 0x01, 0x0b, 0xaa, 0x03, 0x08, 0x08, 0x04, 0x12, 0x04, 0, 0, 0, 0},
	}
)

// pictureExt has the kind of picture and what lists of chats show, twice.
func pictureExt(s *message.ImageSegment, group bool) *mediapb.PicExtBizInfo {
	pic := &mediapb.PicExtBizInfo{BizType: s.SubType}
	var subType *uint32
	if s.SubType != 0 {
		subType = proto.Uint32(s.SubType)
	}
	if s.Summary != "" {
		pic.TextSummary = proto.String(s.Summary)
	}
	if group {
		pic.ReserveTroop = encodedReserve(&messagepb.CustomFaceReserve{SubType: subType, Summary: pic.TextSummary})
	} else {
		pic.ReserveC2C = encodedReserve(&messagepb.NotOnlineImageReserve{SubType: subType, Summary: pic.TextSummary})
	}
	return pic
}

// encodedReserve is not nil: an empty one is written, too.
func encodedReserve(m proto.Message) []byte {
	b, err := pb.Marshal(m)
	if err != nil || b == nil {
		return []byte{}
	}
	return b
}

// fileInfo describes a file in a reservation (docs/protocol/media.md 2.2).
func (f *uploadFile) fileInfo() *mediapb.FileInfo {
	return &mediapb.FileInfo{
		FileSize: uint32(f.size), FileMd5: hex.EncodeToString(f.md5), FileSha1: hex.EncodeToString(f.sha1), FileName: f.name,
		Type: f.kind, Width: f.width, Height: f.height, Time: f.seconds, Original: f.original,
	}
}

// reservation is what the service answers about the files of a medium.
type reservation struct {
	info   []byte // the encoded MsgInfo, as it came
	compat []byte
	bodies []*mediapb.MsgInfoBody // of info, one for each file or more
	places []place                // one for each file
}

// place is where a file is uploaded to. Without a ukey the service has it.
type place struct {
	ukey  string
	addrs []*mediapb.MediaIpv4
}

var (
	errNoInfo    = errors.New("the answer does not describe all files")
	errOtherFile = errors.New("the answer is about another file")
)

// reserve asks the service for places for the files of a medium.
func (c *Client) reserve(ctx context.Context, k *mediaKind, req *mediapb.RichMediaReq, group bool, files []*uploadFile) (*reservation, error) {
	op := k.reserve.in(group)
	payload, err := op.EncodeRequest(req)
	if err != nil {
		return nil, err
	}
	answer, err := c.Call(ctx, op.Name, payload)
	if err != nil {
		return nil, err
	}
	r, err := readReservation(op, answer, files)
	if refused, ok := errors.AsType[*rpc.Refused](err); ok {
		return nil, serverError(err, mediaCauses[refused.Code])
	}
	return r, err
}

// Fields of an answer that lead to the description of the files: the body of the OIDB
// envelope, the upload, the description.
var infoPath = []protowire.Number{4, 2, 6}

func readReservation(op *rpc.MediaOp, answer []byte, files []*uploadFile) (*reservation, error) {
	resp, err := op.DecodeResponse(answer)
	if err != nil {
		return nil, err
	}
	up := resp.GetUpload()
	r := &reservation{
		info: subfield(answer, infoPath...), compat: up.GetCompatMsg(), bodies: up.GetMsgInfo().GetBody(),
		places: []place{{up.GetUkey(), up.GetIpv4S()}},
	}
	if len(r.info) == 0 || len(r.bodies) < len(files) {
		return nil, errNoInfo
	}
	for i, f := range files {
		if !f.is(r.bodies[i].GetIndex()) {
			return nil, errOtherFile
		}
		if i == 0 {
			continue
		}
		p := place{}
		if sub := up.GetSubFiles(); len(sub) >= i {
			p = place{sub[i-1].GetUkey(), sub[i-1].GetIpv4S()}
		}
		r.places = append(r.places, p)
	}
	return r, nil
}

// is reports whether an answer is about this file.
func (f *uploadFile) is(n *mediapb.IndexNode) bool {
	return n.GetFileUuid() != "" && strings.EqualFold(n.GetInfo().GetFileMd5(), hex.EncodeToString(f.md5))
}

// subfield returns the bytes of a field within fields, as they came: a description goes
// into messages with all that is not understood. It is nil when there is none.
func subfield(b []byte, path ...protowire.Number) []byte {
	var found []byte
	for len(b) > 0 {
		num, typ, tag := protowire.ConsumeTag(b)
		if tag < 0 {
			return nil
		}
		size := protowire.ConsumeFieldValue(num, typ, b[tag:])
		if size < 0 {
			return nil
		}
		if num == path[0] && typ == protowire.BytesType {
			found, _ = protowire.ConsumeBytes(b[tag:])
		}
		b = b[tag+size:]
	}
	if len(path) == 1 || found == nil {
		return found
	}
	return subfield(found, path[1:]...)
}
