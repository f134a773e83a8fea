package control

import (
	"net/http"

	"libration/sandbox/server"
	"libration/sandbox/world"
)

// serviceView is what a client needs to connect. It is small, whatever the world is.
type serviceView struct {
	Keys server.PublicKeys `json:"keys"`
	// SSO is where clients connect, host:port.
	SSO []string `json:"sso"`
	// Media is where clients upload and download media, host:port, where it was configured.
	Media string `json:"media,omitempty"`
}

// stateView is everything at a glance.
type stateView struct {
	Users   []userView          `json:"users"`
	Groups  []groupView         `json:"groups"`
	Clients []server.ClientInfo `json:"clients"`
	QR      []server.QRInfo     `json:"qr"`
	// Captchas are those that wait.
	Captchas []server.CaptchaInfo `json:"captchas"`
	serviceView
}

// overview is the whole state at once.
type overview struct {
	world  *world.World
	server Server
}

func (h overview) serviceView() serviceView {
	return serviceView{Keys: h.server.PublicKeys(), SSO: notNil(h.server.Addresses()), Media: h.server.MediaAddress()}
}

func (h overview) service(*http.Request) (any, error) { return h.serviceView(), nil }

func (h overview) state(*http.Request) (any, error) {
	s := stateView{
		Users: []userView{}, Groups: groups{h.world}.views(),
		Clients: notNil(h.server.Clients()), QR: notNil(h.server.PendingQR()), Captchas: notNil(h.server.Captchas()),
		serviceView: h.serviceView(),
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
