package control

import (
	"net/http"

	"libration/sandbox/server"
	"libration/sandbox/world"
)

// stateView is everything at a glance.
type stateView struct {
	Users   []userView          `json:"users"`
	Groups  []groupView         `json:"groups"`
	Clients []server.ClientInfo `json:"clients"`
	QR      []server.QRInfo     `json:"qr"`
	// Captchas are those that wait.
	Captchas []server.CaptchaInfo `json:"captchas"`
	Keys     server.PublicKeys    `json:"keys"`
	// SSO is where clients connect, host:port.
	SSO []string `json:"sso"`
	// Media is where clients upload and download media, host:port, where it was configured.
	Media string `json:"media,omitempty"`
}

// overview is the whole state at once.
type overview struct {
	world  *world.World
	server Server
}

func (h overview) state(*http.Request) (any, error) {
	s := stateView{
		Users: []userView{}, Groups: groups{h.world}.views(),
		Clients: notNil(h.server.Clients()), QR: notNil(h.server.PendingQR()), Captchas: notNil(h.server.Captchas()), Keys: h.server.PublicKeys(),
		SSO: notNil(h.server.Addresses()), Media: h.server.MediaAddress(),
	}
	groups := h.world.Groups().ByMember()
	for _, u := range h.world.Users().List() {
		v := users{h.world}.view(u)
		for _, f := range h.world.Friends().List(u.UIN) {
			v.Friends = append(v.Friends, f.User.UIN)
		}
		v.Groups = groups[u.UIN]
		pinned, pinnedGroups := h.world.Chats().Pinned(u.UIN)
		for _, f := range pinned {
			v.PinnedFriends = append(v.PinnedFriends, f.UIN)
		}
		v.PinnedGroups = pinnedGroups
		s.Users = append(s.Users, v)
	}
	return s, nil
}

// reset returns to the beginning. It needs no body.
func (h overview) reset(*http.Request) (any, error) { return struct{}{}, h.server.Reset() }
