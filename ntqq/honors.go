package ntqq

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"libration/internal/text"
	"libration/ntqq/event"
)

// Honor is an honour of a group. It is [event.Honor].
type Honor = event.Honor

// The honours.
const (
	HonorTalkative    = event.HonorTalkative
	HonorPerformer    = event.HonorPerformer
	HonorLegend       = event.HonorLegend
	HonorStrongNewbie = event.HonorStrongNewbie
	HonorEmotion      = event.HonorEmotion
)

// honorPage is where a page of an honour is, and what else it is asked for
// (docs/protocol/operations.md 6). The older page of the same lists is HTML.
type honorPage struct {
	path, continuous string
}

const honorPages = "/cgi-bin/qunapp/honor_"

var honors = map[Honor]honorPage{
	HonorTalkative:    {path: honorPages + "talkative"},
	HonorPerformer:    {honorPages + "continuous", "2"},
	HonorLegend:       {honorPages + "continuous", "3"},
	HonorStrongNewbie: {honorPages + "continuous", "5"},
	HonorEmotion:      {path: honorPages + "emotion"},
}

// ErrNoHonor: there is no such honour.
var ErrNoHonor error = text.Errorf("no such honour", "没有该荣誉")

// Honored is a member with an honour.
type Honored struct {
	User      UIN
	Nickname  string
	AvatarURL string
	Days      int // on how many days the member had it
}

// Honors are who has an honour of a group.
type Honors struct {
	// Current is who is the most talkative one today; nil: nobody, and of other honours.
	Current *Honored
	Members []Honored
}

// Honors returns who has an honour of a group. The errors are [ErrNoHonor],
// [*ServerError], [ErrWebLogin], those of [Client.Call], and [ErrNoGroup].
func (g Groups) Honors(ctx context.Context, group GroupCode, honor Honor) (Honors, error) {
	page, ok := honors[honor]
	if !ok {
		return Honors{}, ErrNoHonor
	}
	query := url.Values{"gc": {fmt.Sprint(group)}, "num": {"3000"}}
	if page.continuous != "" {
		query.Set("continuous_type", page.continuous)
	}
	answer, err := g.c.web(ctx, webCall{host: webQun, path: page.path, token: "bkn", query: query, refused: webResult("msg", "retcode")})
	if err != nil {
		return Honors{}, g.c.inGroup(ctx, group, err)
	}
	return readHonors(answer)
}

type wireHonored struct {
	User   lenient `json:"uin"`
	Days   lenient `json:"day_count"`
	Avatar string  `json:"avatar"`
	Nick   string  `json:"nick"`
}

func (w wireHonored) read() Honored {
	return Honored{UIN(w.User), w.Nick, w.Avatar, int(w.Days.uint32())}
}

// readHonors reads a page of any honour: it has one of the lists.
func readHonors(answer []byte) (Honors, error) {
	var page struct {
		Data struct {
			Current    wireHonored   `json:"current_talkative"`
			Talkative  []wireHonored `json:"talkative_list"`
			Continuous []wireHonored `json:"continuous_list"`
			Emotion    []wireHonored `json:"emotion_list"`
		} `json:"data"`
	}
	if err := json.Unmarshal(answer, &page); err != nil {
		return Honors{}, text.Errorf("the list of honours cannot be read: %v", "群荣誉列表无法解析：%v", err)
	}
	out := Honors{Members: []Honored{}}
	if current := page.Data.Current.read(); current.User != 0 {
		out.Current = &current
	}
	for _, list := range [][]wireHonored{page.Data.Talkative, page.Data.Continuous, page.Data.Emotion} {
		for _, w := range list {
			out.Members = append(out.Members, w.read())
		}
	}
	return out, nil
}
