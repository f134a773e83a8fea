package onebot

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq/message"
)

func forwardActions() []row {
	return []row{
		table.Of("send_forward_msg", lagrange, Sends, text.T(
			"Sends messages as a forward to a group or a friend. Without either it is uploaded only, for a `forward` segment.",
			"发送合并转发到群或好友。两者都没有时只上传，可用于 `forward` 消息段。"),
			sendForwardMsg, table.Fails(sendFailed, with(nodeCauses, noGroup, noFriend)...)),
		table.Of("send_group_forward_msg", lagrange, Sends, text.T("Sends messages as a forward to a group.", "发送群合并转发。"),
			sendGroupForwardMsg, table.Fails(sendFailed, with(nodeCauses, noGroup)...)),
		table.Of("send_private_forward_msg", lagrange, Sends, text.T("Sends messages as a forward to a friend.", "发送好友合并转发。"),
			sendPrivateForwardMsg, table.Fails(sendFailed, with(nodeCauses, noFriend)...)),
		table.Of("get_forward_msg", standard, Lookups, text.T(
			"Returns the messages of a forward, or a long text, from the store or else from the service. Forwards within it are `forward` segments with an id for this action.",
			"返回合并转发或长文本中的消息，优先读取消息库，其次向服务器获取。其中嵌套的合并转发是 `forward` 消息段，其 id 可再次用于此动作。"),
			getForwardMsg, table.Fails(apiError, noForward, badForward, largeForward)),
	}
}

// forwardLooks are what the card of a forward shows instead of what is made from its
// nodes. The message has them (unread.look): most are no forward.
type forwardLooks struct {
	Source  lookText  `param:"source,optional" en:"Heading of the forward's card." zh:"合并转发卡片的标题。"`
	News    lookLines `param:"news,optional" en:"Lines of the card: texts, or objects with a text." zh:"卡片的预览行：字符串，或带 text 的对象。"`
	Summary lookText  `param:"summary,optional" en:"Last line of the card." zh:"卡片的最后一行。"`
	Prompt  lookText  `param:"prompt,optional" en:"What stands for the forward in lists of chats." zh:"会话列表中显示的文字。"`
}

type (
	lookText  struct{}
	lookLines struct{}
)

// look has the forward that was made of nodes in a message look as its caller says.
func (u *unread) look(c message.Content) error {
	d := &nodeData{args: args{params: u.beside}}
	for _, seg := range c {
		if f, ok := seg.(*message.ForwardSegment); ok && len(f.Nodes) > 0 {
			d.look(f)
		}
	}
	return d.err
}

// nodesParams are the messages of a forward.
type nodesParams struct {
	Messages unread `param:"messages|message" en:"An array of node segments, or one; see the guide." zh:"node 消息段数组，或单个 node，见指南。"`
	forwardLooks
}

type forwardMsgParams struct {
	chatParams
	nodesParams
}

type groupForwardParams struct {
	Group message.GroupCode `param:"group_id"`
	nodesParams
}

type privateForwardParams struct {
	User message.UIN `param:"user_id" en:"Number of the friend." zh:"好友的 QQ 号。"`
	nodesParams
}

type sentForward struct {
	MessageID int32  `json:"message_id,omitempty" en:"Id of the message that was sent; absent when nothing was sent." zh:"已发送消息的 id；仅上传时没有。"`
	ForwardID string `json:"forward_id" en:"Id of the forward, for get_forward_msg and the segment forward." zh:"合并转发的 id，用于 get_forward_msg 和 forward 消息段。"`
	ResID     string `json:"res_id" en:"The same." zh:"同上。"`
}

func sendForwardMsg(ctx context.Context, a *account, p forwardMsgParams) (sentForward, error) {
	if p.chatParams == (chatParams{}) {
		return a.uploadForward(ctx, p.nodesParams)
	}
	chat, err := p.chat()
	if err != nil {
		return sentForward{}, err
	}
	return a.sendForward(ctx, chat, p.nodesParams)
}

