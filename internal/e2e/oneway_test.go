package e2e

import (
	"errors"
	"fmt"
	"testing"

	"libration/ntqq"
	"libration/sandbox/world"
)

// TestOneWayFriends: who has the account, and whom it does not have, is listed and deleted.
func TestOneWayFriends(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		if got := b.data("get_unidirectional_friend_list", `{}`); got != "[]" {
			t.Fatalf("before, it lists %s", got)
		}
		b.does("delete_unidirectional_friend", `{"user_id":20001}`, "API_ERROR") // a friend of both
		if err := s.World().Friends().Delete(bot, alice, false, false); err != nil {
			t.Fatal(err)
		}
		person, _ := s.World().Users().Find(alice)
		want := fmt.Sprintf(`[{"user_id":20001,"nickname":"Alice","source":"search","uin":20001,"uid":%q,"nick_name":"Alice","age":%d}]`,
			a.Self().UID, person.Age)
		if got := b.data("get_unidirectional_friend_list", `{}`); got != want {
			t.Errorf("it lists %s, want %s", got, want)
		}
		if got := a.data("get_unidirectional_friend_list", `{}`); got != "[]" {
			t.Errorf("to the other side it lists %s", got)
		}
		b.does("delete_unidirectional_friend", `{"user_id":20001}`, "")
		if list, err := a.Friends().List(t.Context(), true); err != nil || s.World().Friends().Are(alice, bot) {
			t.Errorf("Alice has the bot: %+v, %v", list, err)
		}
		if got := b.data("get_unidirectional_friend_list", `{}`); got != "[]" {
			t.Errorf("afterwards it lists %s", got)
		}
		var refused *ntqq.ServerError
		if err := b.Friends().DeleteOneWay(t.Context(), alice); !errors.As(err, &refused) || refused.Code != int64(world.NotFound) {
			t.Errorf("once more: %v", err)
		}
	})
}
