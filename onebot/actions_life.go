package onebot

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq/message"
)

func lifeActions() []row {
	failed := func(code string) table.Option {
		return table.Fails(cause(code, apiError.Text), noMessage, noGroup)
	}
	return []row{
		table.Of("set_group_reaction", lagrange, Sends, text.T("Reacts to a message of a group, or takes that back.", "对群消息进行表情回应，或取消。"),
			setGroupReaction, failed("SET_REACTION_FAILED")),
		table.Of("set_msg_emoji_like", common, Sends, text.T("Reacts to a message of a group, or takes that back.", "对群消息进行表情回应，或取消。"),
			setMsgEmojiLike, failed("SET_REACTION_FAILED")),
		table.Of("unset_msg_emoji_like", rare, Sends, text.T("Takes a reaction to a message of a group back.", "取消对群消息的表情回应。"),
			unsetMsgEmojiLike, failed("SET_REACTION_FAILED")),
		table.Of("fetch_emoji_like", common, Lookups, text.T("Lists who reacted to a message of a group, page by page.", "分页返回对群消息做出某个表情回应的用户。"),
			fetchEmojiLike, failed("GET_REACTIONS_FAILED")),
		table.Of("get_emoji_likes", rare, Lookups, text.T("Lists who reacted to a message of a group.", "返回对群消息做出某个表情回应的用户。"),
			getEmojiLikes, failed("GET_REACTIONS_FAILED")),
		table.Of("set_essence_msg", lagrange, Sends, text.T("Makes a message one of the best of its group. The owner and admins may.", "设置精华消息，需要群主或管理员权限。"),
			setEssenceMsg, failed("SET_ESSENCE_FAILED")),
		table.Of("delete_essence_msg", lagrange, Sends, text.T("Makes one of the best messages of a group an ordinary one again.", "移除精华消息，需要群主或管理员权限。"),
			deleteEssenceMsg, failed("DELETE_ESSENCE_FAILED")),
		table.Of("set_group_todo", rare, Sends, text.T("Makes a message the to-do of its group. The owner and admins may.", "将消息设为群待办，需要群主或管理员权限。"),
			setGroupTodo, failed("SET_TODO_FAILED")),
		table.Of("complete_group_todo", rare, Sends, text.T("Says that the account has done the to-do of a group.", "完成群待办。"),
			completeGroupTodo, failed("SET_TODO_FAILED")),
		table.Of("cancel_group_todo", rare, Sends, text.T("Takes the to-do of a group away. The owner and admins may.", "取消群待办，需要群主或管理员权限。"),
			cancelGroupTodo, failed("SET_TODO_FAILED")),
		table.Of("send_group_sign", common, Sends, text.T("Signs in to a group for the day.", "群打卡。"),
			sendGroupSign, table.Fails(cause("GROUP_SIGN_FAILED", apiError.Text), noGroup)),
		table.Of("set_group_sign", rare, Sends, text.T("The same as `send_group_sign`.", "同 `send_group_sign`。"),
			sendGroupSign, table.Fails(cause("GROUP_SIGN_FAILED", apiError.Text), noGroup)),
	}
}

// emojiCode is the number of a face or the code point of a character, in decimal.
type emojiCode struct {
	Code string `param:"emoji_id|code|emojiId" en:"Number of a face (76), or the code point of a character, in decimal (128516)." zh:"表情编号（如 76），或字符的 Unicode 码位，十进制（如 128516）。"`
}

func (c *emojiCode) check() error {
	if c.Code == "" || strings.Trim(c.Code, "0123456789") != "" {
		return &table.Wrong{Name: "emoji_id", What: text.T("must be a number", "必须是数字")}
	}
	return nil
}

// groupPlace returns the group and the sequence of a message of a group.
func (a *account) groupPlace(ctx context.Context, id messageID) (message.GroupCode, uint64, error) {
	chat, sequence, found, err := a.place(ctx, int32(id))
	switch {
	case err != nil:
		return 0, 0, err
	case !found:
		return 0, 0, noSuchMessage(noMessage, int32(id))
	case chat.Kind != message.Group:
		return 0, 0, noGroupMessage
	}
	return chat.Group, sequence, nil
}

var noGroupMessage = &table.Wrong{Name: "message_id", What: text.T("must be that of a message of a group", "必须是群消息的 id")}

