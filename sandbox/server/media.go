package server

import (
	"encoding/hex"
	"net"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/mediapb"
	"libration/internal/rpc"
	"libration/ntqq/media"
	"libration/ntqq/message"
	"libration/sandbox/fault"
	"libration/sandbox/world"
)

// mediaDesk answers what is asked about pictures, voices and videos: where to upload them, and
// where they are.
type mediaDesk struct {
	*reservations
	signer  mediaSigner
	tools   media.Tools // for what people of the world send
	faults  *fault.Set
	address mediaAddress // named to all clients; without one each gets the one it has connected to
}

func (m *mediaDesk) handle(mux *rpc.Mux[*request]) {
	rpc.Handle(mux, rpc.HighwaySession, m.highwaySession)
	// The scene says what it is about: clients use each other's commands
	// (docs/protocol/media.md 10.3).
	for _, op := range []*rpc.MediaOp{
		rpc.UploadPrivateImage, rpc.UploadGroupImage, rpc.UploadPrivateRecord, rpc.UploadGroupRecord,
		rpc.UploadPrivateVideo, rpc.UploadGroupVideo,
	} {
		rpc.Handle(mux, op, m.upload)
	}
	for _, op := range []*rpc.MediaOp{
		rpc.PrivateImageURL, rpc.GroupImageURL, rpc.PrivateRecordURL, rpc.GroupRecordURL,
		rpc.PrivateVideoURL, rpc.GroupVideoURL,
	} {
		rpc.Handle(mux, op, m.download)
	}
	rpc.Handle(mux, rpc.MediaKeys, m.keys)
}

// addressFor is the address that a client gets.
func (m *mediaDesk) addressFor(local net.Addr) mediaAddress {
	if m.address != (mediaAddress{}) {
		return m.address
	}
	return reached(local)
}

// highwaySession gives a ticket and the one address (docs/protocol/media.md 3.1, 10.1).
func (m *mediaDesk) highwaySession(rq *request, _ *mediapb.HighwaySessionReq) (*mediapb.HighwaySessionResp, error) {
	at, key := m.addressFor(rq.conn.nc.LocalAddr()), newKey()
	return &mediapb.HighwaySessionResp{Body: &mediapb.HighwaySessionRespBody{
		SigSession: m.ticket(rq.session.uin), SessionKey: key[:],
		Servers: []*mediapb.HighwayServers{{
			ServiceType: 1, Addrs: []*mediapb.HighwayAddr{{Type: 1, Ip: at.number(), Port: at.port()}},
		}},
	}}, nil
}

// answerHead echoes what was asked. The text is written though it is empty: one client
// fails without.
func answerHead(req *mediapb.RichMediaReq) *mediapb.RichMediaRespHead {
	return &mediapb.RichMediaRespHead{Common: req.GetHead().GetCommon(), RetCode: proto.Uint32(0), Message: proto.String("")}
}

