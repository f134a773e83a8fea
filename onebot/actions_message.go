package onebot

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"libration/internal/text"
	"libration/ntqq/message"
)

// messageIDResult is the data of the send actions.
type messageIDResult struct {
	MessageID int32
}

func (r messageIDResult) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"message_id":`...)
	return append(strconv.AppendInt(dst, int64(r.MessageID), 10), '}')
}

// sendMsg: message_type decides where to; without it group_id when present, else
// user_id.
func (s *Service) sendMsg(ctx context.Context, a *args) (any, error) {
	kind := a.text("message_type")
	if kind == "" {
		kind = "private"
		if a.optional("group_id") != 0 {
			kind = "group"
		}
	}
	switch kind {
	case "group":
		return s.sendGroupMsg(ctx, a)
	case "private":
		return s.sendPrivateMsg(ctx, a)
	}
	a.wrong("message_type", text.T(`must be "private" or "group"`, `必须是 "private" 或 "group"`))
	return nil, a.err
}

func (s *Service) sendPrivateMsg(ctx context.Context, a *args) (any, error) {
	chat := message.Chat{Kind: message.Friend, Peer: a.user("user_id")}
	c, err := s.outgoingMessage(chat, a)
	if err != nil {
		return nil, err
	}
	m, err := s.client.SendFriend(ctx, chat.Peer, c)
	if err != nil {
		return nil, err
	}
	return s.sent(ctx, m), nil
}

func (s *Service) sendGroupMsg(ctx context.Context, a *args) (any, error) {
	chat := message.Chat{Kind: message.Group, Group: a.group()}
	c, err := s.outgoingMessage(chat, a)
	if err != nil {
		return nil, err
	}
	m, err := s.client.SendGroup(ctx, chat.Group, c)
	if err != nil {
		return nil, err
	}
	return s.sent(ctx, m), nil
}

// flushWait bounds how long the answer to a sent message waits for the disk.
const flushWait = time.Second

// sent stores a sent message and waits for the disk, so that get_msg knows the id
// after a crash too. The client reports the message as an event as well, with the
// same key and hence the same id; message_sent is made from that.
func (s *Service) sent(ctx context.Context, m *message.Message) messageIDResult {
	id := s.put(m)
	ctx, cancel := context.WithTimeout(ctx, flushWait)
	defer cancel()
	if err := s.store.Flush(ctx); err != nil {
		s.log.Debug("sent message not on disk yet", "message_id", id, "err", err)
	}
	return messageIDResult{id}
}

// outgoingMessage reads the message parameter.
func (s *Service) outgoingMessage(chat message.Chat, a *args) (message.Content, error) {
	segments := a.message("message")
	if a.err != nil {
		return nil, a.err
	}
	return s.content(chat, segments)
}

func (s *Service) deleteMsg(ctx context.Context, a *args) (any, error) {
	m, err := s.stored(a, "MESSAGE_NOT_FOUND")
	if err != nil {
		return nil, err
	}
	if m.Chat.Kind != message.Group && !m.Self {
		return nil, &actionError{RetFailed, "CANNOT_RECALL_FRIEND_MSG", text.T(
			"the other side's message in a private chat cannot be recalled", "无法撤回私聊中对方的消息")}
	}
	return nil, s.client.Recall(ctx, m)
}

// stored reads the parameter message_id and returns that message. code is the msg
// of the failure when there is none.
func (s *Service) stored(a *args, code string) (*message.Message, error) {
	id := a.messageID("message_id")
	if a.err != nil {
		return nil, a.err
	}
	return s.storedID(id, code)
}

// storedID is stored for an id that was read already.
func (s *Service) storedID(id int32, code string) (*message.Message, error) {
	m, err := s.store.Get(id)
	if err != nil {
		return nil, fmt.Errorf("read message %d: %w", id, err)
	}
	if m == nil {
		return nil, noMessage(code, id)
	}
	return m, nil
}

// getMsg returns a stored message like a message event, always in the array
// format: a call does not tell which format its connection has, and clients take
// both.
func (s *Service) getMsg(_ context.Context, a *args) (any, error) {
	m, err := s.stored(a, "MSG_NOT_FOUND")
	if err != nil {
		return nil, err
	}
	id := a.messageID("message_id")
	r := s.rendered(m)
	defer s.release(r)
	b := fmt.Appendf(nil, `{"time":%d`, m.Time)
	b = boolField(b, "group", m.Chat.Kind == message.Group)
	b = s.appendMessage(b, m, id, r, FormatArray)
	return json.RawMessage(append(b, '}')), nil
}
