package server

import (
	"encoding/json"
	"strconv"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/media/picture"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

const (
	// albumPage is how many pictures one answer has (ours).
	albumPage = 20
	// albumPicture is the type of pictures in lists (ours: no other is known).
	albumPicture = 0
)

// albums answers what is asked about the albums of groups
// (docs/protocol/operations.md 3.7, 7.3).
type albums struct {
	world *world.World
	media *mediaDesk
}

func (h *albums) handle(mux *rpc.Mux[*request]) {
	handleAlbum(mux, rpc.AlbumList, h.list)
	handleAlbum(mux, rpc.AlbumMedia, h.pictures)
	handleAlbum(mux, rpc.AddAlbum, h.add)
	handleAlbum(mux, rpc.DeleteAlbum, h.remove)
}

// handleAlbum registers a handler of what is in a request's body.
func handleAlbum[Body, Resp proto.Message](mux *rpc.Mux[*request], op *rpc.Op[*oidbpb.AlbumReq, Resp], do func(*request, uint32, Body) (Resp, error)) {
	rpc.Handle(mux, op, func(rq *request, req *oidbpb.AlbumReq) (Resp, error) {
		var body Body
		body = body.ProtoReflect().New().Interface().(Body)
		if err := pb.Unmarshal(req.GetBody(), body); err != nil {
			var none Resp
			return none, world.Refuse(world.BadRequest, "bad body")
		}
		return do(rq, req.GetRequestId(), body)
	})
}

// albumGroup reads the number of a group that is a text.
func albumGroup(text string) message.GroupCode {
	n, _ := strconv.ParseUint(text, 10, 64)
	return message.GroupCode(n)
}

func (h *albums) list(rq *request, _ uint32, body *oidbpb.AlbumListBody) (*oidbpb.AlbumListResp, error) {
	list, err := h.world.Albums().List(albumGroup(body.GetGroupCode()), rq.session.uin)
	if err != nil {
		return nil, err
	}
	result := &oidbpb.AlbumListResult{}
	for _, a := range list {
		result.Albums = append(result.Albums, h.entry(rq, a))
	}
	return &oidbpb.AlbumListResp{RetCode: proto.Uint32(0), RetMsg: proto.String(""), Body: result}, nil
}

func (h *albums) entry(rq *request, a world.Album) *oidbpb.Album {
	entry := &oidbpb.Album{
		AlbumId: a.ID, Owner: strconv.FormatUint(uint64(a.Creator.UIN), 10), Name: a.Name, Desc: a.Desc,
		CreateTime: uint32(a.Created), ModifyTime: uint32(a.Modified), LastUploadTime: uint32(a.Uploaded), UploadCount: uint32(a.Count),
		Creator: albumUser(a.Creator),
	}
	if a.Cover != nil {
		entry.Cover = &oidbpb.AlbumCover{Type: albumPicture, Image: h.image(rq, *a.Cover)}
	}
	return entry
}

func albumUser(u world.User) *oidbpb.AlbumUser {
	return &oidbpb.AlbumUser{Nick: u.Nickname, Uin: strconv.FormatUint(uint64(u.UIN), 10)}
}

// image describes a picture. Its address is good for an hour.
func (h *albums) image(rq *request, p world.AlbumPicture) *oidbpb.AlbumImage {
	at := &oidbpb.AlbumUrl{
		Url:   "http://" + h.media.addressFor(rq.conn.nc.LocalAddr()).String() + linkPath(h.media.signer.link(p.SHA1, h.world.Now())),
		Width: p.Width, Height: p.Height,
	}
	return &oidbpb.AlbumImage{Name: p.Name, Lloc: p.ID, Urls: []*oidbpb.AlbumThumb{{Spec: 1, Url: at}}, DefaultUrl: at}
}

// albumCursor is where a page of an album begins. One client reads from it that nothing
// follows.
type albumCursor struct {
	Loc struct {
		Start  int `json:"start"`
		Return int `json:"return_num"` // 0: this was the last page
	} `json:"Loc"`
}

func (h *albums) pictures(rq *request, _ uint32, body *oidbpb.AlbumMediaListBody) (*oidbpb.AlbumMediaListResp, error) {
	var at albumCursor
	if info := body.GetAttachInfo(); info != "" {
		if err := json.Unmarshal([]byte(info), &at); err != nil || at.Loc.Start < 0 {
			return nil, world.Refuse(world.BadRequest, "bad cursor")
		}
	}
	a, all, err := h.world.Albums().Pictures(albumGroup(body.GetGroupCode()), rq.session.uin, body.GetAlbumId())
	if err != nil {
		return nil, err
	}
	first := min(at.Loc.Start, len(all))
	last := min(first+albumPage, len(all))
	list := &oidbpb.AlbumMediaList{Album: h.entry(rq, a), HasMore: last < len(all)}
	for _, p := range all[first:last] {
		list.Media = append(list.Media, &oidbpb.AlbumMedia{
			Type: albumPicture, Image: h.image(rq, p), Uploader: strconv.FormatUint(uint64(p.Uploader.UIN), 10),
			BatchId: uint32(p.Batch), UploadTime: uint32(p.Uploaded), UploaderInfo: albumUser(p.Uploader),
		})
	}
	at.Loc.Start, at.Loc.Return = last, 0
	if list.HasMore {
		at.Loc.Return = last - first
	}
	next, err := json.Marshal(at)
	list.NextAttachInfo = proto.String(string(next))
	return &oidbpb.AlbumMediaListResp{RetCode: proto.Uint32(0), RetMsg: proto.String(""), Body: list}, err
}

func (h *albums) add(rq *request, id uint32, body *oidbpb.AlbumAddBody) (*oidbpb.AlbumAddResp, error) {
	asked := body.GetInfo()
	a, err := h.world.Albums().Add(albumGroup(asked.GetGroupCode()), rq.session.uin, asked.GetName(), asked.GetDesc())
	if err != nil {
		return nil, err
	}
	return &oidbpb.AlbumAddResp{RequestId: id, RetCode: proto.Uint32(0), RetMsg: proto.String(""), Body: &oidbpb.AlbumAddResult{
		Info: &oidbpb.AlbumAdded{AlbumId: a.ID, GroupCode: asked.GetGroupCode(), Name: a.Name, Desc: a.Desc},
	}}, nil
}

func (h *albums) remove(rq *request, _ uint32, body *oidbpb.AlbumDeleteBody) (*oidbpb.AlbumDeleteResp, error) {
	err := h.world.Albums().Remove(albumGroup(body.GetGroupCode()), rq.session.uin, body.GetAlbumId())
	if err != nil {
		return nil, err
	}
	return &oidbpb.AlbumDeleteResp{RetCode: proto.Uint32(0), RetMsg: proto.String("")}, nil
}

// AddToAlbum puts a picture, whose bytes the world keeps, into an album of a group. The
// refusals are those of [world.Albums.Upload], and BadRequest of what is no picture.
func (s *Server) AddToAlbum(group message.GroupCode, by message.UIN, album string, p world.AlbumPicture) (world.AlbumPicture, error) {
	content, _, err := s.world.Media().Open(p.SHA1)
	if err != nil {
		return p, err
	}
	defer content.Close()
	info, err := picture.Read(content)
	if err != nil {
		return p, world.Refuse(world.BadRequest, "no picture that can be shown: %v", err)
	}
	p.Width, p.Height = info.Width, info.Height
	return s.world.Albums().Upload(group, by, album, p)
}
