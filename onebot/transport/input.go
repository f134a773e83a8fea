package transport

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"libration/onebot"
)

// input is the part of an HTTP request that says which action is wanted.
type input struct {
	path        string
	query       string
	contentType string
	body        []byte // nil for GET
}

// parseInput finds the action and its parameters: the action is the path, or comes
// with params (and echo) in the body or query of "/". Parameters of the body win,
// those of the query fill in (docs/protocol/onebot11.md a.1).
func parseInput(in input) (onebot.Request, verdict) {
	query, err := parseValues(in.query)
	if err != nil {
		return onebot.Request{}, verdict{http.StatusBadRequest, "the query cannot be decoded: " + err.Error()}
	}
	// Some tools write a byte order mark.
	body := bytes.TrimSpace(bytes.TrimPrefix(in.body, []byte("\xef\xbb\xbf")))
	var form map[string]string
	if len(body) > 0 {
		switch mediaType(in.contentType) {
		case "application/json":
		case "application/x-www-form-urlencoded":
			if form, err = parseValues(string(body)); err != nil {
				return onebot.Request{}, verdict{http.StatusBadRequest, "the form cannot be decoded: " + err.Error()}
			}
			body = nil
		default:
			return onebot.Request{}, verdict{http.StatusNotAcceptable,
				"the Content-Type of the body must be application/json or application/x-www-form-urlencoded"}
		}
	}

	var r onebot.Request
	if action := strings.TrimSuffix(strings.TrimPrefix(in.path, "/"), "/"); action != "" {
		r.Action = action
		r.Params, err = onebot.ParamsJSON(body)
		r.Params = onebot.ParamsValues(query).Merge(onebot.ParamsValues(form)).Merge(r.Params)
	} else {
		r, err = parseRoot(body, form, query)
	}
	if err != nil {
		return onebot.Request{}, verdict{http.StatusBadRequest, err.Error()}
	}
	return r, verdict{}
}

// parseRoot reads a request to "/": action, params and echo, each from the first
// source that has it.
func parseRoot(body []byte, form, query map[string]string) (onebot.Request, error) {
	if len(body) > 0 && len(query) == 0 {
		return onebot.ParseRequest(body)
	}
	fields := map[string]json.RawMessage{}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &fields); err != nil {
			return onebot.ParseRequest(body) // says what is wrong
		}
		if fields == nil { // the body was null
			fields = map[string]json.RawMessage{}
		}
	}
	for _, values := range []map[string]string{form, query} {
		for k, v := range values {
			if _, ok := fields[k]; !ok {
				fields[k] = valueJSON(k, v)
			}
		}
	}
	frame, err := json.Marshal(fields)
	if err != nil {
		return onebot.Request{}, err
	}
	return onebot.ParseRequest(frame)
}

// valueJSON is a value of a form or query as JSON: params is an object written as
// text, the others are strings.
func valueJSON(key, value string) json.RawMessage {
	if key == "params" && json.Valid([]byte(value)) {
		return json.RawMessage(value)
	}
	b, _ := json.Marshal(value) // a string always can
	return b
}

// parseValues reads a query or a form. Of a repeated key the first counts. The
// access token is not a parameter.
func parseValues(s string) (map[string]string, error) {
	if s == "" {
		return nil, nil
	}
	// Browsers and the URL standard treat ; as any other character.
	values, err := url.ParseQuery(strings.ReplaceAll(s, ";", "%3B"))
	if err != nil {
		return nil, err
	}
	flat := make(map[string]string, len(values))
	for k, v := range values {
		if k != "access_token" {
			flat[k] = v[0]
		}
	}
	return flat, nil
}

// mediaType is the type without its parameters, which may be malformed.
func mediaType(contentType string) string {
	if t, _, err := mime.ParseMediaType(contentType); err == nil {
		return t
	}
	t, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(t))
}
