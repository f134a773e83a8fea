package onebot

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"libration/gateway"
	"libration/gateway/inbox"
	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

// account is what actions act on. Its methods are what several actions share.
type account struct {
	client   *ntqq.Client
	deliver  func(context.Context, message.Chat, message.Content) (*message.Message, error) // sendTo; tests make it fail
	gateway  *gateway.Gateway
	clock    gateway.Clock
	table    *table.Table[*account]
	log      *slog.Logger
	version  string // of the program
	language Language
	hints    map[string]text.Text                                                                 // see Options
	longText bool                                                                                 // LongTextForward of Options
	files    Files                                                                                // nil: there are none
	inbox    *inbox.Inbox                                                                         // nil: there is none
	sound    func(ctx context.Context, sound *media.Cached, format string) (*media.Cached, error) // Options.ConvertSound
	filters  func(file string) error                                                              // Options.ReloadFilters
	restart  func(delay time.Duration)                                                            // Options.Restart
	reader   reader
	writer   *writer
	fetching chan struct{} // a place for each message that is being fetched
	opening  chan struct{} // a place for each forward that is being opened
	paging   chan struct{} // a place for each page of a history that is being fetched
}

func (a *account) sendParams(ctx context.Context, chat message.Chat, p messageParams) (messageIDResult, error) {
	segments, err := messageOf("message", p.Message.value, p.AutoEscape)
	if err != nil {
		return messageIDResult{}, err
	}
	return a.send(ctx, chat, segments, &p.Message)
}

// send sends segments, which are a message, to a chat.
func (a *account) send(ctx context.Context, chat message.Chat, segments []segment, of *unread) (messageIDResult, error) {
	if len(segments) == 1 && isPoke(segments[0]) {
		return messageIDResult{}, a.pokeBySegment(ctx, chat, segments[0])
	}
	c, err := a.reader.content(ctx, chat, segments)
	if err != nil {
		return messageIDResult{}, err
	}
	if err := of.look(c); err != nil {
		return messageIDResult{}, err
	}
	m, err := a.post(ctx, chat, c)
	if err != nil {
		return messageIDResult{}, err
	}
	return a.sent(ctx, m), nil
}

// post sends content to a chat. When that is wanted, what is too long for a message, by
// our limit or the service's, becomes a forward.
func (a *account) post(ctx context.Context, chat message.Chat, c message.Content) (*message.Message, error) {
	m, err := a.deliver(ctx, chat, c)
	if a.longText && errors.Is(err, ntqq.ErrTooLarge) && !slices.ContainsFunc(c, isForward) {
		return a.deliver(ctx, chat, forwarded(chat, c))
	}
	return m, err
}

func isForward(s message.Segment) bool { _, ok := s.(*message.ForwardSegment); return ok }

// forwarded is content as a forward with one message of the account. A reply stays
// before it.
func forwarded(chat message.Chat, c message.Content) message.Content {
	var out message.Content
	if reply, ok := c[0].(*message.ReplySegment); ok {
		out, c = append(out, reply), c[1:]
	}
	return append(out, message.Forward(message.Node{Group: chat.Group, Content: c}))
}

// sendTo sends content to a chat. Bots know no group to name when they answer a temporary
// chat: without one it goes by that of the chat's newest message.
func (a *account) sendTo(ctx context.Context, chat message.Chat, c message.Content) (*message.Message, error) {
	switch {
	case chat.Kind == message.Group:
		return a.client.Messages().SendGroup(ctx, chat.Group, c)
	case chat.Kind == message.Temp && !a.isFriend(ctx, chat.Peer):
		return a.client.Messages().SendTemp(ctx, chat.Group, chat.Peer, c)
	}
	m, err := a.client.Messages().SendFriend(ctx, chat.Peer, c)
	if errors.Is(err, ntqq.ErrNoFriend) && chat.Kind == message.Friend {
		if group := a.gateway.Through(chat.Peer); group != 0 {
			return a.client.Messages().SendTemp(ctx, group, chat.Peer, c)
		}
	}
	return m, err
}

// isFriend reports whether messages go to somebody without a group.
func (a *account) isFriend(ctx context.Context, user message.UIN) bool {
	friends, err := a.client.Friends().List(ctx, false)
	return err != nil || slices.ContainsFunc(friends, func(f ntqq.Friend) bool { return f.UIN == user })
}

// private is the chat with somebody; through a group where that is not 0 and no friend.
func private(user message.UIN, through message.GroupCode) message.Chat {
	if through != 0 {
		return message.Chat{Kind: message.Temp, Group: through, Peer: user}
	}
	return message.Chat{Kind: message.Friend, Peer: user}
}

// sent stores a sent message; message_sent is made from the event that reports it.
func (a *account) sent(ctx context.Context, m *message.Message) messageIDResult {
	return messageIDResult{a.gateway.Sent(ctx, m)}
}

// status is the data of get_status and of heartbeats: the account's real state; a
// field trouble says in words why it is not good although it is online. The
// constants are there for clients that read them.
func (a *account) status() []byte {
	online, failing, limited := a.client.State().Online(), a.client.SignFailure(), a.client.Restriction()
	st := a.client.Stats()
	b := []byte(`{"app_initialized":true,"app_enabled":true,"plugins_good":null,"app_good":true`)
	b = boolField(b, "online", online)
	b = boolField(b, "good", online && failing == nil && limited == nil)
	switch {
	case failing != nil:
		since := failing.Since.Format(time.TimeOnly)
		trouble := text.T(
			"no signer gives signatures since %s: messages cannot be sent",
			"自 %s 起没有可用的签名服务，无法发送消息").Fill(since)
		b = textField(b, "trouble", a.hinted(unsigned.Code, trouble).In(a.language))
	case limited != nil:
		b = textField(b, "trouble", text.T("%s (since %s)", "%s（自 %s 起）").Fill(restricted.Text, limited.Since.Format(time.TimeOnly)).In(a.language))
	}
	b = append(b, `,"stat":{"lost_times":0`...)
	b = uintField(b, "packet_received", st.PacketsReceived)
	b = uintField(b, "packet_sent", st.PacketsSent)
	b = uintField(b, "packet_lost", st.PacketsDropped)
	b = uintField(b, "message_received", st.MessagesReceived)
	b = uintField(b, "message_sent", st.MessagesSent)
	b = uintField(b, "disconnect_times", st.Disconnects)
	b = intField(b, "last_message_time", st.LastMessageTime)
	return append(b, '}', '}')
}

// hinted adds to the text of a failure what the owner can do about it.
func (a *account) hinted(code string, what text.Text) text.Text {
	if hint, ok := a.hints[code]; ok {
		return text.T("%s; %s", "%s；%s").Fill(what, hint)
	}
	return what
}
