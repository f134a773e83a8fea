package onebot

import (
	"bytes"
	"net/http"
	"strings"

	"libration/internal/bom"
	"libration/internal/text"
	"libration/internal/webguard"
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
	err    error
}

// inputOf is the input of a request with this body.
func inputOf(r *http.Request, body []byte) input {
	in := input{path: r.URL.Path, query: r.URL.RawQuery, body: body}
	if r.Method == http.MethodPost {
		in.mediaType = webguard.MediaType(r)
	}
	return in
}

// parseInput finds the action and its parameters: the action is the path, or comes
// with params (and echo) in the body or query of "/". Parameters of the body win,
// those of the query fill in (docs/protocol/onebot11.md a.1).
func parseInput(in input) (Request, verdict) {
	body, bad := bom.Trim(in.body)
	body = bytes.TrimSpace(body)
	var form []byte
	if len(body) > 0 || bad != nil {
		switch in.mediaType {
		case "application/json", "": // no type: the guard has let it pass, so there was a token
		case "application/x-www-form-urlencoded":
			form, body = body, nil
		default:
			return Request{}, verdict{http.StatusNotAcceptable,
				text.Errorf("the Content-Type of the body must be application/json or application/x-www-form-urlencoded",
					"请求正文的 Content-Type 必须是 application/json 或 application/x-www-form-urlencoded")}
		}
	}
	if bad != nil {
		return Request{}, verdict{http.StatusBadRequest, text.Errorf("the body cannot be read: %v", "请求正文无法读取：%v", bad)}
	}

	r, err := in.request(body, form)
	if err != nil {
		return Request{}, verdict{http.StatusBadRequest, err}
	}
	return r, verdict{}
}

// request makes the request of a JSON body or a form, and the query.
func (in input) request(body, form []byte) (Request, error) {
	action := strings.TrimSuffix(strings.TrimPrefix(in.path, "/"), "/")
	if action == "" && len(form) == 0 && in.query == "" {
		return ParseRequest(body) // says what is wrong with a request that has nothing else
	}
	params, err := ParamsJSON(body)
	if err == nil {
		params, err = params.WithValues(form, []byte(in.query))
	}
	if err != nil || action != "" {
		return Request{Action: action, Params: params}, err
	}
	return RequestOf(params)
}
