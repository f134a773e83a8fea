package ntqq

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/event"
	"libration/ntqq/internal/order"
	"libration/ntqq/message"
)

// page is fetchPage for the order of messages and for what became of those that were
// sent.
func (c *Client) page(ctx context.Context, id chatID, peer UID, first, last uint64) ([]*message.Message, error) {
	found, err := c.fetchPage(ctx, id, peer, first, last)
	for _, m := range found {
		c.sends.saw(&event.Message{Message: m})
		c.shownFiles.saw(&event.Message{Message: m})
	}
	return found, err
}

// fetchPage fetches the messages with the sequences first to last, both included and at
// most historyPage, ascending. What was taken back is not among them. peer is the text
// id of a private chat's other side.
func (c *Client) fetchPage(ctx context.Context, id chatID, peer UID, first, last uint64) ([]*message.Message, error) {
	var found []*messagepb.CommonMessage
	if id.Group {
		resp, err := call(ctx, c, rpc.GroupHistory, groupHistoryRequest(GroupCode(id.Code), first, last))
		if err != nil {
			return nil, err
		}
		found = resp.GetBody().GetMessages()
	} else {
		resp, err := call(ctx, c, rpc.FriendHistory, friendHistoryRequest(peer, first, last))
		if err != nil {
			return nil, err
		}
		found = resp.GetMessages()
	}
	return c.parsePage(found, id, func(m *message.Message) bool { return first <= m.Sequence && m.Sequence <= last })
}

// fetchRoam fetches at most historyPage messages of a private chat by time (Unix
// seconds), ascending: the newest ones up to it or, with newer, the oldest ones since.
func (c *Client) fetchRoam(ctx context.Context, id chatID, peer UID, time int64, newer bool) ([]*message.Message, error) {
	resp, err := call(ctx, c, rpc.RoamHistory, roamRequest(peer, time, historyPage, newer))
	if err != nil {
		return nil, err
	}
	return c.parsePage(resp.GetMessages(), id, func(m *message.Message) bool {
		return m.Sequence != 0 && (m.Time == time || newer == (m.Time > time))
	})
}

// parsePage reads what is wanted of an answer, ascending.
func (c *Client) parsePage(found []*messagepb.CommonMessage, id chatID, wanted func(*message.Message) bool) ([]*message.Message, error) {
	self := c.Self().UIN
	out := make([]*message.Message, 0, len(found))
	for _, cm := range found {
		if proto.Size(cm) > elements.MaxRaw {
			continue // as when it is pushed
		}
		m, err := elements.ParseCommon(cm, self)
		if err != nil || order.Of(m.Chat) != id || !wanted(m) {
			continue // taken back, no chat message, or not what was asked for
		}
		if m.Raw, err = pb.Marshal(cm); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b *message.Message) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return slices.CompactFunc(out, func(a, b *message.Message) bool { return a.Sequence == b.Sequence }), nil
}

func groupHistoryRequest(group GroupCode, first, last uint64) *messagepb.GetGroupMsgReq {
	return &messagepb.GetGroupMsgReq{
		Range: &messagepb.GetGroupMsgRange{
			GroupCode: uint64(group), StartSequence: first, EndSequence: last,
		},
		Filter: 1,
	}
}

func friendHistoryRequest(peer UID, first, last uint64) *messagepb.GetC2CMsgReq {
	return &messagepb.GetC2CMsgReq{PeerUid: proto.String(string(peer)), StartSequence: first, EndSequence: last}
}

// The directions of a request by time (docs/protocol/messages.md 12.4).
const (
	roamOlder = 1
	roamNewer = 2
)

func roamRequest(peer UID, time int64, count uint32, newer bool) *messagepb.GetRoamMsgReq {
	direction := uint32(roamOlder)
	if newer {
		direction = roamNewer
	}
	return &messagepb.GetRoamMsgReq{
		PeerUid: proto.String(string(peer)), Time: uint32(min(max(time, 0), math.MaxUint32)),
		Count: count, Direction: direction,
	}
}

// latest asks for the sequence of a chat's newest message; 0 when there is none.
func (c *Client) latest(ctx context.Context, id chatID, peer UID) (uint64, error) {
	if !id.Group {
		sequence, _, err := c.latestPrivate(ctx, peer)
		return sequence, err
	}
	resp, err := call(ctx, c, rpc.GroupInfo, latestRequest(GroupCode(id.Code)))
	if err != nil {
		return 0, err
	}
	return latestIn(resp, id)
}

// latestPrivate asks for the sequence and the time (Unix seconds) of the newest message
// of a private chat, zeros when there is none.
func (c *Client) latestPrivate(ctx context.Context, peer UID) (sequence uint64, time int64, err error) {
	resp, err := call(ctx, c, rpc.PeerSequence, &messagepb.GetPeerSeqReq{PeerUid: string(peer)})
	if err != nil {
		return 0, 0, err
	}
	return max(resp.GetSequence1(), resp.GetSequence2()), int64(resp.GetLatestMsgTime()), nil
}

// latestIn reads what latest asked for of a group.
func latestIn(resp *oidbpb.GroupInfoResp, id chatID) (uint64, error) {
	for _, g := range resp.GetGroups() {
		if g.GetGroupCode() != id.Code {
			continue
		}
		if g.GetResult() != 0 || g.GetInfo() == nil {
			return 0, &ServerError{Command: rpc.GroupInfo.Name, Code: int64(g.GetResult()), Message: resp.GetErrorInfo()}
		}
		if g.GetInfo().LatestSeq == nil { // 0 is written, too
			return 0, fmt.Errorf("%v: the server does not say which message is the newest", id)
		}
		return uint64(g.GetInfo().GetLatestSeq()), nil
	}
	return 0, fmt.Errorf("%v: %w", id, ErrNoGroup)
}

// latestRequest sets the one flag of docs/protocol/operations.md 3.3.
func latestRequest(group GroupCode) *oidbpb.GroupInfoReq {
	return &oidbpb.GroupInfoReq{
		AppIdOrRandom: 537099973,
		Groups: []*oidbpb.GroupInfoReqEntry{{
			GroupCode: uint64(group), Flags: &oidbpb.GroupInfoFlags{LatestSeq: proto.Bool(true)},
		}},
	}
}
