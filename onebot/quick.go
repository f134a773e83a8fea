package onebot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"libration/gateway"
	"libration/gateway/table"
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
	// friend is the answer to a friend request; nil: none.
	friend *friendAnswerParams
	// group is the answer to a request about a group; nil: none.
	group *groupAnswerParams
	// ban and kick are what happens to the sender; nil: nothing.
	ban  *banParams
	kick *kickOneParams
	// unsupported are the operations that the event does not take.
	unsupported []string
}

// QuickOperation carries out the answer of a bot to an event; both are JSON
// objects, and the event is one of this service's own. hold is what the answer takes
// of the Budget.
func (d *actions) QuickOperation(ctx context.Context, event, operation []byte, hold gateway.Hold) *Response {
	op, err := checked(operation)
	if err != nil {
		hold.Release()
		bad := text.T("the operation of a quick operation is not JSON: %v", "快速操作的 operation 不是 JSON: %v").Fill(err)
		return failed(d.account.language, badParams(bad), apiError)
	}
	both := slices.Concat([]byte(`{"context":`), event, []byte(`,"operation":`), op, []byte("}"))
	return d.Call(ctx, Request{Action: quickAction, Params: Params{json: both}, Hold: hold})
}

type quickParams struct {
	Context   Params `param:"context" en:"The event, as this service sent it." zh:"事件，即本服务发送的内容。"`
	Operation Params `param:"operation" en:"What to do; the guide lists the fields." zh:"要执行的操作，字段见指南。"`
}

// handleQuickOperation replies first and recalls then; the sender comes last. What is not supported fails, after
// the rest was done. A step fails as the action for it does.
func handleQuickOperation(ctx context.Context, a *account, p quickParams) (table.None, error) {
	q, err := parseQuick(p)
	if err != nil {
		return table.None{}, err
	}
	var errs []*actionError
	if len(q.reply) > 0 {
		if _, err := a.send(ctx, q.chat, q.reply, &unread{}); err != nil {
			errs = append(errs, explain(err, sendFailed))
		}
	}
	if q.recall {
		if err := a.recall(ctx, q.messageID); err != nil {
			errs = append(errs, explain(err, recallFailed))
		}
	}
	if q.friend != nil {
		if _, err := setFriendAddRequest(ctx, a, *q.friend); err != nil {
			errs = append(errs, explain(err, answerFailed))
		}
	}
	if q.group != nil {
		if _, err := setGroupAddRequest(ctx, a, *q.group); err != nil {
			errs = append(errs, explain(err, answerFailed))
		}
	}
	if q.ban != nil {
		if _, err := setGroupBan(ctx, a, *q.ban); err != nil {
			errs = append(errs, explain(err, banFailed))
		}
	}
	if q.kick != nil {
		if _, err := setGroupKick(ctx, a, *q.kick); err != nil {
			errs = append(errs, explain(err, kickFailed))
		}
	}
	if len(q.unsupported) > 0 {
		e := failure(notSupported)
		e.text = text.T("the event does not take these quick operations: %s", "该事件不支持以下快速操作：%s").Fill(strings.Join(q.unsupported, ", "))
		errs = append(errs, e)
	}
	return table.None{}, several(errs)
}

// several makes one error of those of several steps, with the code of the first and
// the texts of all.
func several(errs []*actionError) error {
	if len(errs) == 0 {
		return nil
	}
	all := *errs[0]
	for _, e := range errs[1:] {
		all.text = text.T("%s; %s", "%s；%s").Fill(all.text, e.text)
	}
	return &all
}

// parseQuick reads the event and the operation.
func parseQuick(p quickParams) (q quick, err error) {
	event, op := &args{params: p.Context}, &args{params: p.Operation}
	kind := event.text("message_type")
	if kind == "" && event.text("request_type") == "friend" {
		if _, ok := op.params.get("approve"); ok {
			q.friend = &friendAnswerParams{Flag: event.text("flag"), Approve: op.flag("approve"), Remark: op.text("remark")}
		}
		return q, errors.Join(event.err, op.err)
	}
	if kind == "" && event.text("request_type") == "group" {
		if _, ok := op.params.get("approve"); ok {
			q.group = &groupAnswerParams{Flag: event.text("flag"), Approve: op.flag("approve"), Reason: op.text("reason")}
		}
		return q, errors.Join(event.err, op.err)
	}
	if kind == "" { // a notice, or an unknown request
		for _, name := range []string{"approve", "remark", "reason"} {
			if _, ok := op.params.get(name); ok {
				q.unsupported = append(q.unsupported, name)
			}
		}
		return q, errors.Join(event.err, op.err)
	}
	group := kind == "group"
	if group {
		q.chat = message.Chat{Kind: message.Group, Group: message.GroupCode(event.required("group_id"))}
		q.parseSender(event, op)
		if q.recall = op.flag("delete"); q.recall {
			q.messageID = event.messageID("message_id")
		}
	} else {
		other := "user_id"
		if event.text("post_type") == "message_sent" { // that is the account itself
			other = "target_id"
		}
		q.chat = private(message.UIN(event.required(other)), event.through())
	}
	if v, ok := op.params.get("reply"); ok && string(v.json) != `""` {
		q.reply = op.message("reply")
		_, anonymous := event.params.get("anonymous")
		// A voice, a video or a file has no place for a mention.
		single := slices.ContainsFunc(q.reply, func(s segment) bool { return slices.Contains([]string{"record", "video", "file"}, s.kind) })
		if len(q.reply) > 0 && group && !anonymous && op.flag("at_sender") && !single {
			at := segment{kind: "at", data: []field{{"qq", fmt.Sprint(event.required("user_id"))}}}
			q.reply = append([]segment{at}, q.reply...)
		}
	}
	return q, errors.Join(event.err, op.err)
}

// through reads by which group a private message came; 0: by none.
func (a *args) through() message.GroupCode {
	sender, _ := a.params.get("sender")
	if a.text("sub_type") != "group" || sender.json == nil {
		return 0
	}
	v, ok := Params{json: sender.json}.get("group_id")
	if !ok {
		return 0
	}
	return message.GroupCode(a.identity("group_id", v))
}

// parseSender reads what happens to who sent a message to a group.
func (q *quick) parseSender(event, op *args) {
	ban, kick := op.flag("ban"), op.flag("kick")
	switch _, anonymous := event.params.get("anonymous"); {
	case !ban && !kick:
		return
	case anonymous:
		for _, name := range []string{"kick", "ban"} {
			if op.flag(name) {
				q.unsupported = append(q.unsupported, name)
			}
		}
		return
	}
	user := message.UIN(event.required("user_id"))
	if ban {
		q.ban = &banParams{Group: q.chat.Group, User: user, Duration: 1800}
		if v, ok := op.params.get("ban_duration"); ok {
			if n, found := op.integer("ban_duration", v); found {
				q.ban.Duration = whole(n)
			}
		}
	}
	if kick {
		q.kick = &kickOneParams{kickParams: kickParams{Group: q.chat.Group, Reject: op.flag("reject_add_request")}, User: user}
	}
}
