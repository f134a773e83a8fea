package elements

import (
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

const (
	serviceKeyboard  = 46
	businessKeyboard = 1
)

// maxButtons bounds the keyboards of a message with its quotes: a button takes a hundred
// times the memory of its smallest encoding. Real ones have 25 at most.
const maxButtons = 256

// decodeKeyboard leaves out rows without buttons. A payload that is no protobuf gives
// nothing; one that is over maxButtons is kept as unknown.
func decodeKeyboard(d *decoder, e *messagepb.Elem) {
	var k messagepb.KeyboardElem
	if pb.Unmarshal(e.CommonElem.GetPbElem(), &k) != nil {
		return
	}
	seg := &message.KeyboardSegment{BotAppID: k.GetKeyboard().GetBotAppId()}
	buttons := d.buttons
	for _, row := range k.GetKeyboard().GetRows() {
		if buttons += len(row.GetButtons()); buttons > maxButtons {
			d.addUnknown(e)
			return
		}
		if len(row.GetButtons()) == 0 {
			continue
		}
		r := message.KeyboardRow{Buttons: make([]message.KeyboardButton, 0, len(row.GetButtons()))}
		for _, b := range row.GetButtons() {
			render, action := b.GetRender(), b.GetAction()
			allowed := action.GetPermission()
			r.Buttons = append(r.Buttons, message.KeyboardButton{
				ID: b.GetId(), Label: render.GetLabel(), VisitedLabel: render.GetVisitedLabel(), Style: render.GetStyle(),
				Action: action.GetType(), Permission: allowed.GetType(), Roles: allowed.GetSpecifyRoleIds(), Users: allowed.GetSpecifyUserIds(),
				Unsupported: action.GetUnsupportTips(), Data: action.GetData(), Reply: action.GetReply(), Enter: action.GetEnter(),
			})
		}
		seg.Rows = append(seg.Rows, r)
	}
	d.buttons = buttons
	d.add(seg)
}

func (w *encoder) keyboard(k *message.KeyboardSegment) error {
	board := &messagepb.Keyboard{}
	if k.BotAppID != 0 {
		board.BotAppId = proto.Uint64(k.BotAppID)
	}
	flag := func(b bool) *bool {
		if !b {
			return nil
		}
		return &b
	}
	for _, row := range k.Rows {
		r := &messagepb.KeyboardRow{}
		for _, b := range row.Buttons {
			r.Buttons = append(r.Buttons, &messagepb.KeyboardButton{
				Id:     b.ID,
				Render: &messagepb.KeyboardRender{Label: b.Label, VisitedLabel: b.VisitedLabel, Style: b.Style},
				Action: &messagepb.KeyboardAction{
					Type:          b.Action,
					Permission:    &messagepb.KeyboardPermission{Type: b.Permission, SpecifyRoleIds: b.Roles, SpecifyUserIds: b.Users},
					UnsupportTips: b.Unsupported, Data: b.Data, Reply: flag(b.Reply), Enter: flag(b.Enter),
				},
			})
		}
		board.Rows = append(board.Rows, r)
	}
	return w.common(serviceKeyboard, businessKeyboard, &messagepb.KeyboardElem{Keyboard: board})
}
