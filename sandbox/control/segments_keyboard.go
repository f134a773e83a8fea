package control

import (
	"net/http"

	"libration/ntqq/message"
)

// keyboardView has the names of docs/protocol/messages.md 5.8.
type keyboardView struct {
	typed
	BotAppID uint64    `json:"bot_app_id,omitempty"`
	Rows     []rowView `json:"rows"`
}

type rowView struct {
	Buttons []buttonView `json:"buttons"`
}

type buttonView struct {
	ID     string     `json:"id,omitempty"`
	Render renderView `json:"render_data"`
	Action actionView `json:"action"`
}

type renderView struct {
	Label        string `json:"label"`
	VisitedLabel string `json:"visited_label,omitempty"`
	Style        int32  `json:"style"`
}

type actionView struct {
	Type        int32          `json:"type"`
	Permission  permissionView `json:"permission"`
	Unsupported string         `json:"unsupport_tips,omitempty"`
	Data        string         `json:"data,omitempty"`
	Reply       bool           `json:"reply,omitempty"`
	Enter       bool           `json:"enter,omitempty"`
}

type permissionView struct {
	Type  int32    `json:"type"`
	Roles []string `json:"specify_role_ids,omitempty"`
	Users []string `json:"specify_user_ids,omitempty"`
}

func showKeyboard(_ contents, s *message.KeyboardSegment) keyboardView {
	v := keyboardView{BotAppID: s.BotAppID, Rows: make([]rowView, len(s.Rows))}
	for i, row := range s.Rows {
		buttons := make([]buttonView, len(row.Buttons))
		for j, b := range row.Buttons {
			buttons[j] = buttonView{
				ID:     b.ID,
				Render: renderView{b.Label, b.VisitedLabel, b.Style},
				Action: actionView{b.Action, permissionView{b.Permission, b.Roles, b.Users}, b.Unsupported, b.Data, b.Reply, b.Enter},
			}
		}
		v.Rows[i].Buttons = buttons
	}
	return v
}

func readKeyboard(_ *composing, v keyboardView) (message.Segment, error) {
	s := &message.KeyboardSegment{BotAppID: v.BotAppID, Rows: make([]message.KeyboardRow, len(v.Rows))}
	for i, row := range v.Rows {
		if len(row.Buttons) == 0 {
			return nil, fail(http.StatusBadRequest, "row %d has no buttons", i)
		}
		buttons := make([]message.KeyboardButton, len(row.Buttons))
		for j, b := range row.Buttons {
			buttons[j] = message.KeyboardButton{
				ID: b.ID, Label: b.Render.Label, VisitedLabel: b.Render.VisitedLabel, Style: b.Render.Style,
				Action: b.Action.Type, Permission: b.Action.Permission.Type,
				Roles: b.Action.Permission.Roles, Users: b.Action.Permission.Users,
				Unsupported: b.Action.Unsupported, Data: b.Action.Data, Reply: b.Action.Reply, Enter: b.Action.Enter,
			}
		}
		s.Rows[i].Buttons = buttons
	}
	if len(s.Rows) == 0 {
		return nil, fail(http.StatusBadRequest, "a keyboard needs rows")
	}
	return s, nil
}