func (a *account) react(ctx context.Context, id messageID, code emojiCode, on bool) error {
	if err := code.check(); err != nil {
		return err
	}
	group, sequence, err := a.groupPlace(ctx, id)
	if err != nil {
		return err
	}
	return a.client.Messages().React(ctx, group, sequence, code.Code, on)
}

type groupReactionParams struct {
	messageIDParams
	Group target `param:"group_id,optional" en:"Without effect: the message says it." zh:"没有作用：由消息决定。"`
	emojiCode
	Add bool `param:"is_add,default=true" en:"false takes the reaction back." zh:"false 表示取消。"`
}

func setGroupReaction(ctx context.Context, a *account, p groupReactionParams) (table.None, error) {
	return table.None{}, a.react(ctx, p.Message, p.emojiCode, p.Add)
}

// resultObject is how other services answer some actions.
type resultObject struct {
	Result int32  `json:"result" en:"0" zh:"固定为 0。"`
	ErrMsg string `json:"errMsg" en:"Empty." zh:"固定为空。"`
}

type emojiLikeParams struct {
	messageIDParams
	emojiCode
	Set bool `param:"set,default=true" en:"false takes the reaction back." zh:"false 表示取消。"`
}

func setMsgEmojiLike(ctx context.Context, a *account, p emojiLikeParams) (resultObject, error) {
	return resultObject{}, a.react(ctx, p.Message, p.emojiCode, p.Set)
}

type noEmojiLikeParams struct {
	messageIDParams
	emojiCode
}

func unsetMsgEmojiLike(ctx context.Context, a *account, p noEmojiLikeParams) (resultObject, error) {
	return resultObject{}, a.react(ctx, p.Message, p.emojiCode, false)
}

type fetchLikeParams struct {
	messageIDParams
	emojiCode
	Kind   string `param:"emojiType|emoji_type,optional" en:"Without effect: the number says it." zh:"没有作用：由编号决定。"`
	Count  whole  `param:"count,default=20" en:"How many at most." zh:"最多返回的人数。"`
	Cookie string `param:"cookie,optional" en:"That of the page before; empty for the first." zh:"上一页返回的 cookie；第一页为空。"`
}

type fetchedLikes struct {
	Likes  []emojiLiker `json:"emojiLikesList" en:"Who reacted." zh:"用户列表。"`
	Cookie string       `json:"cookie" en:"For the next page." zh:"用于获取下一页。"`
	Last   bool         `json:"isLastPage" en:"Whether there is no next page." zh:"是否为最后一页。"`
	First  bool         `json:"isFirstPage" en:"Whether it is the first page." zh:"是否为第一页。"`
	resultObject
}

type emojiLiker struct {
	TinyID   string `json:"tinyId" en:"Account number, as text." zh:"QQ 号（字符串）。"`
	Nickname string `json:"nickName" en:"Nickname; empty of who has left." zh:"昵称；已退群的用户为空。"`
	HeadURL  string `json:"headUrl" en:"URL of the picture." zh:"头像地址。"`
}

// avatarURL is the public address of an account's picture
// (docs/protocol/operations.md 4.7).
func avatarURL(uin message.UIN) string {
	return fmt.Sprintf("https://q1.qlogo.cn/g?b=qq&nk=%d&s=640", uin)
}

func fetchEmojiLike(ctx context.Context, a *account, p fetchLikeParams) (fetchedLikes, error) {
	if err := p.check(); err != nil {
		return fetchedLikes{}, err
	}
	group, sequence, err := a.groupPlace(ctx, p.Message)
	if err != nil {
		return fetchedLikes{}, err
	}
	page, err := a.client.Messages().ReactedBy(ctx, group, sequence, p.Code, p.Cookie, int(p.Count))
	if err != nil {
		return fetchedLikes{}, err
	}
	likes := fetchedLikes{Likes: []emojiLiker{}, Cookie: page.Cookie, Last: page.Last, First: page.First}
	names := a.nicknamesIn(ctx, group)
	for _, uin := range page.Users {
		likes.Likes = append(likes.Likes, emojiLiker{
			TinyID: strconv.FormatUint(uint64(uin), 10), Nickname: names[uin], HeadURL: avatarURL(uin),
		})
	}
	return likes, nil
}

