package server

import (
	"crypto/md5"
	"net/http"
	"strconv"

	"libration/internal/pb/mediapb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// The sub commands of Faceroam.OpReq, and the kinds of 0x902e_1
// (docs/protocol/operations.md 3.7).
const (
	roamList     = 1
	roamDelete   = 2
	editOrder    = 2
	editDescribe = 3
	moveToFront  = 1
	roamBlock    = 9
)

// customFaceBid is where the pictures are, as the service names the place.
const customFaceBid = "qq_expression"

// customFaceDesk answers what is asked about the pictures that an account keeps among its
// faces.
type customFaceDesk struct {
	*blocks
	media *mediaDesk
}

func (h *customFaceDesk) handle(mux *rpc.Mux[*request]) {
	rpc.Handle(mux, rpc.DeleteCustomFaces, h.roam) // and rpc.CustomFaces: the same command
	rpc.Handle(mux, rpc.AddCustomFace, h.add)
	rpc.Handle(mux, rpc.MoveCustomFace, h.move)
	rpc.Handle(mux, rpc.EditCustomFaces, h.edit)
}

// roam lists faces, or deletes some. An id of no face is nothing to delete.
func (h *customFaceDesk) roam(rq *request, req *oidbpb.FaceRoamReq) (*oidbpb.FaceRoamDeleteResp, error) {
	faces, uin := h.world.CustomFaces(), rq.session.uin
	resp := &oidbpb.FaceRoamDeleteResp{SubCmd: req.GetSubCmd()}
	switch req.GetSubCmd() {
	case roamList:
		list, err := faces.List(uin)
		if err != nil {
			return resp, err
		}
		resp.UserInfo = &oidbpb.FaceRoamUserInfo{Bid: customFaceBid, MaxRoamSize: world.MaxCustomFaces}
		for _, face := range list {
			resp.UserInfo.FileNames = append(resp.UserInfo.FileNames, face.ID)
		}
	case roamDelete:
		for _, one := range req.GetDeletes() {
			if _, err := faces.Delete(uin, one.GetEmojiId()); err != nil {
				return resp, err
			}
			resp.Results = append(resp.Results, &oidbpb.FaceRoamDeleteResult{EmojiId: one.GetEmojiId()})
		}
	default:
		return resp, world.Refuse(world.BadRequest, "sub command %d is not known", req.GetSubCmd())
	}
	return resp, nil
}

// add reserves the upload of a face. Its ticket takes the place of that of the highway.
func (h *customFaceDesk) add(rq *request, req *oidbpb.FaceRoamAddReq) (*oidbpb.FaceRoamAddResp, error) {
	asked, uin := req.GetBody(), rq.session.uin
	size := uint64(asked.GetFileSize())
	switch {
	case req.GetCommandId() != roamBlock || len(asked.GetMd5()) != md5.Size:
		return nil, world.Refuse(world.BadRequest, "the command %d with an MD5 of %d bytes", req.GetCommandId(), len(asked.GetMd5()))
	case size == 0 || size > mediaFace.limit:
		return nil, world.Refuse(world.TooLarge, "a picture of %d bytes", size)
	}
	if err := h.world.CustomFaces().Room(uin); err != nil {
		return nil, err
	}
	sum, at := [md5.Size]byte(asked.GetMd5()), h.media.addressFor(rq.conn.nc.LocalAddr())
	ticket := h.grant(&reservation{Blob: world.Blob{MD5: sum, Size: size}, uin: uin, kind: mediaFace})
	id := world.CustomFaceID(uin, sum)
	return &oidbpb.FaceRoamAddResp{Body: &oidbpb.FaceRoamAddResult{
		UploadIps: []uint32{at.number()}, UploadPorts: []uint32{at.port()}, UKey: []byte(ticket), Ext: &oidbpb.FaceRoamAddExt{EmojiId: id},
	}}, nil
}

// move is the first step of two: the order that follows takes effect.
func (h *customFaceDesk) move(rq *request, req *oidbpb.CustomFaceMoveReq) (*oidbpb.EmptyResp, error) {
	if req.GetPosition() != moveToFront { // accepted, without effect
		return &oidbpb.EmptyResp{}, nil
	}
	return &oidbpb.EmptyResp{}, h.world.CustomFaces().Move(rq.session.uin, req.GetEmojiId())
}

func (h *customFaceDesk) edit(rq *request, req *oidbpb.CustomFaceEditReq) (*oidbpb.EmptyResp, error) {
	faces, uin := h.world.CustomFaces(), rq.session.uin
	switch req.GetKind() {
	case editOrder:
		var ids []string
		for _, one := range req.GetOrder() {
			ids = append(ids, one.GetEmojiId())
		}
		_, err := faces.Order(uin, ids) // an order that is not expected is accepted, without effect
		return &oidbpb.EmptyResp{}, err
	case editDescribe:
		return &oidbpb.EmptyResp{}, faces.Describe(uin, req.GetDesc().GetId().GetEmojiId(), string(req.GetDesc().GetDesc()))
	}
	return nil, world.Refuse(world.BadRequest, "kind %d is not known", req.GetKind())
}

// faceTicketOwner returns the account that may upload a face with a ticket.
func (b *blocks) faceTicketOwner(ticket []byte) (message.UIN, bool) {
	one, err := b.reservation(string(ticket))
	if err != nil || one.kind != mediaFace {
		return 0, false
	}
	return one.uin, true
}

// announcedFace finds what a ticket was given for.
func (b *blocks) announcedFace(req *mediapb.HighwayReqHead, _ *mediaKind, _ message.UIN) (*reservation, error) {
	return b.reservation(string(req.GetSeg().GetServiceTicket()))
}

// customFace serves the picture of a face by its id, to anybody.
func (s *Server) customFace(w http.ResponseWriter, r *http.Request) {
	face, found := s.media.customFaceAt(r.PathValue("uin"), r.PathValue("id"))
	if !found {
		http.NotFound(w, r)
		return
	}
	s.serveMedium(w, r, face.Picture.SHA1)
}

func (m *mediaDesk) customFaceAt(owner, id string) (world.CustomFace, bool) {
	uin, err := strconv.ParseUint(owner, 10, 32)
	if err != nil {
		return world.CustomFace{}, false
	}
	return m.world.CustomFaces().Find(message.UIN(uin), id)
}
