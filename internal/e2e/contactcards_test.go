package e2e

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"libration/ntqq"
)

// TestContactCards: the service makes cards of accounts and groups that it has.
func TestContactCards(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := two(t)
		person, err := b.Users().ContactCard(t.Context(), alice)
		if err != nil {
			t.Fatal(err)
		}
		club, err := b.Groups().ContactCard(t.Context(), group)
		if err != nil {
			t.Fatal(err)
		}
		user, _ := s.World().Users().Find(alice)
		mall, _ := s.World().Groups().Find(group)
		for card, want := range map[string][]string{
			person: {user.Nickname, "20001", "show_pslcard?src_type=internal\\u0026source=sharecard\\u0026version=1\\u0026uin=20001"},
			club:   {mall.Name, "730000001"},
		} {
			var known struct{ App, View, Prompt string }
			if err := json.Unmarshal([]byte(card), &known); err != nil || known.App == "" || known.View != "contact" || known.Prompt == "" {
				t.Errorf("card %s: %v", card, err)
			}
			for _, part := range want {
				if !strings.Contains(card, part) {
					t.Errorf("card %s: want %q in it", card, part)
				}
			}
		}
		for what, ask := range map[string]func() (string, error){
			"nobody":   func() (string, error) { return b.Users().ContactCard(t.Context(), 99999) },
			"no group": func() (string, error) { return b.Groups().ContactCard(t.Context(), 99999) },
		} {
			card, err := ask()
			refused, ok := errors.AsType[*ntqq.ServerError](err)
			if !ok || card != "" || !strings.Contains(refused.Message, "no such") || !strings.Contains(err.Error(), "99999") {
				t.Errorf("%s: got %q, %v", what, card, err)
			}
		}
	})
}
