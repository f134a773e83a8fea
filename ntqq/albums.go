package ntqq

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
)

// Albums are the operations on the albums of groups. They are safe for concurrent use.
type Albums struct{ c *Client }

// Albums returns the operations on the albums of groups.
func (c *Client) Albums() Albums { return Albums{c} }

// Album is an album of a group. Times are in Unix seconds.
type Album struct {
	ID, Name, Desc              string
	Creator                     UIN
	CreatorName                 string
	Created, Modified, Uploaded int64 // Uploaded is when a picture came last
	Count                       uint32
	Cover                       *AlbumPicture // nil: it has none
}

// AlbumPicture is a picture of an album, or the cover of a video.
type AlbumPicture struct {
	ID   string // the service calls it lloc
	Name string
	AlbumSize
	Sizes []AlbumSize // other sizes, too
}

// AlbumSize is where a picture, or a video, is in one of its sizes.
type AlbumSize struct {
	Spec          uint32 // number of the size
	URL           string
	Width, Height uint32
}

// AlbumVideo is a video of an album.
type AlbumVideo struct {
	ID            string
	URL           string
	Width, Height uint32
	Time          uint32 // how long it is, in the service's unit
	Cover         *AlbumPicture
	Sizes         []AlbumSize
}

// AlbumMedium is a picture or a video of an album.
type AlbumMedium struct {
	Type         uint32 // a number of the service
	Picture      *AlbumPicture
	Video        *AlbumVideo
	Uploader     UIN // 0: the service does not say it
	UploaderName string
	Batch        uint64 // those that were uploaded together have the same
	Uploaded     int64  // Unix seconds
}

// AlbumPage is a part of what is in an album, the newest first.
type AlbumPage struct {
	Album Album
	Media []AlbumMedium
	// Next is where the next page begins, More whether there is one.
	Next string
	More bool
}

// List returns the albums of a group. The errors are those of [Client.Call], and
// [ErrNoGroup] of a group that the account is not in.
func (a Albums) List(ctx context.Context, group GroupCode) ([]Album, error) {
	resp, err := callAlbum(ctx, a.c, rpc.AlbumList, group, albumListBody(group))
	if err != nil {
		return nil, fmt.Errorf("albums of group %d: %w", group, err)
	}
	list := []Album{}
	for _, album := range resp.GetBody().GetAlbums() {
		list = append(list, albumOf(album))
	}
	return list, nil
}

// Media returns a page of an album's pictures and videos: the first one, or the one that
// [AlbumPage].Next names. The errors are those of List; no such album is a [*ServerError].
func (a Albums) Media(ctx context.Context, group GroupCode, album, next string) (AlbumPage, error) {
	resp, err := callAlbum(ctx, a.c, rpc.AlbumMedia, group, albumMediaBody(group, album, next))
	if err != nil {
		return AlbumPage{}, fmt.Errorf("album %q of group %d: %w", album, group, err)
	}
	list := resp.GetBody()
	page := AlbumPage{Album: albumOf(list.GetAlbum()), Media: []AlbumMedium{}, Next: list.GetNextAttachInfo()}
	page.More = list.GetHasMore() && page.Next != "" && page.Next != next // else it would be the first page, or this one
	for _, m := range list.GetMedia() {
		page.Media = append(page.Media, albumMediumOf(m))
	}
	return page, nil
}

// Add makes an album. The errors are those of List.
func (a Albums) Add(ctx context.Context, group GroupCode, name, desc string) (Album, error) {
	resp, err := callAlbum(ctx, a.c, rpc.AddAlbum, group, &oidbpb.AlbumAddBody{Info: &oidbpb.AlbumAddInfo{
		GroupCode: strconv.FormatUint(uint64(group), 10), Name: name, Desc: desc, Unknown5: proto.Uint32(0),
	}})
	if err != nil {
		return Album{}, fmt.Errorf("new album of group %d: %w", group, err)
	}
	made := resp.GetBody().GetInfo()
	return Album{ID: made.GetAlbumId(), Name: made.GetName(), Desc: made.GetDesc(), Creator: a.c.Self().UIN}, nil
}

// Delete removes an album with all that is in it. The errors are those of Media.
func (a Albums) Delete(ctx context.Context, group GroupCode, album string) error {
	_, err := callAlbum(ctx, a.c, rpc.DeleteAlbum, group, &oidbpb.AlbumDeleteBody{GroupCode: strconv.FormatUint(uint64(group), 10), AlbumId: album})
	if err != nil {
		return fmt.Errorf("album %q of group %d: %w", album, group, err)
	}
	return nil
}

