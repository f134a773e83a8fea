package ntqq

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"libration/internal/text"
)

const (
	// signInList is the page of who signed in to a group on a day
	// (docs/protocol/operations.md 6).
	signInList = "/v2/signin/trpc/GetDaySignedList"
	signInPage = 100
	// maxSignIns bounds a list in full pages: more than a group has members.
	maxSignIns = 10_000
)

// SignedIn is a member who signed in to a group.
type SignedIn struct {
	User UIN
	Name string // in the group
	Time int64  // Unix seconds
	Rank int    // among those of the day, from 1
}

// SignIns returns who signed in to a group ([Groups.ClockIn]) on the day in China that has
// a moment, in order; the zero time is now. The errors are [*ServerError], [ErrWebLogin],
// those of [Client.Call], and [ErrNoGroup].
func (g Groups) SignIns(ctx context.Context, group GroupCode, day time.Time) ([]SignedIn, error) {
	if day.IsZero() {
		day = g.c.now()
	}
	list, offset, size := []SignedIn{}, 0, 0
	seen := map[UIN]bool{} // the list may change between two pages
	for range maxSignIns / signInPage {
		answer, err := g.c.web(ctx, webCall{
			host: webQun, path: signInList, token: "g_tk", refused: webResult("msg", "retCode"),
			json: map[string]any{
				"dayYmd": day.In(chinaTime).Format("20060102"), "offset": offset, "limit": signInPage,
				"uid": fmt.Sprint(g.c.Self().UIN), "groupId": fmt.Sprint(group),
			},
		})
		if err != nil {
			return nil, g.c.inGroup(ctx, group, err)
		}
		found, total, err := readSignIns(answer)
		if err != nil {
			return nil, err
		}
		before := len(list)
		for _, member := range found {
			if !seen[member.User] && len(list) < maxSignIns {
				seen[member.User] = true
				list = append(list, member)
			}
		}
		offset, size = offset+len(found), size+len(answer)
		if offset >= total || size > maxListBytes || len(list) == before {
			break
		}
	}
	return list, nil
}

// chinaTime is what the service's days go by.
var chinaTime = time.FixedZone("UTC+8", 8*60*60)

func readSignIns(answer []byte) (list []SignedIn, total int, err error) {
	var page struct {
		Response struct {
			Page []struct {
				Infos []struct {
					User lenient `json:"uid"`
					Name string  `json:"uidGroupNick"`
					Time lenient `json:"signedTimeStamp"`
					Rank lenient `json:"signInRank"`
				} `json:"infos"`
				Total lenient `json:"total"`
			} `json:"page"`
		} `json:"response"`
	}
	if err := json.Unmarshal(answer, &page); err != nil {
		return nil, 0, text.Errorf("the list of who signed in cannot be read: %v", "打卡列表无法解析：%v", err)
	}
	for _, p := range page.Response.Page {
		total = max(total, int(p.Total.uint32()))
		for _, w := range p.Infos {
			list = append(list, SignedIn{UIN(w.User), w.Name, int64(w.Time), int(w.Rank.uint32())})
		}
	}
	return list, total, nil
}
