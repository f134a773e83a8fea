package onebot

import (
	"context"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/message"
)

func voiceActions() []row {
	fails := table.Fails(apiError, noGroup)
	return []row{
		table.Of("get_ai_characters", lagrange, Lookups, text.T("Lists the service's own voices, which read texts.", "返回可以朗读文本的 AI 声色列表。"),
			getAICharacters),
		table.Of("send_group_ai_record", lagrange, Sends,
			text.T("Has one of the service's voices read a text in a group. It takes some seconds.", "用 AI 声色在群内朗读文本，需要数秒。"),
			sendGroupAIRecord, fails),
		table.Of("get_ai_record", lagrange, Sends,
			text.T("Does what send_group_ai_record does, also sending to the group, as the service has no other way, and returns the address of the voice.", "与 send_group_ai_record 相同（语音也会发到群里，服务器没有其他方式），并返回语音的地址。"),
			getAIRecord, fails),
	}
}

// aiKind is what a voice does with a text.
type aiKind struct {
	Kind whole `param:"chat_type,default=1" en:"1: the text is spoken, 2: it is sung." zh:"1 为朗读，2 为演唱。"`
}

func (k aiKind) kind() (ntqq.AIVoiceKind, error) {
	kind := ntqq.AIVoiceKind(k.Kind)
	if k.Kind < 0 || kind != ntqq.AISpeech && kind != ntqq.AISong {
		return 0, &table.Wrong{Name: "chat_type", What: text.T("must be 1 or 2", "必须为 1 或 2")}
	}
	return kind, nil
}

type aiCharactersParams struct {
	Group message.GroupCode `param:"group_id,default=42" en:"The group to be used in; 42 stands for any." zh:"使用声色的群，42 表示任意群。"`
	aiKind
}

type aiSort struct {
	Type       string        `json:"type" en:"Sort of voices." zh:"声色分类。"`
	Characters []aiCharacter `json:"characters" en:"Its voices." zh:"该分类的声色。"`
}

type aiCharacter struct {
	ID      string `json:"character_id" en:"What the other actions take." zh:"声色 id，用于其他动作。"`
	Name    string `json:"character_name" en:"Name." zh:"名称。"`
	Preview string `json:"preview_url" en:"Where it can be heard; may be empty." zh:"试听地址，可为空。"`
}

func getAICharacters(ctx context.Context, a *account, p aiCharactersParams) ([]aiSort, error) {
	kind, err := p.kind()
	if err != nil {
		return nil, err
	}
	sorts, err := a.client.AIVoices().List(ctx, p.Group, kind)
	if err != nil {
		return nil, err
	}
	list := []aiSort{}
	for _, s := range sorts {
		sort := aiSort{Type: s.Name, Characters: []aiCharacter{}}
		for _, v := range s.Voices {
			sort.Characters = append(sort.Characters, aiCharacter{v.ID, v.Name, v.PreviewURL})
		}
		list = append(list, sort)
	}
	return list, nil
}

type aiRecordParams struct {
	Character string            `param:"character" en:"The character_id of the voice." zh:"声色的 character_id。"`
	Group     message.GroupCode `param:"group_id"`
	Text      string            `param:"text" en:"What is read." zh:"要朗读的文本。"`
	aiKind
}

// send has the text read.
func (p aiRecordParams) send(ctx context.Context, a *account) (*message.Message, error) {
	kind, err := p.kind()
	if err != nil {
		return nil, err
	}
	return a.client.AIVoices().Send(ctx, p.Group, p.Character, p.Text, kind)
}

type aiRecordResult struct {
	MessageID int32 `json:"message_id" en:"Id of the message; 0 where it was not found in the group." zh:"消息 id；在群内没有找到时为 0。"`
}

func sendGroupAIRecord(ctx context.Context, a *account, p aiRecordParams) (aiRecordResult, error) {
	m, err := p.send(ctx, a)
	if err != nil || m.Sequence == 0 {
		return aiRecordResult{}, err
	}
	return aiRecordResult{a.gateway.Fetched(m)}, nil
}

func getAIRecord(ctx context.Context, a *account, p aiRecordParams) (string, error) {
	m, err := p.send(ctx, a)
	if err != nil {
		return "", err
	}
	return a.client.Media().URL(ctx, m.Content[0])
}
