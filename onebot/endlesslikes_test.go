package onebot

import (
	"fmt"
	"testing"

	"libration/internal/clienttest"
	"libration/ntqq"
	"libration/ntqq/message"
)

// TestEndlessLikes: a list of reactions that never ends is read in part, and one with more
// than was asked for is cut.
func TestEndlessLikes(t *testing.T) {
	for name, tt := range map[string]struct{ users, count, want, pages int }{
		"one a page":      {1, 0, maxLikes/likesPage + likesPage, maxLikes/likesPage + likesPage},
		"too many":        {60_000, 0, maxLikes, 1},
		"more than asked": {500, 7, 7, 1},
		"nobody":          {0, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			pages := 0
			d, _, st := newTestDialect(t, func(a *clienttest.Account, _ *ntqq.Options) {
				a.Reactions = func(string) (users []ntqq.UIN, next string) {
					pages++
					for i := range tt.users {
						users = append(users, ntqq.UIN(30000+i))
					}
					return users, fmt.Sprint(pages)
				}
			})
			id, err := st.Put(groupMessage(5, message.Text("x")))
			if err != nil {
				t.Fatal(err)
			}
			r := d.Call(t.Context(), Request{Action: "get_emoji_likes", Params: Params{json: fmt.Appendf(nil, `{"message_id":%d,"emoji_id":"76","count":%d}`, id, tt.count)}})
			likes, ok := r.Data.(emojiLikes)
			if !ok || len(likes.Likes) != tt.want || pages != tt.pages {
				t.Errorf("got %d of %d pages, want %d of %d: %s %s", len(likes.Likes), pages, tt.want, tt.pages, r.Msg, r.Message)
			}
		})
	}
}
