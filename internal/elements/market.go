package elements

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// The values of MarketFace that are the same for every sticker.
const (
	marketItemType  = 6
	marketFaceInfo  = 1
	marketSubType   = 3
	marketReserve8  = 1
	marketTextID    = 2 // media_type of those whose face_id is text
	marketDiceTab   = 11464
	marketDiceID    = "4823d3adb15df08014ce5d6796b76ee1"
	marketRPSTab    = 11415
	marketRPSID     = "83c8a293ae65ca140f348120a77448ee"
	marketResult    = "rscType?1;value=" // MarketFace.mobile_param, before the result
	marketDiceSides = 6
	marketRPSSides  = 3
)

// MarketFaceSize is the width and the height with which a sticker is sent that does not
// say them, in pixels.
const MarketFaceSize = 300

// decodeMarketFace keeps a sticker whose id cannot be read as unknown.
func decodeMarketFace(d *decoder, e *messagepb.Elem) {
	d.follow = followReserve
	m := e.MarketFace
	id := hex.EncodeToString(m.GetFaceId())
	if m.GetMediaType() == marketTextID {
		id = strings.ToLower(string(m.GetFaceId()))
	}
	if _, err := hex.DecodeString(id); err != nil || id == "" {
		d.addUnknown(e)
		return
	}
	face := &message.MarketFaceSegment{
		ID: id, Package: m.GetTabId(), Key: pb.Text(m.GetKey()), Summary: m.GetSummary(),
		Param: pb.Text(m.GetMobileParam()), Width: m.GetWidth(), Height: m.GetHeight(),
	}
	if old := resultOf(face); old != nil {
		d.add(old)
		d.follow, d.summary = followSummary, m.GetSummary()
		return
	}
	d.add(face)
}

// resultSummaries are the summaries of stickers with a result.
var resultSummaries = [...]string{"[骰子]", "[随机骰子]", "[猜拳]"}

// resultOf returns the die or rock-paper-scissors that older clients send as a sticker, nil
// for another sticker and for one whose result is not known (docs/protocol/messages.md 5.4).
func resultOf(m *message.MarketFaceSegment) *message.FaceSegment {
	value, ok := strings.CutPrefix(m.Param, marketResult)
	n, err := strconv.ParseUint(value, 10, 8)
	if !ok || err != nil || !slices.Contains(resultSummaries[:], m.Summary) {
		return nil
	}
	switch {
	case m.ID == marketDiceID && m.Package == marketDiceTab && n < marketDiceSides:
		return &message.FaceSegment{ID: message.FaceDice, Large: true, Result: uint32(n) + 1, Text: message.FaceText(message.FaceDice)}
	case m.ID == marketRPSID && m.Package == marketRPSTab && n < marketRPSSides: // rock, scissors, paper
		return &message.FaceSegment{ID: message.FaceRPS, Large: true, Result: marketRPSSides - uint32(n), Text: message.FaceText(message.FaceRPS)}
	}
	return nil
}

func (w *encoder) marketFace(m *message.MarketFaceSegment) error {
	id, err := hex.DecodeString(m.ID)
	if err != nil || len(id) == 0 {
		return fmt.Errorf("encode market face: the id %.40q is not hexadecimal", m.ID)
	}
	size := func(n uint32) *uint32 {
		if n == 0 {
			n = MarketFaceSize
		}
		return &n
	}
	reserve, err := pb.Marshal(&messagepb.MarketFaceReserve{Field8: marketReserve8})
	if err != nil {
		return err
	}
	face := &messagepb.MarketFace{
		Summary: proto.String(pb.Text(m.Summary)), ItemType: proto.Uint32(marketItemType), FaceInfo: proto.Uint32(marketFaceInfo),
		FaceId: id, TabId: proto.Uint32(m.Package), SubType: proto.Uint32(marketSubType), Key: []byte(m.Key),
		MediaType: proto.Uint32(0), Width: size(m.Width), Height: size(m.Height), PbReserve: reserve,
	}
	if m.Param != "" {
		face.MobileParam = []byte(m.Param)
	}
	w.add(&messagepb.Elem{MarketFace: face})
	if m.Summary != "" { // older clients show it
		return w.text(message.Text(m.Summary))
	}
	return nil
}
