package message

import (
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
)

// KeyboardSegment is rows of buttons under a message (docs/protocol/messages.md 5.8).
type KeyboardSegment struct {
	BotAppID uint64 // 0: none
	Rows     []KeyboardRow
}

// KeyboardRow is one row of buttons.
type KeyboardRow struct{ Buttons []KeyboardButton }

// KeyboardButton is one button. The numbers are those of the protocol, where they have no
// names.
type KeyboardButton struct {
	ID           string
	Label        string
	VisitedLabel string // the label after a click
	Style        int32
	Action       int32 // what a click does
	Permission   int32 // who may click
	// Roles and Users are who may click, where Permission says so.
	Roles, Users []string
	Unsupported  string // what clients show that do not know the action
	Data         string
	Reply, Enter bool
}

// Name implements Segment.
func (*KeyboardSegment) Name() string { return "keyboard" }
func (k *KeyboardSegment) size() int {
	n := 0
	for _, row := range k.Rows {
		for _, b := range row.Buttons {
			n += buttonBytes + len(b.ID) + len(b.Label) + len(b.VisitedLabel) + len(b.Unsupported) + len(b.Data)
			for _, who := range [][]string{b.Roles, b.Users} {
				for _, s := range who {
					n += 16 + len(s)
				}
			}
		}
	}
	return n
}

// buttonBytes is what a button takes in memory, about.
const buttonBytes = 200

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
	seg := &KeyboardSegment{BotAppID: k.GetKeyboard().GetBotAppId()}
	buttons := d.buttons
	for _, row := range k.GetKeyboard().GetRows() {
		if buttons += len(row.GetButtons()); buttons > maxButtons {
			d.addUnknown(e)
			return
		}
		if len(row.GetButtons()) == 0 {
			continue
		}
		r := KeyboardRow{Buttons: make([]KeyboardButton, 0, len(row.GetButtons()))}
		for _, b := range row.GetButtons() {
			render, action := b.GetRender(), b.GetAction()
			allowed := action.GetPermission()
			r.Buttons = append(r.Buttons, KeyboardButton{
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

func (w *encoder) keyboard(k *KeyboardSegment) error {
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
