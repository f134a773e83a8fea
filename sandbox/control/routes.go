package control

import (
	"net/http"

	"libration/sandbox/world"
)

// action does one request and returns the body of its answer.
type action func(*http.Request) (any, error)

// The routes whose answer is no JSON.
const (
	eventsPattern = "GET /api/events"
	mediaPattern  = "GET /api/media/{id}"
)

// route is one request of the API.
type route struct {
	pattern string
	do      action
}

// bodyLimits bounds the bodies of requests in bytes, by their pattern; the others have
// maxBody.
var bodyLimits = map[string]int64{
	"POST " + uploadPath: maxUpload,
	"POST /api/send":     maxSend,
	"POST /api/groups/{code}/albums/{id}/pictures": maxSend,
	"POST /api/files": maxSend,
}

// routes has a row for each request of the API.
func routes(w *world.World, s Server) []route {
	var (
		overview      = overview{w, s}
		users         = users{w}
		friends       = friends{w}
		groups        = groups{w}
		members       = members{w}
		requests      = requests{w}
		messages      = messages{newContents(w, s)}
		life          = life{w}
		pokes         = pokes{w}
		tips          = tips{w}
		robots        = robots{w}
		private       = private{w, s}
		load          = load{w, s}
		files         = files{w, s}
		media         = mediaFiles{world: w}
		logins        = logins{s}
		announcements = announcements{w, s}
		clients       = clients{s}
		faults        = faults{s}
		links         = links{w}
		albums        = albums{w, s}
		tour          = tour{w, s}
		faces         = customFaces{w}
	)
	return []route{
		{"GET /healthz", health},
		{"GET /api/state", overview.state},
		{"GET /api/service", overview.service},
		{"POST /api/reset", overview.reset},
		{"POST /api/tour", tour.run},

		{"GET /api/users", users.list},
		{"POST /api/users", users.add},
		{"DELETE /api/users/{uin}", users.remove},
		{"POST /api/users/{uin}/password", users.setPassword},
		{"PATCH /api/users/{uin}", users.change},
		{"POST /api/friends", friends.add},
		{"DELETE /api/friends", friends.remove},
		{"GET /api/friend-requests", friends.requests},
		{"POST /api/friend-requests", friends.ask},
		{"POST /api/friend-requests/answer", friends.answer},
		{"POST /api/likes", friends.like},

		{"GET /api/users/{uin}/faces", faces.list},
		{"POST /api/users/{uin}/faces", faces.add},
		{"DELETE /api/users/{uin}/faces/{id}", faces.remove},

		{"GET /api/groups", groups.list},
		{"POST /api/groups", groups.add},
		{"PATCH /api/groups/{code}", groups.change},
		{"DELETE /api/groups/{code}", groups.remove},
		{"GET /api/groups/{code}/members", members.list},
		{"POST /api/groups/{code}/members", members.add},
		{"PATCH /api/groups/{code}/members/{uin}", members.change},
		{"DELETE /api/groups/{code}/members/{uin}", members.remove},

		{"GET /api/groups/{code}/files", files.list},
		{"PATCH /api/groups/{code}/files/{id}", files.change},
		{"DELETE /api/groups/{code}/files/{id}", files.remove},
		{"POST /api/groups/{code}/files/{id}/copies", files.copy},
		{"POST /api/groups/{code}/folders", files.makeFolder},
		{"PATCH /api/groups/{code}/folders/{id}", files.renameFolder},
		{"DELETE /api/groups/{code}/folders/{id}", files.removeFolder},
		{"PATCH /api/groups/{code}/space", files.setSpace},

		{"GET /api/groups/{code}/albums", albums.list},
		{"POST /api/groups/{code}/albums", albums.add},
		{"DELETE /api/groups/{code}/albums/{id}", albums.remove},
		{"POST /api/groups/{code}/albums/{id}/pictures", albums.upload},

		{"GET /api/groups/{code}/announcements", announcements.list},
		{"POST /api/groups/{code}/announcements", announcements.add},
		{"DELETE /api/groups/{code}/announcements/{id}", announcements.remove},

		{"POST /api/groups/{code}/requests", requests.ask},
		{"POST /api/groups/{code}/invitations", requests.invite},
		{"GET /api/group-requests", requests.list},
		{"POST /api/group-requests/answer", requests.answer},

		{"POST /api/send", messages.send},
		{"POST /api/recall", messages.recall},
		{"GET /api/messages", messages.list},
		{"POST /api/reactions", life.react},
		{"POST /api/essence", life.essence},
		{"POST /api/todos", life.todo},
		{"POST /api/sign-in", life.signIn},
		{"POST /api/pins", life.pin},
		{"GET /api/forwards/{id}", messages.forward},
		{"POST /api/load", load.send},
		{"POST /api/pokes", pokes.add},
		{"POST /api/pokes/recall", pokes.recall},
		{"POST /api/honors", life.honor},
		{"POST /api/lucky-king", tips.tip(tipKing)},
		{"POST /api/tips", tips.tip(tipText)},
		{"POST /api/entries", tips.tip(tipEntry)},
		{"POST /api/albums", tips.tip(tipAlbum)},
		{"POST /api/robots", robots.add},
		{"PATCH /api/groups/{code}/robots/{uin}", robots.change},
		{"POST /api/buttons", robots.press},
		{"POST /api/restrict", private.restrict},
		{"POST /api/typing", private.typing},
		{"POST /api/voice-texts", private.voiceText},
		{"POST /api/online-files", private.onlineFile},
		{"POST /api/devices", private.device},
		{"POST /api/files", files.send},
		{"POST /api/links", links.judge},
		{"POST " + uploadPath, media.upload},
		{"PATCH /api/media/{id}", media.describe},

		{"GET /api/qr", logins.codes},
		{"POST /api/qr/{id}/{verdict}", logins.decide},
		{"GET /api/captchas", logins.captchas},
		{"POST /cap_union_new_verify", logins.passCaptcha},
		{"POST /v3/oidbinterface/oidb_0xc9e_8", logins.verifyDevice}, // as the real service
		{"GET /api/clients", clients.list},
		{"POST /api/clients/{uin}/kick", clients.kick},
		{"POST /api/clients/{uin}/cookies/expire", clients.expireCookies},

		{"GET /api/faults", faults.list},
		{"POST /api/faults", faults.add},
		{"DELETE /api/faults", faults.clear},
		{"DELETE /api/faults/{id}", faults.remove},

		{"/api/", unknown},
	}
}

func health(*http.Request) (any, error) {
	return map[string]string{"status": "ok"}, nil
}

func unknown(r *http.Request) (any, error) {
	return nil, fail(http.StatusNotFound, "no endpoint %s %s", r.Method, r.URL.Path)
}
