package ntqq

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"libration/internal/text"
	"libration/ntqq/message"
)

// The pages of a group's best messages (docs/protocol/operations.md 6).
const (
	essenceList  = "/cgi-bin/group_digest/digest_list"
	essenceShare = "/cgi-bin/group_digest/share_digest"

	essencePage = 20
	maxEssence  = 1000 // bounds a list, in messages
)

// Essence is one of the best messages of a group, as the list of them has it.
type Essence struct {
	Group      GroupCode
	Sequence   uint64
	Random     uint32
	Sender     UIN
	SenderName string
	Time       int64 // Unix seconds
	// Operator is who made it one of the best, at OperatorTime in Unix seconds.
	Operator     UIN
	OperatorName string
	OperatorTime int64
	// Content has texts, faces, pictures with their addresses, and of files no more than
	// their ids. It cannot be sent.
	Content message.Content
	// Removable is whether the account may make it an ordinary message again.
	Removable bool
}

// Essences returns the best messages of a group, the latest choice first: at most 1,000.
// The errors are [*ServerError], [ErrWebLogin], those of [Client.Call], and [ErrNoGroup].
func (m Messages) Essences(ctx context.Context, group GroupCode) ([]Essence, error) {
	list, size := []Essence{}, 0
	seen := map[uint64]bool{} // the list may change between two pages
	for page := range maxEssence / essencePage {
		answer, err := m.c.web(ctx, webCall{
			host: webQun, path: essenceList, token: "bkn", refused: webResult("retmsg", "retcode"),
			query: url.Values{
				"random": {"7800"}, "X-CROSS-ORIGIN": {"fetch"}, "group_code": {fmt.Sprint(group)},
				"page_start": {fmt.Sprint(page)}, "page_limit": {fmt.Sprint(essencePage)},
			},
		})
		if err != nil {
			return nil, m.c.inGroup(ctx, group, err)
		}
		found, end, err := readEssences(answer)
		if err != nil {
			return nil, err
		}
		before := len(list)
		for _, e := range found {
			if e.Group = group; !seen[e.Sequence] && len(list) < maxEssence {
				seen[e.Sequence] = true
				list = append(list, e)
			}
		}
		// A page with nothing new ends a list, too: there are services that give one for ever.
		if size += len(answer); end || size > maxListBytes || len(list) == before {
			break
		}
	}
	return list, nil
}

// ShareEssence shows one of the best messages of a group in another one that the account
// is in. What is shown there the service decides. The errors are those of
// [Messages.Essences].
func (m Messages) ShareEssence(ctx context.Context, e Essence, to GroupCode) error {
	_, err := m.c.web(ctx, webCall{
		host: webQun, path: essenceShare, token: "bkn", refused: webRefusal("retmsg", "retcode"),
		query: url.Values{
			"group_code": {fmt.Sprint(e.Group)}, "msg_seq": {fmt.Sprint(e.Sequence)}, "msg_random": {fmt.Sprint(e.Random)},
			"target_group_code": {fmt.Sprint(to)},
		},
	})
	return m.c.inGroup(ctx, e.Group, err)
}

// What parts of a listed message are.
const (
	essenceText  = 1
	essenceFace  = 2
	essenceImage = 3
	essenceFile  = 4
)

type wireEssence struct {
	Sequence     lenient `json:"msg_seq"`
	Random       lenient `json:"msg_random"`
	Sender       lenient `json:"sender_uin"`
	SenderName   string  `json:"sender_nick"`
	Time         lenient `json:"sender_time"`
	Operator     lenient `json:"add_digest_uin"`
	OperatorName string  `json:"add_digest_nick"`
	OperatorTime lenient `json:"add_digest_time"`
	Content      []struct {
		Type  lenient `json:"msg_type"`
		Text  string  `json:"text"`
		Face  lenient `json:"face_index"`
		Image string  `json:"image_url"`
		File  string  `json:"file_id"`
	} `json:"msg_content"`
	Removable bool `json:"can_be_removed"`
}

// readEssences reads a page. end is whether it is the last one.
func readEssences(answer []byte) (list []Essence, end bool, err error) {
	var page struct {
		Data struct {
			Messages []wireEssence `json:"msg_list"`
			End      bool          `json:"is_end"`
		} `json:"data"`
	}
	if err := json.Unmarshal(answer, &page); err != nil {
		return nil, false, text.Errorf("the list of essence messages cannot be read: %v", "精华消息列表无法解析：%v", err)
	}
	for _, w := range page.Data.Messages {
		e := Essence{
			Sequence: uint64(w.Sequence), Random: w.Random.uint32(),
			Sender: UIN(w.Sender), SenderName: w.SenderName, Time: int64(w.Time),
			Operator: UIN(w.Operator), OperatorName: w.OperatorName, OperatorTime: int64(w.OperatorTime),
			Removable: w.Removable,
		}
		for _, part := range w.Content {
			switch part.Type {
			case essenceText:
				e.Content = append(e.Content, message.Text(part.Text))
			case essenceFace:
				e.Content = append(e.Content, message.Face(part.Face.uint32()))
			case essenceImage:
				e.Content = append(e.Content, &message.ImageSegment{Medium: message.Medium{URL: part.Image}})
			case essenceFile:
				e.Content = append(e.Content, &message.FileSegment{ID: part.File, BusID: message.BusPermanent})
			}
		}
		list = append(list, e)
	}
	return list, page.Data.End || len(list) == 0, nil
}
