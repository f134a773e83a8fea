package ntqq

import (
	"errors"
	"testing"
	"testing/synctest"

	"libration/internal/rpc"
	"libration/internal/sessiontest"
)

// A member whom the service lists without a text id is not managed: the request would name
// nobody.
func TestManageMemberWithoutTextID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := sessiontest.New(t)
		service.Answer = func(command string, _ []byte) ([]byte, error) {
			for _, name := range []string{rpc.MuteMember.Name, rpc.KickMembers.Name, rpc.SetAdmin.Name, rpc.SetMemberTitle.Name} {
				if command == name {
					t.Errorf("%s was asked", command)
				}
			}
			return nil, rpc.ErrUnknownCommand
		}
		c := start(t, service, Options{})
		if _, err := c.Wait(t.Context(), State.Online); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		c.cache.setMembers(5, []Member{{Group: 5, UIN: 20001}})
		m := c.Members()
		for name, err := range map[string]error{
			"mute": m.Mute(t.Context(), 5, 20001, 0), "kick": m.Kick(t.Context(), 5, []UIN{20001}, Kick{}),
			"admin": m.SetAdmin(t.Context(), 5, 20001, true), "title": m.SetTitle(t.Context(), 5, 20001, "x"),
		} {
			if !errors.Is(err, ErrNoMember) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