func sendGroupForwardMsg(ctx context.Context, a *account, p groupForwardParams) (sentForward, error) {
	return a.sendForward(ctx, message.Chat{Kind: message.Group, Group: p.Group}, p.nodesParams)
}

func sendPrivateForwardMsg(ctx context.Context, a *account, p privateForwardParams) (sentForward, error) {
	return a.sendForward(ctx, message.Chat{Kind: message.Friend, Peer: p.User}, p.nodesParams)
}

func (a *account) sendForward(ctx context.Context, chat message.Chat, p nodesParams) (sentForward, error) {
	c, err := a.forwardContent(ctx, chat, p)
	if err != nil {
		return sentForward{}, err
	}
	m, err := a.deliver(ctx, chat, c)
	if err != nil {
		return sentForward{}, err
	}
	id := forwardID(m.Content)
	return sentForward{a.sent(ctx, m).MessageID, id, id}, nil
}

// uploadForward uploads for a private chat with the account itself.
func (a *account) uploadForward(ctx context.Context, p nodesParams) (sentForward, error) {
	c, err := a.forwardContent(ctx, message.Chat{}, p)
	if err == nil {
		c, err = a.client.Messages().Prepare(ctx, message.Chat{}, c)
	}
	if err != nil {
		return sentForward{}, err
	}
	id := forwardID(c)
	return sentForward{ForwardID: id, ResID: id}, nil
}

func (a *account) forwardContent(ctx context.Context, chat message.Chat, p nodesParams) (message.Content, error) {
	segments, err := messageOf("messages", p.Messages.value, false)
	if err != nil {
		return nil, err
	}
	if !hasNodes(segments) {
		return nil, failure(emptyNodes)
	}
	c, err := a.reader.forwardMessage(ctx, chat, "messages", segments)
	if err == nil {
		err = p.Messages.look(c)
	}
	return c, err
}

// forwardID returns the id of the forward, or of the long text, in a message; "" when
// there is none.
func forwardID(c message.Content) string {
	for _, seg := range c {
		switch s := seg.(type) {
		case *message.ForwardSegment:
			return s.ID
		case *message.LongMessageSegment:
			return s.ID
		}
	}
	return ""
}

type forwardIDParams struct {
	ID      string `param:"id,optional" en:"Id of a forward, or of a message with one." zh:"合并转发的 id，或包含合并转发的消息 id。"`
	Message string `param:"message_id,optional" en:"The same, where id is not given." zh:"同上，没有 id 时使用。"`
}

// forwardMessages is a forward twice, as clients of either kind read it
// (docs/protocol/onebot11.md b.1).
type forwardMessages struct {
	Message  []forwardNode    `json:"message" en:"Its messages as node segments." zh:"其中的消息，为 node 消息段。"`
	Messages []forwardMessage `json:"messages" en:"The same messages, much as get_msg returns them." zh:"同样的消息，格式与 get_msg 相近。"`
}

type forwardNode struct {
	Type string   `json:"type" en:"node" zh:"固定为 node。"`
	Data nodeView `json:"data" en:"The message." zh:"消息。"`
}

type nodeView struct {
	User     string           `json:"user_id" en:"Who wrote it, as the forward says." zh:"发送者的 QQ 号，以合并转发中的内容为准。"`
	Nickname string           `json:"nickname" en:"The name that is shown." zh:"显示的名称。"`
	Time     string           `json:"time" en:"When, Unix seconds." zh:"时间，Unix 秒。"`
	Content  []messageSegment `json:"content" en:"Its segments." zh:"消息段。"`
}