// nicknamesIn returns the nicknames of a group's members; none where they cannot be had.
func (a *account) nicknamesIn(ctx context.Context, group message.GroupCode) map[message.UIN]string {
	members, _ := a.client.Members().List(ctx, group, false)
	names := make(map[message.UIN]string, len(members))
	for _, m := range members {
		names[m.UIN] = m.Nickname
	}
	return names
}

type emojiLikesParams struct {
	messageIDParams
	emojiCode
	Kind  string `param:"emoji_type,optional" en:"Without effect: the number says it." zh:"没有作用：由编号决定。"`
	Group target `param:"group_id,optional" en:"Without effect: the message says it." zh:"没有作用：由消息决定。"`
	Count whole  `param:"count,default=0" en:"How many at most; 0 for all." zh:"最多返回的人数；0 表示全部。"`
}

type emojiLikes struct {
	Likes []emojiLike `json:"emoji_like_list" en:"Who reacted." zh:"用户列表。"`
}

type emojiLike struct {
	User     string `json:"user_id" en:"Account number, as text." zh:"QQ 号（字符串）。"`
	Nickname string `json:"nick_name" en:"Nickname; empty of who has left." zh:"昵称；已退群的用户为空。"`
}

const (
	likesPage = 100
	// maxLikes bounds what get_emoji_likes lists: more than a group has members.
	maxLikes = 10_000
)

func getEmojiLikes(ctx context.Context, a *account, p emojiLikesParams) (emojiLikes, error) {
	likes := emojiLikes{Likes: []emojiLike{}}
	if err := p.check(); err != nil {
		return likes, err
	}
	group, sequence, err := a.groupPlace(ctx, p.Message)
	if err != nil {
		return likes, err
	}
	most := int(p.Count)
	if most <= 0 || most > maxLikes {
		most = maxLikes
	}
	var users []message.UIN
	cookie := ""
	for range maxLikes/likesPage + likesPage { // a page may have fewer
		page, err := a.client.Messages().ReactedBy(ctx, group, sequence, p.Code, cookie, min(likesPage, most-len(users)))
		if err != nil {
			return likes, err
		}
		users = append(users, page.Users[:min(len(page.Users), most-len(users))]...)
		if page.Last || len(page.Users) == 0 || page.Cookie == cookie || len(users) == most {
			break
		}
		cookie = page.Cookie
	}
	names := a.nicknamesIn(ctx, group)
	for _, uin := range users {
		likes.Likes = append(likes.Likes, emojiLike{strconv.FormatUint(uint64(uin), 10), names[uin]})
	}
	return likes, nil
}

func (a *account) setEssence(ctx context.Context, id messageID, on bool) error {
	m, err := a.message(ctx, int32(id), noMessage)
	if err != nil {
		return err
	}
	if m.Chat.Kind != message.Group {
		return noGroupMessage
	}
	return a.client.Messages().SetEssence(ctx, m, on)
}

// essenceResult is how other services answer.
type essenceResult struct {
	Code   int32  `json:"errCode" en:"0" zh:"固定为 0。"`
	ErrMsg string `json:"errMsg" en:"Empty." zh:"固定为空。"`
}

func setEssenceMsg(ctx context.Context, a *account, p messageIDParams) (essenceResult, error) {
	return essenceResult{}, a.setEssence(ctx, p.Message, true)
}

// noEssenceParams name a message by its id, or as one other service's list of the best
// messages does.
type noEssenceParams struct {
	Message  *messageID `param:"message_id,optional"`
	Sequence whole      `param:"msg_seq,optional" en:"Instead: number of the message in the group." zh:"或：消息在群中的序号。"`
	Random   whole      `param:"msg_random,optional" en:"And its random number; looked up when it is missing." zh:"以及消息的随机数；省略时自动查询。"`
	Group    target     `param:"group_id,optional" en:"And the group." zh:"以及群号。"`
}

func deleteEssenceMsg(ctx context.Context, a *account, p noEssenceParams) (essenceResult, error) {
	if p.Message != nil {
		return essenceResult{}, a.setEssence(ctx, *p.Message, false)
	}
	group, err := p.Group.required("group_id")
	if p.Sequence <= 0 || err != nil {
		return essenceResult{}, &table.Wrong{Name: "message_id", What: missing}
	}
	return essenceResult{}, a.client.Messages().SetEssence(ctx, &message.Message{
		Chat: message.Chat{Kind: message.Group, Group: message.GroupCode(group)}, Sequence: uint64(p.Sequence), Random: uint32(p.Random),
	}, false)
}
