package onebot

import (
	"context"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq/message"
)

func chainActions() []row {
	failed := cause("JOIN_EMOJI_CHAIN_FAILED", apiError.Text)
	return []row{
		table.Of(".join_group_emoji_chain", lagrange, Sends, text.T("Follows a message of a group with the same face.", "在群内接龙表情，即跟随一条消息发送相同的表情。"),
			joinGroupChain, table.Fails(failed, noMessage, noGroup)),
		table.Of(".join_friend_emoji_chain", lagrange, Sends, text.T("Follows a message of a private chat with the same face.", "在私聊中接龙表情。"),
			joinFriendChain, table.Fails(failed, noMessage, noFriend, tempChat)),
	}
}

// chainParams are the message and the face of a chain.
type chainParams struct {
	messageIDParams
	Face whole `param:"emoji_id" en:"Number of the face." zh:"表情编号。"`
}

type groupChainParams struct {
	Group message.GroupCode `param:"group_id"`
	chainParams
}

func joinGroupChain(ctx context.Context, a *account, p groupChainParams) (table.None, error) {
	return table.None{}, a.joinChain(ctx, message.Chat{Kind: message.Group, Group: p.Group}, p.chainParams)
}

type friendChainParams struct {
	User message.UIN `param:"user_id"`
	chainParams
}

func joinFriendChain(ctx context.Context, a *account, p friendChainParams) (table.None, error) {
	return table.None{}, a.joinChain(ctx, message.Chat{Kind: message.Friend, Peer: p.User}, p.chainParams)
}

// joinChain joins the chain of a message, which must be one of the chat.
func (a *account) joinChain(ctx context.Context, chat message.Chat, p chainParams) error {
	if p.Face < 0 || p.Face > maxFace {
		return &table.Wrong{Name: "emoji_id", What: text.T("is the number of no face", "不是表情编号")}
	}
	in, sequence, found, err := a.place(ctx, int32(p.Message))
	switch {
	case err != nil:
		return err
	case !found:
		return noSuchMessage(noMessage, int32(p.Message))
	case !sameChat(in, chat):
		return badParams(text.T("message_id %d is a message of another chat", "message_id %d 是其他会话的消息").Fill(p.Message))
	}
	return a.client.Messages().JoinEmojiChain(ctx, in, sequence, uint32(p.Face))
}

// maxFace is above the number of every face.
const maxFace = 1<<32 - 1
