package server

import (
	"crypto/hmac"
	"crypto/sha256"
	_ "embed" // the face table
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// faces answers what is asked about faces and stickers.
type faces struct{ keys *keyring }

func (h *faces) handle(mux *rpc.Mux[*request]) {
	rpc.Handle(mux, rpc.FaceTable, faceTable)
	rpc.Handle(mux, rpc.MarketFaceKeys, h.marketKeys)
}

// facesText has a line for each face: its id, its name and, of those with a large form,
// type, pack and id of the sticker (docs/protocol/operations.md 7.4).
//
//go:embed faces.txt
var facesText string

var faceAnswer = sync.OnceValue(func() *oidbpb.FaceListResp {
	common, big := &oidbpb.FacePack{Name: "常用"}, &oidbpb.FacePack{Name: "超级表情"}
	for line := range strings.Lines(facesText) {
		face := &oidbpb.Face{}
		var name string
		var kind, pack, sticker int32
		n, err := fmt.Sscan(line, &face.QSid, &name, &kind, &pack, &sticker)
		face.QDes = proto.String("/" + name)
		switch n {
		case 2:
			common.Faces = append(common.Faces, face)
		case 5:
			face.StickerType, face.StickerPackId, face.StickerId = &kind, &pack, &sticker
			big.Faces = append(big.Faces, face)
		default: // the file is part of the program
			panic(fmt.Sprintf("face table: line %q: %v", line, err))
		}
	}
	return &oidbpb.FaceListResp{
		Common: &oidbpb.FaceContent{Packs: []*oidbpb.FacePack{common}},
		Big:    &oidbpb.FaceContent{Packs: []*oidbpb.FacePack{big}},
		Magic:  &oidbpb.FaceMagicContent{List: &oidbpb.FaceMagicList{}},
	}
})

var facesByID = sync.OnceValue(func() map[uint32]message.FaceSegment {
	byID := make(map[uint32]message.FaceSegment)
	add := func(packs []*oidbpb.FacePack) {
		for _, pack := range packs {
			for _, face := range pack.GetFaces() {
				id, err := strconv.ParseUint(face.GetQSid(), 10, 32)
				if err != nil { // the file is part of the program
					panic(err)
				}
				f := message.FaceSegment{ID: uint32(id), Text: face.GetQDes(), StickerType: uint64(face.GetStickerType())}
				if face.StickerId != nil {
					f.Pack, f.Sticker = strconv.Itoa(int(face.GetStickerPackId())), strconv.Itoa(int(face.GetStickerId()))
				}
				byID[f.ID] = f
			}
		}
	}
	add(faceAnswer().GetCommon().GetPacks())
	add(faceAnswer().GetBig().GetPacks())
	return byID
})

// Face returns what the face table says of a face: its description, and where its large
// form is, if it has one. ok is false for a face that is not in it.
func (s *Server) Face(id uint32) (face message.FaceSegment, ok bool) {
	face, ok = facesByID()[id]
	return face, ok
}

func faceTable(*request, *oidbpb.FaceListReq) (*oidbpb.FaceListResp, error) {
	return faceAnswer(), nil
}

// marketKey is the key of a sticker of the shop.
func (k *keyring) marketKey(id []byte) string {
	mac := hmac.New(sha256.New, k.sign)
	mac.Write(id)
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// MarketKey returns the key of a sticker of the shop, which is known by its 16 bytes.
func (s *Server) MarketKey(id []byte) string { return s.keys.marketKey(id) }

// marketIDs is how many stickers one request may name, and marketIDBytes how long an id is.
const (
	marketIDs     = 100
	marketIDBytes = 16
)

// marketKeys gives a key for everything that can be the id of a sticker. An answer
// without keys means that one is none (docs/protocol/operations.md 3.7 and 7.4).
func (h *faces) marketKeys(_ *request, req *oidbpb.MarketFaceKeyReq) (*oidbpb.MarketFaceKeyResp, error) {
	ids, keys := req.GetInfo().GetFaceIds(), &oidbpb.MarketFaceKeys{}
	for _, id := range ids {
		raw, err := hex.DecodeString(id)
		if err != nil || len(raw) != marketIDBytes || id != strings.ToLower(id) || len(ids) > marketIDs {
			return &oidbpb.MarketFaceKeyResp{}, nil
		}
		keys.Keys = append(keys.Keys, h.keys.marketKey(raw))
	}
	if len(ids) == 0 {
		return &oidbpb.MarketFaceKeyResp{}, nil
	}
	return &oidbpb.MarketFaceKeyResp{Info: keys}, nil
}
