package onebot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"libration/internal/bom"
	"libration/internal/text"
	"libration/ntqq/message"
)

// quickAction is the action that carries out a quick operation.
const quickAction = ".handle_quick_operation"

// quick is what a bot wants done about an event (docs/protocol/onebot11.md a.3).
type quick struct {
	chat  message.Chat
	reply []segment // empty: none
	// recall the message that the event announced.
	recall    bool
	messageID int32
	// unsupported are the operations that this version does not have.
	unsupported []string
}

// QuickOperation carries out the answer of a bot to an event; both are JSON
// objects, and the event is one of this service's own. hold is what the answer takes
// of the Budget.
func (s *Service) QuickOperation(ctx context.Context, event, operation []byte, hold Hold) *Response {
	op, err := checked(operation)
	if err != nil {
		hold.Release()
		bad := text.T("the operation of a quick operation is not JSON: %v", "快速操作的 operation 不是 JSON: %v").Fill(err)
		if errors.Is(err, bom.ErrUTF16) {
			bad = text.T("the operation of a quick operation is not JSON: "+err.Error(), "快速操作的 operation 是 UTF-16 编码，请改用 UTF-8")
		}
		return failed(s.language, badParams(bad), action{})
	}
	both := slices.Concat([]byte(`{"context":`), event, []byte(`,"operation":`), op, []byte("}"))
	return s.Call(ctx, Request{Action: quickAction, Params: Params{json: both}, Hold: hold})
}

// quickOperation replies first and recalls then. What is not supported fails, after
// the rest was done.
func (s *Service) quickOperation(ctx context.Context, a *args) (any, error) {
	q, err := parseQuick(a)
	if err != nil {
		return nil, err
	}
	var errs []error
	if len(q.reply) > 0 {
		errs = append(errs, s.quickReply(ctx, q))
	}
	if q.recall {
		m, err := s.storedID(q.messageID, "MESSAGE_NOT_FOUND")
		if err == nil {
			err = s.client.Recall(ctx, m)
		}
		errs = append(errs, err)
	}
	if len(q.unsupported) > 0 {
		names := strings.Join(q.unsupported, ", ")
		errs = append(errs, &actionError{RetFailed, "NOT_SUPPORTED", text.T(
			"quick operations not supported yet: %s", "暂不支持的快速操作: %s").Fill(names)})
	}
	return nil, s.several(errs)
}

// several makes one error of those of several steps, with the code of the first and
// the texts of all.
func (s *Service) several(errs []error) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if len(errs) < 2 {
		return errors.Join(errs...)
	}
	all := *explain(errs[0], s.actions[quickAction])
	for _, err := range errs[1:] {
		e := explain(err, s.actions[quickAction])
		all.text = text.T("%s; %s", "%s；%s").Fill(all.text, e.text)
	}
	return &all
}

func (s *Service) quickReply(ctx context.Context, q quick) error {
	c, err := s.content(q.chat, q.reply)
	if err != nil {
		return err
	}
	var m *message.Message
	if q.chat.Kind == message.Group {
		m, err = s.client.SendGroup(ctx, q.chat.Group, c)
	} else {
		m, err = s.client.SendFriend(ctx, q.chat.Peer, c)
	}
	if err == nil {
		s.sent(ctx, m)
	}
	return err
}

// parseQuick reads the event and the operation.
func parseQuick(a *args) (q quick, err error) {
	event, op := a.object("context"), a.object("operation")
	if a.err != nil {
		return q, a.err
	}
	kind := event.text("message_type")
	if kind == "" { // a request or a notice
		for _, name := range []string{"approve", "remark", "reason"} {
			if _, ok := op.params.get(name); ok {
				q.unsupported = append(q.unsupported, name)
			}
		}
		return q, errors.Join(event.err, op.err)
	}
	group := kind == "group"
	if group {
		q.chat = message.Chat{Kind: message.Group, Group: event.group()}
		for _, name := range []string{"kick", "ban"} {
			if op.flag(name, false) {
				q.unsupported = append(q.unsupported, name)
			}
		}
		if q.recall = op.flag("delete", false); q.recall {
			q.messageID = event.messageID("message_id")
		}
	} else {
		other := "user_id"
		if event.text("post_type") == "message_sent" { // that is the account itself
			other = "target_id"
		}
		q.chat = message.Chat{Kind: message.Friend, Peer: event.user(other)}
	}
	if v, ok := op.params.get("reply"); ok && string(v.json) != `""` {
		q.reply = op.message("reply")
		_, anonymous := event.params.get("anonymous")
		if len(q.reply) > 0 && group && !anonymous && op.flag("at_sender", false) {
			at := segment{"at", []field{{"qq", fmt.Sprint(event.user("user_id"))}}}
			q.reply = append([]segment{at}, q.reply...)
		}
	}
	return q, errors.Join(event.err, op.err)
}