// upload is sub command 100: a reservation, or the notice that an upload is complete, which
// needs no more than an answer (docs/protocol/media.md 2.4, 2.7).
func (m *mediaDesk) upload(rq *request, req *mediapb.RichMediaReq) (*mediapb.RichMediaResp, error) {
	if req.GetUploadCompleted() != nil {
		return &mediapb.RichMediaResp{Head: answerHead(req), UploadCompleted: &mediapb.UploadCompletedResp{}}, nil
	}
	asked := req.GetUpload()
	u, err := m.asked(rq.session, req.GetHead().GetScene(), asked)
	if err != nil {
		return nil, err
	}
	u.at = m.addressFor(rq.conn.nc.LocalAddr())
	info := m.describe(u)
	answer := &mediapb.UploadResp{
		UkeyTtl: proto.Uint32(uint32(ukeyLifetime / time.Second)), Ipv4S: u.at.storage(), Ipv6S: u.at.storage6(),
		MsgInfo: info, CompatMsg: m.compat(u, info),
	}
	fast := asked.GetTryFastUpload()
	missing := fast && len(m.faults.Strikes(fault.AtReserve, fault.Subject{Command: rq.Command, UIN: rq.session.uin, Session: true})) > 0
	for i, f := range u.files {
		var ukey *string
		if missing {
			_, info.Body[i].FileExist = m.world.Media().Find(f.MD5, f.SHA1, f.Size)
		} else {
			ukey = m.reserve(rq.session.uin, u, f, info.Body[i].GetIndex().GetFileUuid(), fast)
		}
		if i == 0 {
			answer.Ukey = ukey
			continue
		}
		answer.SubFiles = append(answer.SubFiles, &mediapb.SubFileInfo{
			SubType: f.sub, Ukey: ukey, UkeyTtl: uint32(ukeyLifetime / time.Second), Ipv4S: u.at.storage(), Ipv6S: u.at.storage6(),
		})
	}
	return &mediapb.RichMediaResp{Head: answerHead(req), Upload: answer}, nil
}

// reserve returns the upload key of a file, nil when the service has it.
func (m *mediaDesk) reserve(uin message.UIN, u *mediaUpload, f *uploadFile, uuid string, fast bool) *string {
	if fast {
		if _, known := m.world.Media().Find(f.MD5, f.SHA1, f.Size); known {
			return nil
		}
	}
	ukey := m.grant(&reservation{Blob: f.Blob, uin: uin, kind: f.kind, group: u.scene.group != 0, uuid: uuid})
	return &ukey
}

// asked reads and checks a reservation.
func (m *mediaDesk) asked(by *session, scene *mediapb.SceneInfo, req *mediapb.UploadReq) (*mediaUpload, error) {
	kind := mediaOfBusiness(scene.GetBusinessType())
	if kind == nil {
		return nil, world.Refuse(world.BadRequest, "media of business type %d are not known", scene.GetBusinessType())
	}
	to, err := m.sceneOf(by, scene)
	if err != nil {
		return nil, err
	}
	u := &mediaUpload{kind: kind, scene: to, from: by.uin, ext: req.GetExtBizInfo(), now: m.world.Now()}
	kinds := []*mediaKind{kind}
	if kind.cover != nil {
		kinds = append(kinds, kind.cover)
	}
	if len(req.GetUploadInfo()) != len(kinds) {
		return nil, world.Refuse(world.BadRequest, "%d files for one %s, want %d", len(req.GetUploadInfo()), kind.name, len(kinds))
	}
	for i, info := range req.GetUploadInfo() {
		f, err := askedFile(kinds[i], info)
		if err != nil {
			return nil, err
		}
		u.files = append(u.files, f)
	}
	return u, nil
}

// sceneOf reads where a medium goes. Who names nobody means itself
// (docs/protocol/media.md 2.1).
func (m *mediaDesk) sceneOf(by *session, scene *mediapb.SceneInfo) (to mediaScene, err error) {
	switch scene.GetSceneType() {
	case scenePrivate:
		to.peer = message.UID(scene.GetC2C().GetTargetUid())
		if to.peer == "" {
			to.peer = by.uid
		}
		if _, known := m.world.Users().FindByUID(to.peer); !known {
			return to, world.Refuse(world.NotFound, "no such user")
		}
	case sceneGroup:
		to.group = message.GroupCode(scene.GetGroup().GetGroupUin())
		if _, member := m.world.Members().Find(to.group, by.uin); !member {
			return to, world.Refuse(world.NotMember, "%d is not a member of the group %d", by.uin, to.group)
		}
	default:
		return to, world.Refuse(world.BadRequest, "scene %d is not known", scene.GetSceneType())
	}
	return to, nil
}

// maxMediaName bounds file names, in bytes.
const maxMediaName = 255

