package ntqq

import (
	"strings"
	"testing"
	"testing/synctest"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
)

// TestLikePages: a page is bounded, and one that does not lead on is the last.
func TestLikePages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := &oidbpb.ProfileLikeListResp{NextStart: 5, Info: &oidbpb.ProfileLikeInfo{
			Given:    &oidbpb.ProfileLikeGiven{Users: []*oidbpb.ProfileLikeUser{{Uid: strings.Repeat("u", maxUID+1), Gender: 255}}},
			Received: &oidbpb.ProfileLikeReceived{TotalCount: 7},
		}}
		for range 40 {
			answer.Info.Received.Users = append(answer.Info.Received.Users, &oidbpb.ProfileLikeUser{Uid: "u_a", Count: 1})
		}
		payload, err := rpc.Likes.EncodeResponse(answer)
		if err != nil {
			t.Fatal(err)
		}
		c := online(t, Options{}, map[string][]byte{rpc.Likes.Name: payload})
		for start, next := range map[uint32]uint32{0: 5, 4: 5, 5: 0, 6: 0} {
			page, err := c.Users().LikesReceived(t.Context(), start, 40)
			if err != nil || page.Next != next || len(page.Users) != maxLikes || page.Total != 7 || page.Users[0].UID != "u_a" || page.Users[0].UIN != 0 {
				t.Errorf("from %d: got %+v, %v", start, page, err)
			}
		}
		page, err := c.Users().LikesGiven(t.Context(), 0, 1)
		if err != nil || len(page.Users) != 1 || page.Users[0].UID != "" || page.Users[0].Sex != SexUnknown {
			t.Errorf("given: %+v, %v", page, err)
		}
	})
}