type forwardMessage struct {
	Sender     forwardSender     `json:"sender" en:"Who wrote it, as the forward says." zh:"发送者，以合并转发中的内容为准。"`
	User       message.UIN       `json:"user_id" en:"The same number." zh:"同上，发送者的 QQ 号。"`
	Time       int64             `json:"time" en:"When, Unix seconds." zh:"时间，Unix 秒。"`
	Kind       string            `json:"message_type" enum:"private,group" en:"Kind of chat." zh:"会话类型。"`
	Group      message.GroupCode `json:"group_id,omitempty" en:"Groups: number of the group, which need not exist." zh:"群消息：群号，不一定真实存在。"`
	Content    []messageSegment  `json:"content" en:"Its segments." zh:"消息段。"`
	Message    []messageSegment  `json:"message" en:"The same." zh:"同上。"`
	RawMessage string            `json:"raw_message" en:"The same as a text with CQ codes." zh:"同样的内容，为带 CQ 码的字符串。"`
	Format     string            `json:"message_format" en:"array" zh:"固定为 array。"`
}

type forwardSender struct {
	User     message.UIN `json:"user_id"`
	Nickname string      `json:"nickname" en:"The name that is shown." zh:"显示的名称。"`
}

// What opening forwards may take: what a few bytes of a stranger become may be large.
const (
	maxOpening = 3        // at once; more wait
	maxOpened  = 16 << 20 // bytes of one result
)

func getForwardMsg(ctx context.Context, a *account, p forwardIDParams) (table.Encoded[forwardMessages], error) {
	id := cmp.Or(p.ID, p.Message)
	if id == "" {
		return nil, &table.Wrong{Name: "id", What: missing}
	}
	done, err := takes(ctx, a.opening)
	if err != nil {
		return nil, err
	}
	defer done()
	nodes, err := a.openForward(ctx, id)
	if err != nil {
		return nil, err
	}
	a.completeNodes(ctx, nodes)
	o := opened{nodes: []byte(`{"message":[`), told: []byte(`],"messages":[`)}
	for i := range nodes {
		if i > 0 {
			o.nodes, o.told = append(o.nodes, ','), append(o.told, ',')
		}
		if !a.writer.appendNode(&o, &nodes[i]) {
			return nil, &message.ForwardLimitError{What: message.ForwardBytes, Limit: maxOpened}
		}
	}
	return slices.Concat(o.nodes, o.told, []byte("]}")), nil
}

// opened is a forward in both forms.
type opened struct {
	nodes, told []byte
	content     []byte // of the last node
}

// over tells whether it would have too many bytes with that many more.
func (o *opened) over(more int) bool { return len(o.nodes)+len(o.told)+more > maxOpened }

// appendNode appends a message of a forward as a node and as a message. It returns false
// when that would be too much, before memory is taken for it.
func (w *writer) appendNode(o *opened, n *message.Node) bool {
	chat := message.Chat{Kind: message.Friend, Peer: n.UIN}
	if n.Group != 0 {
		chat = message.Chat{Kind: message.Group, Group: n.Group}
	}
	r := w.renders.Get().(*rendering)
	defer w.release(r)
	r.segments = w.appendSegments(r.segments[:0], chat, n.Content)
	size := 2 * len(n.Name)
	for _, s := range r.segments {
		for _, f := range s.data {
			size += 4 * len(f.value)
		}
	}
	if o.over(size) {
		return false
	}
	o.content = appendSegmentsJSON(o.content[:0], r.segments)
	if o.over(3 * len(o.content)) {
		return false
	}
	r.cq = appendCQ(r.cq[:0], r.segments)

	b := append(o.nodes, `{"type":"node","data":{"user_id":"`...)
	b = append(strconv.AppendUint(b, uint64(n.UIN), 10), '"')
	b = textField(b, "nickname", n.Name)
	b = textField(b, "time", strconv.FormatInt(n.Time, 10))
	o.nodes = append(append(key(b, "content"), o.content...), '}', '}')

	c := append(o.told, `{"sender":{"user_id":`...)
	c = strconv.AppendUint(c, uint64(n.UIN), 10)
	c = append(textField(c, "nickname", n.Name), '}')
	c = uintField(c, "user_id", n.UIN)
	c = intField(c, "time", n.Time)
	if n.Group != 0 {
		c = append(c, `,"message_type":"group"`...)
		c = uintField(c, "group_id", n.Group)
	} else {
		c = append(c, `,"message_type":"private"`...)
	}
	c = append(key(c, "content"), o.content...)
	c = append(key(c, "message"), o.content...)
	c = textField(c, "raw_message", r.cq)
	o.told = append(c, `,"message_format":"array"}`...)
	return !o.over(0)
}