func askedFile(kind *mediaKind, info *mediapb.UploadInfo) (*uploadFile, error) {
	file := info.GetFileInfo()
	f := &uploadFile{kind: kind, sub: info.GetSubFileType(), info: proto.CloneOf(file)}
	f.Size = uint64(file.GetFileSize())
	switch {
	case file == nil:
		return nil, world.Refuse(world.BadRequest, "nothing is said of the %s", kind.name)
	case f.Size == 0:
		return nil, world.Refuse(world.BadRequest, "the %s is empty", kind.name)
	case f.Size > kind.limit:
		return nil, world.Refuse(world.TooLarge, "the %s has %d bytes, the limit is %d", kind.name, f.Size, kind.limit)
	case len(file.GetFileName()) > maxMediaName:
		return nil, world.Refuse(world.BadRequest, "the name of the %s has %d bytes", kind.name, len(file.GetFileName()))
	case !fromHex(f.MD5[:], file.GetFileMd5()):
		return nil, world.Refuse(world.BadRequest, "the MD5 of the %s is not 32 hex digits", kind.name)
	case !fromHex(f.SHA1[:], file.GetFileSha1()):
		return nil, world.Refuse(world.BadRequest, "the SHA-1 of the %s is not 40 hex digits", kind.name)
	}
	return f, nil
}

// fromHex reads so many bytes as dst has from hex digits of either case.
func fromHex(dst []byte, digits string) bool {
	if len(digits) != hex.EncodedLen(len(dst)) {
		return false
	}
	_, err := hex.Decode(dst, []byte(digits))
	return err == nil
}

// download is sub command 200. Its file uuid says all: clients name other scenes than the
// file's (docs/protocol/media.md 5.1, 10.3).
func (m *mediaDesk) download(rq *request, req *mediapb.RichMediaReq) (*mediapb.RichMediaResp, error) {
	now := m.world.Now()
	f, err := m.signer.file(req.GetDownload().GetNode().GetFileUuid(), now)
	if err != nil {
		return nil, err
	}
	if _, kept := m.world.Media().FindSHA1(f.sha1); !kept {
		return nil, world.Refuse(world.NotFound, "the file is gone, or was never uploaded")
	}
	at := m.addressFor(rq.conn.nc.LocalAddr())
	param := keyPrefix + m.signer.keyFor(f.kind.app(f.group), now)
	if f.kind == mediaImage {
		param += specOriginal
	}
	return &mediapb.RichMediaResp{Head: answerHead(req), Download: &mediapb.DownloadResp{
		RkeyParam: param, RkeyTtl: uint32(keyLifetime / time.Second), RkeyCreateTime: uint32(now.Unix()),
		Info: &mediapb.DownloadInfo{Domain: at.String(), UrlPath: f.path(), HttpsPort: at.port()},
	}}, nil
}

// rkeyApps are the files that each type of key opens. Nobody knows what type 2 is for.
var rkeyApps = map[int32]uint64{10: mediaImage.private, 20: mediaImage.group, 2: 0}

// keys is sub command 202 (docs/protocol/media.md 5.2).
func (m *mediaDesk) keys(_ *request, req *mediapb.RichMediaReq) (*mediapb.RichMediaResp, error) {
	now, answer := m.world.Now(), &mediapb.DownloadRkeyResp{}
	for _, kind := range req.GetDownloadRkey().GetTypes() {
		app, known := rkeyApps[kind]
		if !known || len(answer.Rkeys) >= len(rkeyApps) {
			continue
		}
		answer.Rkeys = append(answer.Rkeys, &mediapb.RkeyInfo{
			Rkey: keyPrefix + m.signer.keyFor(app, now), Ttl: uint64(keyLifetime / time.Second), StoreId: 1,
			CreateTime: proto.Uint32(uint32(now.Unix())), Type: proto.Uint32(uint32(kind)),
		})
	}
	return &mediapb.RichMediaResp{Head: answerHead(req), DownloadRkey: answer}, nil
}
