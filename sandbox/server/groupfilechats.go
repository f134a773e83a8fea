package server

import (
	"cmp"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// address answers where a file is downloaded (docs/protocol/media.md 4.4, 10.5).
func (h *groupFiles) address(rq *request, req *oidbpb.GroupFileReq) (*oidbpb.GroupFileResp, error) {
	asked := req.GetDownload()
	code := message.GroupCode(asked.GetGroupCode())
	f, err := h.world.Files().Find(code, rq.session.uin, asked.GetFileId())
	if err != nil {
		return nil, err
	}
	if _, kept := h.world.Media().FindSHA1(f.SHA1); !kept {
		return nil, world.Refuse(world.NotFound, "the bytes of the file %q are gone", f.Name)
	}
	h.world.Files().Downloaded(code, f.ID)
	at := h.addressFor(rq.conn.nc.LocalAddr())
	return &oidbpb.GroupFileResp{Download: &oidbpb.GroupFileDownloadResp{
		DownloadIp: at.ip(), DownloadDns: at.String(), DownloadUrl: h.signer.link(f.SHA1, h.world.Now()),
		Sha1: f.SHA1[:], Md5: f.MD5[:], SaveFileName: f.Name, PreviewPort: at.port(),
	}}, nil
}

// keep makes a temporary file permanent.
func (h *groupFiles) keep(rq *request, req *oidbpb.GroupFileTransReq) (*oidbpb.GroupFileTransResp, error) {
	asked := req.GetKeep()
	f, err := h.world.Files().Keep(message.GroupCode(asked.GetGroupCode()), rq.session.uin, asked.GetFileId())
	if err != nil {
		return nil, err
	}
	return &oidbpb.GroupFileTransResp{Keep: &oidbpb.GroupFileKeepResp{SaveBusId: busOf(f), SaveFilePath: f.ID}}, nil
}

// copyTo sends a file on to another group or to a friend, where a message shows it.
func (h *groupFiles) copyTo(rq *request, req *oidbpb.GroupFileTransReq) (*oidbpb.GroupFileTransResp, error) {
	asked, from := req.GetCopyTo(), rq.session.uin
	code, id := message.GroupCode(asked.GetGroupCode()), asked.GetSrcFileId()
	answer := &oidbpb.GroupFileCopyToResp{BusId: asked.GetDstBusId()}
	switch asked.GetDstBusId() {
	case busFriend:
		f, err := h.world.Files().Find(code, from, id)
		if err != nil {
			return nil, err
		}
		answer.FileName = cmp.Or(asked.GetNewFileName(), f.Name)
		sent, err := h.sendPrivate(from, message.UIN(asked.GetDstUin()), answer.FileName, f.Blob)
		if err != nil {
			return nil, err
		}
		answer.SaveFilePath = sent.File.Segment.(*message.FileSegment).ID
	case message.BusPermanent, message.BusTemporary:
		to := message.GroupCode(asked.GetDstUin())
		f, err := h.world.Files().Copy(code, from, id, to, asked.GetNewFileName())
		if err != nil {
			return nil, err
		}
		if _, err := h.world.Files().Publish(to, from, f.ID, 0); err != nil {
			_ = h.world.Files().Delete(to, from, f.ID) // a file that nobody was shown
			return nil, err
		}
		answer.BusId, answer.FileName, answer.SaveFilePath = busOf(f), f.Name, f.ID
	default:
		return nil, world.Refuse(world.BadRequest, "files are not copied to the bus %d", asked.GetDstBusId())
	}
	return &oidbpb.GroupFileTransResp{CopyTo: answer}, nil
}

// publish shows files in the chat of their group. Of several, those that may be shown are;
// the answer says which.
func (h *groupFiles) publish(rq *request, req *oidbpb.GroupFileTransReq) (*oidbpb.GroupFileTransResp, error) {
	asked := req.GetFeed()
	code, feeds := message.GroupCode(asked.GetGroupCode()), asked.GetFeeds()
	if len(feeds) == 0 || len(feeds) > maxFeeds {
		return nil, world.Refuse(world.BadRequest, "a request shows 1 to %d files, not %d", maxFeeds, len(feeds))
	}
	answer := &oidbpb.GroupFileFeedResp{RetCode: proto.Int64(0)}
	for _, feed := range feeds {
		m, err := h.world.Files().Publish(code, rq.session.uin, feed.GetFileId(), feed.GetMsgRandom())
		refused := h.refusal(err)
		switch {
		case err == nil:
			f, _ := h.world.Files().Find(code, rq.session.uin, feed.GetFileId())
			answer.Results = append(answer.Results, &oidbpb.GroupFileFeedResult{
				FileId: f.ID, BusId: busOf(f), DeadTime: uint32(f.Expires), MsgSeq: uint32(m.Sequence),
			})
		case refused == nil || len(feeds) == 1:
			return nil, err
		default:
			code, text := refused.Refusal()
			answer.Results = append(answer.Results, &oidbpb.GroupFileFeedResult{RetCode: int32(code), Detail: text, FileId: feed.GetFileId()})
		}
	}
	return &oidbpb.GroupFileTransResp{Feed: answer}, nil
}
