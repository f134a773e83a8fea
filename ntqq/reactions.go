package ntqq

import (
	"context"
	"math"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// React reacts to a message of a group, or takes that back with on false. code is the
// number of a face or the code point of a character, in decimal: "76", "128516". The
// errors are those of [Client.Call], and [ErrNoGroup]; a refusal is a [*ServerError].
func (m Messages) React(ctx context.Context, group GroupCode, sequence uint64, code string, on bool) error {
	op := rpc.AddReaction
	if !on {
		op = rpc.RemoveReaction
	}
	_, err := call(ctx, m.c, op, reactionRequest(group, sequence, code))
	return m.c.inGroup(ctx, group, err)
}

// faceCode is how many digits the number of a face has at most
// (docs/protocol/operations.md 3.5).
const faceCode = 3

func reactionRequest(group GroupCode, sequence uint64, code string) *oidbpb.GroupReactionReq {
	req := &oidbpb.GroupReactionReq{GroupCode: uint64(group), Sequence: sequence, Code: &code, Type: 1}
	if len(code) > faceCode {
		req.Type = 2
	}
	return req
}

// ReactionPage is a part of the members who reacted to a message.
type ReactionPage struct {
	Users []UIN
	// Cookie is that of the next page.
	Cookie string
	// First and Last: there is none before it, or behind it.
	First, Last bool
}

// ReactedBy returns who reacted to a message of a group with a code, as for
// [Messages.React]: count of them at most. cookie is "" for the first page, else the Cookie
// of the one before. The errors are those of [Messages.React].
func (m Messages) ReactedBy(ctx context.Context, group GroupCode, sequence uint64, code, cookie string, count int) (ReactionPage, error) {
	resp, err := call(ctx, m.c, rpc.ReactionUsers, &oidbpb.ReactionUsersReq{
		GroupCode: uint64(group), Sequence: sequence, ChatType: 1, Code: code,
		Cookie: &cookie, Unknown7: proto.Uint32(0), Count: uint32(min(max(count, 0), math.MaxInt32)),
	})
	if err != nil {
		return ReactionPage{}, m.c.inGroup(ctx, group, err)
	}
	page := ReactionPage{Cookie: resp.GetCookie(), First: resp.GetIsFirstPage(), Last: resp.GetIsLastPage()}
	for _, u := range resp.GetUsers() {
		page.Users = append(page.Users, UIN(u.GetUin()))
	}
	return page, nil
}

// SetEssence makes a message one of the best of its group, or takes that back with on
// false. The owner and admins may. msg needs Chat and Sequence; without Random it is
// fetched. The errors are those of [Client.Call], [ErrNoGroup] also of a private message,
// and [ErrNoMessage] of one that is to be fetched; a refusal is a [*ServerError].
func (m Messages) SetEssence(ctx context.Context, msg *message.Message, on bool) error {
	if msg.Chat.Kind != message.Group {
		return ErrNoGroup
	}
	if msg.Random == 0 {
		fetched, err := m.Get(ctx, msg.Chat, msg.Sequence)
		if err != nil {
			return err
		}
		msg = fetched
	}
	op := rpc.SetEssence
	if !on {
		op = rpc.RemoveEssence
	}
	_, err := call(ctx, m.c, op, essenceRequest(msg))
	return m.c.inGroup(ctx, msg.Chat.Group, err)
}

func essenceRequest(msg *message.Message) *oidbpb.EssenceReq {
	return &oidbpb.EssenceReq{GroupCode: uint64(msg.Chat.Group), Sequence: msg.Sequence, Random: msg.Random}
}