// nestedMark stands in an id between the id of a forward and the file name of one that
// its content has, too. Resource ids have none.
const nestedMark = ":"

// openForward returns the messages of a forward by its id: a resource id, that of one in
// the content of another, or a message_id. Forwards within it get ids of their own.
func (a *account) openForward(ctx context.Context, id string) ([]message.Node, error) {
	m, err := a.forwardIn(ctx, id)
	if err != nil {
		return nil, err
	}
	if m != nil {
		id = forwardID(m.Content)
	}
	outer, name, nested := strings.Cut(id, nestedMark)
	nodes, err := a.client.Messages().Forward(ctx, outer)
	if err == nil && nested {
		nodes, err = nodesWithin(nodes, name)
	}
	for f := range forwardsWithin(nodes) {
		if len(f.Nodes) > 0 {
			f.ID = outer + nestedMark + f.FileName
		}
	}
	return nodes, err
}

// resend returns a forward that exists, to be sent again.
func (a *account) resend(ctx context.Context, id string) (*message.ForwardSegment, error) {
	m, err := a.forwardIn(ctx, id)
	if err != nil {
		return nil, err
	}
	if m != nil {
		for _, seg := range m.Content {
			if f, ok := seg.(*message.ForwardSegment); ok {
				return f, nil
			}
		}
		id = forwardID(m.Content)
	}
	f := &message.ForwardSegment{ID: id}
	if outer, name, nested := strings.Cut(id, nestedMark); nested {
		f.ID = "" // it is a part of another one: it is uploaded as one of its own
		done, err := takes(ctx, a.opening)
		if err != nil {
			return nil, err
		}
		defer done()
		nodes, err := a.client.Messages().Forward(ctx, outer)
		if err == nil {
			f.Nodes, err = nodesWithin(nodes, name)
		}
		return f, err
	}
	return f, nil
}

// forwardIn returns the message with a forward that an id names; nil when it is no
// message_id.
func (a *account) forwardIn(ctx context.Context, id string) (*message.Message, error) {
	n, err := integer(id)
	if err != nil || n < math.MinInt32 || n > math.MaxInt32 {
		return nil, nil
	}
	m, err := a.message(ctx, int32(n), noForward)
	if err == nil && forwardID(m.Content) == "" {
		e := failure(noForward)
		e.text = text.T("message %d has no forward in it", "消息 %d 中没有合并转发").Fill(n)
		return nil, e
	}
	return m, err
}

// nodesWithin returns the nodes of a forward within nodes, by its file name.
func nodesWithin(nodes []message.Node, name string) ([]message.Node, error) {
	for f := range forwardsWithin(nodes) {
		if f.FileName == name && len(f.Nodes) > 0 {
			return f.Nodes, nil
		}
	}
	return nil, failure(noForward)
}

// forwardsWithin iterates over the forwards in nodes, and in those within them.
func forwardsWithin(nodes []message.Node) iter.Seq[*message.ForwardSegment] {
	return func(yield func(*message.ForwardSegment) bool) {
		for i := range nodes {
			for _, seg := range nodes[i].Content {
				f, ok := seg.(*message.ForwardSegment)
				if !ok {
					continue
				}
				if !yield(f) {
					return
				}
				for inner := range forwardsWithin(f.Nodes) {
					if !yield(inner) {
						return
					}
				}
			}
		}
	}
}
