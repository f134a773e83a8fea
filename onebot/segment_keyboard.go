package onebot

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"libration/internal/text"
	"libration/ntqq/message"
)

func showKeyboard(_ *writer, _ message.Chat, k *message.KeyboardSegment, data []field) ([]field, bool) {
	rows := make([]keyboardRow, len(k.Rows))
	for i, row := range k.Rows {
		rows[i].Buttons = make([]button, len(row.Buttons))
		for j, b := range row.Buttons {
			rows[i].Buttons[j] = buttonOf(b)
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(rows); err != nil {
		panic(fmt.Sprintf("numbers, texts and booleans: %v", err)) // none of them has no JSON
	}
	data = append(data, field{"rows", strings.TrimSuffix(b.String(), "\n")})
	if k.BotAppID != 0 {
		data = append(data, field{"bot_app_id", strconv.FormatUint(k.BotAppID, 10)})
	}
	return data, true
}

// readKeyboard takes the rows, or a content with them.
func readKeyboard(_ context.Context, _ reader, _ message.Chat, seg segment) (message.Segment, error) {
	var given struct {
		Rows []keyboardRow `json:"rows"`
		Bot  anyText       `json:"bot_app_id"`
	}
	name, into := "rows", any(&given.Rows)
	if seg.get(name) == "" {
		name, into = "content", &given
	}
	v, err := checked([]byte(seg.get(name)))
	if err == nil {
		err = json.Unmarshal(v, into)
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		err = text.Errorf("%s cannot be of type %s", "%s 不能是 %s 类型", cmp.Or(wrong.Field, name), wrong.Value)
	}
	if err != nil {
		return nil, badSegment(seg, name, text.T("is no keyboard: %v", "不是有效的按钮：%v").Fill(err))
	}
	if seg.get("bot_app_id") == "" && given.Bot != "" {
		seg.data = append(seg.data[:len(seg.data):len(seg.data)], field{"bot_app_id", string(given.Bot)})
	}
	bot, err := seg.number("bot_app_id", math.MaxInt64)
	if err != nil {
		return nil, err
	}
	k := &message.KeyboardSegment{BotAppID: bot, Rows: make([]message.KeyboardRow, len(given.Rows))}
	for i, row := range given.Rows {
		for _, b := range row.Buttons {
			k.Rows[i].Buttons = append(k.Rows[i].Buttons, b.segment())
		}
	}
	return k, nil
}

// keyboardRow and button are the JSON of a keyboard (docs/protocol/messages.md 5.8).
type keyboardRow struct {
	Buttons []button `json:"buttons"`
}

type button struct {
	ID     anyText `json:"id"`
	Render struct {
		Label   anyText `json:"label"`
		Visited anyText `json:"visited_label"`
		Style   anyInt  `json:"style"`
	} `json:"render_data"`
	Action struct {
		Type       anyInt `json:"type"`
		Permission struct {
			Type  anyInt    `json:"type"`
			Roles []anyText `json:"specify_role_ids,omitempty"`
			Users []anyText `json:"specify_user_ids,omitempty"`
		} `json:"permission"`
		Unsupported anyText `json:"unsupport_tips"`
		Data        anyText `json:"data"`
		Reply       anyBool `json:"reply"`
		Enter       anyBool `json:"enter"`
	} `json:"action"`
}

func buttonOf(from message.KeyboardButton) (b button) {
	b.ID = anyText(from.ID)
	b.Render.Label, b.Render.Visited, b.Render.Style = anyText(from.Label), anyText(from.VisitedLabel), anyInt(from.Style)
	a := &b.Action
	a.Type, a.Permission.Type = anyInt(from.Action), anyInt(from.Permission)
	a.Permission.Roles, a.Permission.Users = texts[anyText](from.Roles), texts[anyText](from.Users)
	a.Unsupported, a.Data = anyText(from.Unsupported), anyText(from.Data)
	a.Reply, a.Enter = anyBool(from.Reply), anyBool(from.Enter)
	return b
}

func (b *button) segment() message.KeyboardButton {
	a := &b.Action
	return message.KeyboardButton{
		ID: string(b.ID), Label: string(b.Render.Label), VisitedLabel: string(b.Render.Visited), Style: int32(b.Render.Style),
		Action: int32(a.Type), Permission: int32(a.Permission.Type),
		Roles: texts[string](a.Permission.Roles), Users: texts[string](a.Permission.Users),
		Unsupported: string(a.Unsupported), Data: string(a.Data), Reply: bool(a.Reply), Enter: bool(a.Enter),
	}
}

func texts[To, From ~string](from []From) []To {
	var to []To
	for _, s := range from {
		to = append(to, To(s))
	}
	return to
}

// These read what clients send for a text, a number and a boolean, as data values are
// read.
type (
	anyText string
	anyInt  int32
	anyBool bool
)

func (t *anyText) UnmarshalJSON(b []byte) error {
	*t = anyText(dataText(b))
	return nil
}

func (n *anyInt) UnmarshalJSON(b []byte) error {
	written := dataText(b)
	if written == "" {
		return nil
	}
	i, err := integer(written)
	if err != nil || i != int64(int32(i)) {
		return text.Errorf("%s is no 32-bit whole number", "%s 不是 32 位整数", shorten(string(b)))
	}
	*n = anyInt(i)
	return nil
}

func (n *anyBool) UnmarshalJSON(b []byte) error {
	written := dataText(b)
	if written == "" {
		return nil
	}
	v, err := boolean(written)
	if err != nil {
		return text.Errorf("%s is neither true nor false", "%s 不是布尔值", shorten(string(b)))
	}
	*n = anyBool(v)
	return nil
}
