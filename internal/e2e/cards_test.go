package e2e

import (
	"fmt"
	"strings"
	"testing"

	"libration/sandbox/world"
)

// TestCardChange: a new card is seen with the member's next message, once; the bot's own
// changes are none.
func TestCardChange(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		w := s.World()
		b.data("get_group_member_list", `{"group_id":%d}`, group)
		a.data("get_group_member_list", `{"group_id":%d}`, group)
		says := func(by *speaker, notices ...string) {
			t.Helper()
			by.told()
			if _, err := w.Messages().Send(world.Send{From: bob, Group: group, Parts: world.Text("hi")}, nil); err != nil {
				t.Fatal(err)
			}
			got := by.told()
			if len(got) != len(notices)+1 || !strings.Contains(got[len(notices)], `"post_type":"message"`) {
				t.Fatalf("got %q, want a message after %q", got, notices)
			}
			for i, want := range notices {
				if got[i] != want {
					t.Errorf("got %s, want %s", got[i], want)
				}
			}
		}
		card := func(now, before string) string {
			return fmt.Sprintf(`{"card_new":%q,"card_old":%q,"group_id":%d,"notice_type":"group_card","post_type":"notice","user_id":%d}`, now, before, group, bob)
		}
		for _, change := range [][2]string{{"Bobby", ""}, {"Robert", "Bobby"}, {"", "Robert"}} {
			if err := w.Members().SetCard(group, bob, bob, change[0]); err != nil {
				t.Fatal(err)
			}
			says(b, card(change[0], change[1]))
			says(b)
		}
		a.data("set_group_card", `{"group_id":%d,"user_id":%d,"card":"B."}`, group, bob)
		says(a)
	})
}
