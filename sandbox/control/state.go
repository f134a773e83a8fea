package control

import (
	"net/http"

	"libration/sandbox/server"
)

// stateView is everything at a glance.
type stateView struct {
	Users   []userView          `json:"users"`
	Groups  []groupView         `json:"groups"`
	Clients []server.ClientInfo `json:"clients"`
	QR      []server.QRInfo     `json:"qr"`
	Keys    server.PublicKeys   `json:"keys"`
	// SSO is where clients connect, host:port.
	SSO []string `json:"sso"`
}

func (c *control) state(*http.Request) (any, error) {
	s := stateView{
		Users: []userView{}, Groups: c.groupViews(),
		Clients: notNil(c.server.Clients()), QR: notNil(c.server.PendingQR()), Keys: c.server.PublicKeys(),
		SSO: notNil(c.server.Addresses()),
	}
	for _, u := range c.world.Users().List() {
		v := viewUser(u)
		for _, f := range c.world.Friends().List(u.UIN) {
			v.Friends = append(v.Friends, f.User.UIN)
		}
		for _, g := range c.world.Groups().Of(u.UIN) {
			v.Groups = append(v.Groups, g.Code)
		}
		s.Users = append(s.Users, v)
	}
	return s, nil
}
