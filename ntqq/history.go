package ntqq

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/event"
	"libration/ntqq/internal/order"
	"libration/ntqq/message"
)

// page fetches the messages with the sequences first to last, both included and at
// most historyPage, ascending. What was taken back is not among them. peer is the
// text id of a private chat's other side.
func (c *Client) page(ctx context.Context, id chatID, peer UID, first, last uint64) ([]*message.Message, error) {
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
	self := c.Self().UIN
	out := make([]*message.Message, 0, len(found))
	for _, cm := range found {
		if proto.Size(cm) > message.MaxRaw {
			continue // as when it is pushed
		}
		m, err := message.ParseCommon(cm, self)
		if err != nil || order.Of(m.Chat) != id || m.Sequence < first || m.Sequence > last {
			continue // taken back, no chat message, or not what was asked for
		}
		if m.Raw, err = pb.Marshal(cm); err != nil {
			return nil, err
		}
		c.sends.saw(&event.Message{Message: m})
		out = append(out, m)
	}
	return out, nil
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

// latest asks for the sequence of a chat's newest message; 0 when there is none.
func (c *Client) latest(ctx context.Context, id chatID, peer UID) (uint64, error) {
	if !id.Group {
		resp, err := call(ctx, c, rpc.PeerSequence, &messagepb.GetPeerSeqReq{PeerUid: string(peer)})
		if err != nil {
			return 0, err
		}
		return max(resp.GetSequence1(), resp.GetSequence2()), nil
	}
	resp, err := call(ctx, c, rpc.GroupInfo, latestRequest(GroupCode(id.Code)))
	if err != nil {
		return 0, err
	}
	return latestIn(resp, id)
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
