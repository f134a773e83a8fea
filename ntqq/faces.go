package ntqq

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

const (
	// faceWait bounds how long a message waits for the face table.
	faceWait = 3 * time.Second
	// facePause follows a failure: messages must not all wait for it.
	facePause = time.Minute
)

// Face is an entry of the face table: a built-in emoticon (docs/protocol/operations.md
// 3.1).
type Face struct {
	ID   uint32
	Text string // the description, such as "/微笑"
	// Super: it is what clients call a super face. Its sticker type and pack are there,
	// and not both 1.
	Super bool
	// Pack, Sticker and StickerType are where the large form is found; empty for faces
	// without one. [Messages.SendGroup] and [Messages.SendFriend] fill them in.
	Pack, Sticker string
	StickerType   uint64
}

// Faces are the operations on faces and stickers. They are safe for concurrent use.
type Faces struct{ c *Client }

// Faces returns the operations on faces and stickers.
func (c *Client) Faces() Faces { return Faces{c} }

// List returns the face table, sorted by id. It comes from memory; it is fetched when it
// is not known in the present session, or refresh is true. The errors are those of
// [Client.Call].
func (f Faces) List(ctx context.Context, refresh bool) ([]Face, error) {
	return cached(ctx, f.c, facesKey, refresh, f.c.cache.faceList, f.c.fetchFaces)
}

func faceTableRequest() *oidbpb.FaceListReq {
	return &oidbpb.FaceListReq{Unknown1: proto.Int32(0), Unknown2: 7, Unknown3: "0"}
}

func (c *Client) fetchFaces(ctx context.Context) error {
	resp, err := call(ctx, c, rpc.FaceTable, faceTableRequest())
	if err != nil {
		return fmt.Errorf("face table: %w", err)
	}
	c.cache.setFaces(facesOf(resp))
	return nil
}

// facesOf reads all parts of the table. Where one lists a face again, the entry with a
// large form counts.
func facesOf(resp *oidbpb.FaceListResp) map[uint32]Face {
	table := map[uint32]Face{}
	add := func(list []*oidbpb.Face) {
		for _, entry := range list {
			if face, ok := faceOf(entry); ok && (table[face.ID].Sticker == "" || face.Sticker != "") {
				table[face.ID] = face
			}
		}
	}
	for _, part := range []*oidbpb.FaceContent{resp.GetCommon(), resp.GetBig()} {
		for _, pack := range part.GetPacks() {
			add(pack.GetFaces())
		}
	}
	add(resp.GetMagic().GetList().GetFaces())
	return table
}

// faceOf reads an entry; false: its id is no number, as that of Unicode emoji.
func faceOf(entry *oidbpb.Face) (f Face, ok bool) {
	id, err := strconv.ParseUint(entry.GetQSid(), 10, 32)
	if err != nil {
		return Face{}, false
	}
	f = Face{ID: uint32(id), Text: pb.Text(entry.GetQDes())}
	kind, pack := entry.GetStickerType(), entry.GetStickerPackId()
	if entry.StickerType == nil || entry.StickerPackId == nil || entry.StickerId == nil || kind < 0 {
		return f, true
	}
	f.Super = kind != 1 || pack != 1
	f.StickerType = uint64(kind)
	f.Pack, f.Sticker = strconv.Itoa(int(pack)), strconv.Itoa(int(entry.GetStickerId()))
	return f, true
}

func (c *cache) setFaces(table map[uint32]Face) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faces = table
	c.facesOK = c.arrived(facesKey)
}

// faceList is sorted by id; false when it has to be fetched.
func (c *cache) faceList() ([]Face, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return sorted(c.faces), c.facesOK
}

// lookFace returns what is known of a face, and whether a message should ask for more.
func (c *cache) lookFace(id uint32) (f Face, ok, ask bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, ok = c.faces[id]
	return f, ok, !c.facesOK && !time.Now().Before(c.facesAfter)
}

// pauseFaces makes messages take what is known until then.
func (c *cache) pauseFaces(until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.facesAfter = until
}

// face finds an entry of the table. Without one, or when the table does not come in time,
// ok is false: the face is sent in the form that needs none.
func (c *Client) face(ctx context.Context, id uint32) (f Face, ok bool) {
	f, ok, ask := c.cache.lookFace(id)
	if !ask {
		return f, ok
	}
	ctx, cancel := context.WithTimeout(ctx, faceWait)
	defer cancel()
	if _, err := c.Faces().List(ctx, false); err != nil && !errors.Is(err, ErrOffline) {
		c.cache.pauseFaces(time.Now().Add(facePause))
		c.log.Debug("face table not fetched", "err", err)
	}
	f, ok, _ = c.cache.lookFace(id)
	return f, ok
}

// completeFace returns a face with what it lacks, f itself when that is nothing.
func (c *Client) completeFace(ctx context.Context, f *message.FaceSegment) *message.FaceSegment {
	return elements.CompleteFace(f, func(id uint32) (message.FaceSegment, bool) {
		e, ok := c.face(ctx, id)
		return message.FaceSegment{Text: e.Text, Pack: e.Pack, Sticker: e.Sticker, StickerType: e.StickerType}, ok
	})
}

// MarketKeys returns the keys of stickers of the shop, which their sender has to know, in
// the order of ids: each 32 hexadecimal digits. When one id is no sticker's, the error is
// [ErrNoMarketFace]; the others are those of [Client.Call]. A [message.MarketFaceSegment]
// without a key gets it when it is sent.
func (f Faces) MarketKeys(ctx context.Context, ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	resp, err := call(ctx, f.c, rpc.MarketFaceKeys, marketKeysRequest(ids))
	if err != nil {
		return nil, fmt.Errorf("keys of market faces: %w", err)
	}
	keys := resp.GetInfo().GetKeys()
	if len(keys) != len(ids) {
		return nil, fmt.Errorf("%w: %d keys for %d ids", ErrNoMarketFace, len(keys), len(ids))
	}
	return keys, nil
}

func marketKeysRequest(ids []string) *oidbpb.MarketFaceKeyReq {
	req := &oidbpb.MarketFaceKeyReq{Unknown1: 3, Info: &oidbpb.MarketFaceKeyIds{}}
	for _, id := range ids {
		req.Info.FaceIds = append(req.Info.FaceIds, strings.ToLower(id))
	}
	return req
}
