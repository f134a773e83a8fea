package transport

import (
	"bytes"
	"net/http"
	"strings"

	"libration/internal/bom"
	"libration/onebot"
)

// input is the part of an HTTP request that says which action is wanted.
type input struct {
	path      string
	query     string
	mediaType string // of the body; "" when it has none
	body      []byte // nil for GET
}

// verdict is why an input is not taken.
type verdict struct {
	status int // of HTTP, 0 when it is taken
	reason string
}

// parseInput finds the action and its parameters: the action is the path, or comes
// with params (and echo) in the body or query of "/". Parameters of the body win,
// those of the query fill in (docs/protocol/onebot11.md a.1).
func parseInput(in input) (onebot.Request, verdict) {
	body, bad := bom.Trim(in.body)
	body = bytes.TrimSpace(body)
	var form []byte
	if len(body) > 0 || bad != nil {
		switch in.mediaType {
		case "application/json", "": // no type: the guard has let it pass, so there was a token
		case "application/x-www-form-urlencoded":
			form, body = body, nil
		default:
			return onebot.Request{}, verdict{http.StatusNotAcceptable,
				"the Content-Type of the body must be application/json or application/x-www-form-urlencoded"}
		}
	}
	if bad != nil {
		return onebot.Request{}, verdict{http.StatusBadRequest, "the body cannot be read: " + bad.Error()}
	}

	r, err := in.request(body, form)
	if err != nil {
		return onebot.Request{}, verdict{http.StatusBadRequest, err.Error()}
	}
	return r, verdict{}
}

// request makes the request of a JSON body or a form, and the query.
func (in input) request(body, form []byte) (onebot.Request, error) {
	action := strings.TrimSuffix(strings.TrimPrefix(in.path, "/"), "/")
	if action == "" && len(form) == 0 && in.query == "" {
		return onebot.ParseRequest(body) // says what is wrong with a request that has nothing else
	}
	params, err := onebot.ParamsJSON(body)
	if err == nil {
		params, err = params.WithValues(form, []byte(in.query))
	}
	if err != nil || action != "" {
		return onebot.Request{Action: action, Params: params}, err
	}
	return onebot.RequestOf(params)
}
