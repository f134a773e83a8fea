package server

import (
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/mediapb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// Limits of files in private chats. How long one is kept is what clients write
// (docs/protocol/messages.md 7.6).
const (
	privateFileLife = 7 * 24 * time.Hour
	maxReaders      = 100 // of one file that is sent on
)

// privateFile is a file that was announced for a private chat.
type privateFile struct {
	world.Blob
	name       string
	from       message.UIN
	since      time.Time
	uuid, hash string
	readers    map[message.UIN]bool // who may have it; guarded by privateFiles.mu
}

// privateFiles are the files of private chats. Over the limit of a table the oldest go.
type privateFiles struct {
	world *world.World

	mu   sync.Mutex
	kept table[*privateFile]
}

// add keeps a file and names it.
func (p *privateFiles) add(from, to message.UIN, name string, b world.Blob) *privateFile {
	var random [24]byte
	rand.Read(random[:]) // never fails
	f := &privateFile{
		Blob: b, name: name, from: from, since: p.world.Now(),
		uuid: hex.EncodeToString(random[:16]), hash: hex.EncodeToString(random[16:]),
		readers: map[message.UIN]bool{from: true, to: true},
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept.put([]byte(f.uuid), f)
	return f
}

// find returns a file that reader may have. The hash may be left out. The refusal is
// NotFound, also when its time is over.
func (p *privateFiles) find(reader message.UIN, uuid, hash string) (*privateFile, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f, known := p.kept.get([]byte(uuid))
	switch {
	case !known || !f.readers[reader] || hash != "" && hash != f.hash:
		return nil, world.Refuse(world.NotFound, "no such file")
	case !p.world.Now().Before(f.since.Add(privateFileLife)):
		return nil, world.Refuse(world.NotFound, "the file is gone: it was kept for %v", privateFileLife)
	}
	return f, nil
}

// there finds a file whose bytes have come, too.
func (p *privateFiles) there(reader message.UIN, uuid, hash string) (*privateFile, error) {
	f, err := p.find(reader, uuid, hash)
	if err != nil {
		return nil, err
	}
	if _, kept := p.world.Media().Find(f.MD5, f.SHA1, f.Size); !kept {
		return nil, world.Refuse(world.NotFound, "the file is gone, or was never uploaded")
	}
	return f, nil
}

// sent lets the receiver of a message have its file. What does not announce a file that the
// sender has is refused with 55: nobody could download it.
func (p *privateFiles) sent(from, to message.UIN, said message.Segment) error {
	announced, ok := said.(*message.FileSegment)
	if !ok {
		return world.BadContent("a message about a file says nothing of it")
	}
	f, err := p.there(from, announced.ID, announced.Hash)
	if err != nil {
		return world.BadContent("the file of the message is not there")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !f.readers[to] && len(f.readers) >= maxReaders {
		return world.BadContent("the file was sent on too often")
	}
	f.readers[to] = true
	return nil
}

// segment is what a message says of the file.
func (f *privateFile) segment() *message.FileSegment {
	return &message.FileSegment{ID: f.uuid, FileName: f.name, Size: f.Size, MD5: f.MD5[:], Hash: f.hash}
}

// meta describes the file.
func (f *privateFile) meta() *mediapb.OfflineFileMeta {
	return &mediapb.OfflineFileMeta{
		Uin: uint32(f.from), Size: uint32(f.Size), Timestamp: uint32(f.since.Unix()), FileUuid: f.uuid, FileName: f.name,
		Timestamp1: uint32(f.since.Unix()), FileHash: f.hash,
	}
}

// SendPrivateFile sends a file to somebody. Its bytes are in the world's media. The refusals
// are those of a message, and BadRequest of the name or an empty file.
func (s *Server) SendPrivateFile(from, to message.UIN, name string, b world.Blob) (*world.Message, error) {
	return s.files.sendPrivate(from, to, name, b)
}

func (d *fileDesk) sendPrivate(from, to message.UIN, name string, b world.Blob) (*world.Message, error) {
	if err := checkFileName(name); err != nil {
		return nil, err
	}
	if _, err := announcedBlob(mediaPrivateFile, b.Size, b.MD5[:], b.SHA1[:]); err != nil {
		return nil, err
	}
	f := d.private.add(from, to, name, b)
	return d.world.Messages().Send(world.Send{From: from, To: to, File: &world.Part{Segment: f.segment()}}, nil)
}

func checkFileName(name string) error {
	if name == "" || len(name) > maxMediaName {
		return world.Refuse(world.BadRequest, "a file needs a name of at most 255 bytes")
	}
	return nil
}

// reservePrivate is 0xe37_1700 (docs/protocol/media.md 4.2).
func (d *fileDesk) reservePrivate(rq *request, req *mediapb.OfflineFileReq) (*mediapb.OfflineFileResp, error) {
	asked := req.GetUpload()
	blob, err := announcedBlob(mediaPrivateFile, uint64(asked.GetFileSize()), asked.GetMd5(), asked.GetSha1())
	if err == nil {
		err = checkFileName(asked.GetFileName())
	}
	if err != nil {
		return nil, err
	}
	if uid := message.UID(asked.GetSenderUid()); uid != rq.session.uid {
		return nil, world.Refuse(world.NoPermission, "%q is another account", asked.GetSenderUid())
	}
	peer, known := d.world.Users().FindByUID(message.UID(asked.GetReceiverUid()))
	if !known {
		return nil, world.Refuse(world.NotFound, "no such user")
	}
	f := d.private.add(rq.session.uin, peer.UIN, asked.GetFileName(), blob)
	exists := d.pretends(rq)
	if !exists {
		_, exists = d.world.Media().Find(blob.MD5, blob.SHA1, blob.Size)
	}
	key := d.grant(&reservation{Blob: blob, uin: rq.session.uin, kind: mediaPrivateFile, uuid: f.uuid})
	at := d.addressFor(rq.conn.nc.LocalAddr())
	answer := offlineAnswer(req)
	answer.Upload = &mediapb.OfflineUploadResp{
		UploadIp: at.ip(), UploadPort: at.port(), UploadIps: []string{at.ip()}, Uuid: f.uuid, FileExist: exists, FileHash: f.hash,
		MediaPlatformAddrs: []*mediapb.MediaIpv4{{
			OutIp: proto.Uint32(at.number()), OutPort: proto.Uint32(at.port()),
			InIp: proto.Uint32(at.number()), InPort: proto.Uint32(at.port()), IpType: proto.Uint32(0),
		}},
		MediaPlatformKey: []byte(key),
	}
	return answer, nil
}

// privateURL is 0xe37_1200 (docs/protocol/media.md 4.4). One client reads the address from
// the ticket.
func (d *fileDesk) privateURL(rq *request, req *mediapb.OfflineFileReq) (*mediapb.OfflineFileResp, error) {
	asked := req.GetDownload()
	f, err := d.private.there(rq.session.uin, asked.GetFileUuid(), asked.GetFileHash())
	if err != nil {
		return nil, err
	}
	at := d.addressFor(rq.conn.nc.LocalAddr())
	link := d.signer.link(f.SHA1, d.world.Now())
	answer := offlineAnswer(req)
	answer.Download = &mediapb.OfflineDownloadResp{State: "ok", Meta: f.meta(), Result: &mediapb.OfflineDownloadResult{
		Server: at.ip(), Port: at.port(), Url: linkPath(link) + "?fname=" + url.QueryEscape(f.name),
		Extra: &mediapb.OfflineDownloadExtra{Ticket: &mediapb.OfflineDownloadTicket{DownloadUrl: link, DownloadDns: at.String()}},
	}}
	return answer, nil
}

// privateInfo is 0xe37_800. It also knows a file whose bytes are still to come.
func (d *fileDesk) privateInfo(rq *request, req *mediapb.OfflineFileReq) (*mediapb.OfflineFileResp, error) {
	f, err := d.private.find(rq.session.uin, req.GetInfo().GetFileUuid(), req.GetInfo().GetFileHash())
	if err != nil {
		return nil, err
	}
	answer := offlineAnswer(req)
	answer.Info = &mediapb.OfflineInfoResp{Meta: f.meta()}
	return answer, nil
}

// offlineAnswer echoes what was asked.
func offlineAnswer(req *mediapb.OfflineFileReq) *mediapb.OfflineFileResp {
	return &mediapb.OfflineFileResp{
		Command: req.GetCommand(), Seq: req.GetSeq(), BusinessId: req.GetBusinessId(), ClientType: req.GetClientType(),
		SupportMediaPlatform: req.GetSupportMediaPlatform(),
	}
}
