package control

import (
	"net/http"
)

// action does one request and returns the body of its answer.
type action func(*control, *http.Request) (any, error)

// eventsPattern is the one route that does not answer once.
const eventsPattern = "GET /api/events"

// routes has a row for each request of the API.
var routes = []struct {
	pattern string
	do      action
}{
	{"GET /healthz", (*control).health},
	{"GET /api/state", (*control).state},

	{"GET /api/users", (*control).users},
	{"POST /api/users", (*control).addUser},
	{"POST /api/users/{uin}/password", (*control).setPassword},
	{"POST /api/friends", (*control).addFriend},

	{"GET /api/groups", (*control).groups},
	{"POST /api/groups", (*control).addGroup},
	{"PATCH /api/groups/{code}", (*control).changeGroup},
	{"GET /api/groups/{code}/members", (*control).members},
	{"POST /api/groups/{code}/members", (*control).addMember},
	{"PATCH /api/groups/{code}/members/{uin}", (*control).changeMember},
	{"DELETE /api/groups/{code}/members/{uin}", (*control).removeMember},

	{"POST /api/send", (*control).send},
	{"POST /api/recall", (*control).recall},
	{"GET /api/messages", (*control).messages},
	{"POST /api/load", (*control).load},

	{"GET /api/qr", (*control).qr},
	{"POST /api/qr/{id}/{verdict}", (*control).decideQR},
	{"GET /api/captchas", (*control).captchas},
	{"POST /v3/oidbinterface/oidb_0xc9e_8", (*control).verifyDevice}, // as the real service
	{"GET /api/clients", (*control).clients},
	{"POST /api/clients/{uin}/kick", (*control).kickClient},

	{"GET /api/faults", (*control).faults},
	{"POST /api/faults", (*control).addFault},
	{"DELETE /api/faults", (*control).clearFaults},
	{"DELETE /api/faults/{id}", (*control).removeFault},

	{"/api/", (*control).unknown},
}

func (c *control) health(*http.Request) (any, error) {
	return map[string]string{"status": "ok"}, nil
}

func (c *control) unknown(r *http.Request) (any, error) {
	return nil, fail(http.StatusNotFound, "no endpoint %s %s", r.Method, r.URL.Path)
}