// callAlbum asks about the albums of a group.
func callAlbum[Resp proto.Message](ctx context.Context, c *Client, op *rpc.Op[*oidbpb.AlbumReq, Resp], group GroupCode, body proto.Message) (Resp, error) {
	req, err := albumRequest(op.Repeat, c.now().Format("0102150405"), c.now().Nanosecond(), body)
	if err != nil {
		var none Resp
		return none, err
	}
	resp, err := call(ctx, c, op, req)
	return resp, c.inGroup(ctx, group, err)
}

// albumRequest wraps what is asked. Requests that only read have no number of their own
// (docs/protocol/operations.md 3.7).
func albumRequest(reads bool, clock string, nanos int, body proto.Message) (*oidbpb.AlbumReq, error) {
	b, err := pb.Marshal(body)
	if err != nil {
		return nil, err
	}
	id := rand.Uint32()
	if reads {
		id = 0
	}
	return &oidbpb.AlbumReq{
		RequestId: &id, Unknown2: []byte{}, Unknown3: []byte{}, Body: b,
		SessionId: fmt.Sprintf("_%s%03d_%05d", clock, nanos/1e6, rand.IntN(100000)),
		Headers:   []*oidbpb.AlbumHeader{{Name: "fc-appid", Value: "100"}},
	}, nil
}

func albumListBody(group GroupCode) *oidbpb.AlbumListBody {
	return &oidbpb.AlbumListBody{GroupCode: strconv.FormatUint(uint64(group), 10), AlbumId: []byte{}}
}

func albumMediaBody(group GroupCode, album, next string) *oidbpb.AlbumMediaListBody {
	return &oidbpb.AlbumMediaListBody{
		GroupCode: strconv.FormatUint(uint64(group), 10), AlbumId: album,
		Unknown3: proto.Uint32(0), Unknown4: []byte{}, AttachInfo: &next,
	}
}

func albumOf(a *oidbpb.Album) Album {
	return Album{
		ID: a.GetAlbumId(), Name: a.GetName(), Desc: a.GetDesc(), Creator: uinOf(a.GetCreator().GetUin()), CreatorName: a.GetCreator().GetNick(),
		Created: int64(a.GetCreateTime()), Modified: int64(a.GetModifyTime()), Uploaded: int64(a.GetLastUploadTime()),
		Count: a.GetUploadCount(), Cover: albumPictureOf(a.GetCover().GetImage()),
	}
}

// uinOf reads a number that is a text; 0: it is none.
func uinOf(text string) UIN {
	n, _ := strconv.ParseUint(text, 10, 64)
	return UIN(n)
}

func albumPictureOf(p *oidbpb.AlbumImage) *AlbumPicture {
	if p == nil {
		return nil
	}
	return &AlbumPicture{ID: p.GetLloc(), Name: p.GetName(), AlbumSize: albumSizeOf(0, p.GetDefaultUrl()), Sizes: albumSizesOf(p.GetUrls())}
}

func albumSizeOf(spec uint32, u *oidbpb.AlbumUrl) AlbumSize {
	return AlbumSize{Spec: spec, URL: u.GetUrl(), Width: u.GetWidth(), Height: u.GetHeight()}
}

func albumSizesOf(list []*oidbpb.AlbumThumb) (sizes []AlbumSize) {
	for _, t := range list {
		sizes = append(sizes, albumSizeOf(t.GetSpec(), t.GetUrl()))
	}
	return sizes
}

func albumMediumOf(m *oidbpb.AlbumMedia) AlbumMedium {
	medium := AlbumMedium{
		Type: m.GetType(), Picture: albumPictureOf(m.GetImage()), Batch: uint64(m.GetBatchId()), Uploaded: int64(m.GetUploadTime()),
		Uploader: uinOf(m.GetUploaderInfo().GetUin()), UploaderName: m.GetUploaderInfo().GetNick(),
	}
	if medium.Uploader == 0 {
		medium.Uploader = uinOf(m.GetUploader())
	}
	if v := m.GetVideo(); v != nil {
		medium.Video = &AlbumVideo{
			ID: v.GetId(), URL: v.GetUrl(), Width: v.GetWidth(), Height: v.GetHeight(), Time: v.GetVideoTime(),
			Cover: albumPictureOf(v.GetCover()), Sizes: albumSizesOf(v.GetUrls()),
		}
	}
	return medium
}
