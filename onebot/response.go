package onebot

import (
	"bytes"
	"encoding/json"
	"strconv"

	"libration/internal/text"
)

// Values of Response.Status.
const (
	StatusOK     = "ok"
	StatusAsync  = "async"
	StatusFailed = "failed"
)

// Return codes (docs/protocol/onebot11.md a.2).
const (
	RetOK            = 0
	RetAsync         = 1    // accepted, the result is not told
	RetFailed        = 100  // the operation failed; Msg says how
	RetBadParams     = 1400 // malformed request or wrong parameters
	RetUnknownAction = 1404
)

// Response is the result of an action.
type Response struct {
	Status  string // StatusOK, StatusAsync or StatusFailed
	RetCode int
	// Data is the result; nil when there is none. It must be encodable as JSON.
	Data any
	// Message and Wording say what went wrong in a sentence for people; "" when
	// nothing did. Both are the same text, as clients read either.
	Message string
	Wording string
	// Msg is an upper-case code of what went wrong, such as GROUP_NOT_FOUND.
	Msg string
	// Echo is the request's, nil when it had none.
	Echo json.RawMessage
	// Stream marks the responses of actions that may have several.
	Stream bool
}

// bodyNotRead adds that the body of the request was not read, as it was a GET.
func (r *Response) bodyNotRead(l Language) {
	words := text.T(
		"the body of a GET is not read: use POST, or write the parameters into the query",
		"GET 请求的正文不会被读取：请改用 POST，或把参数写在查询字符串中",
	).In(l)
	if r.Message != "" {
		words = r.Message + "; " + words
	}
	r.Message, r.Wording = words, words
}

// MarshalJSON implements json.Marshaler. AppendJSON is faster.
func (r *Response) MarshalJSON() ([]byte, error) { return r.AppendJSON(nil), nil }

// AppendJSON appends the response as compact JSON: raw UTF-8, no HTML escapes, the
// echo byte for byte.
func (r *Response) AppendJSON(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, `{"status":`...)
	dst = appendString(dst, r.Status)
	dst = append(dst, `,"retcode":`...)
	dst = strconv.AppendInt(dst, int64(r.RetCode), 10)
	dst = append(dst, `,"data":`...)
	dst, err := appendData(dst, r.Data)
	if err != nil {
		broken := failed(English, err, apiError).withEcho(r.Echo)
		broken.Stream = r.Stream
		return broken.AppendJSON(dst[:start])
	}
	dst = textField(dst, "message", r.Message)
	dst = textField(dst, "wording", r.Wording)
	if r.Msg != "" {
		dst = textField(dst, "msg", r.Msg)
	}
	if r.Stream {
		dst = append(dst, `,"stream":"stream-action"`...)
	}
	if r.Echo != nil {
		dst = append(dst, `,"echo":`...)
		dst = append(dst, r.Echo...)
	}
	return append(dst, '}')
}

func (r *Response) withEcho(echo json.RawMessage) *Response {
	r.Echo = echo
	return r
}

// jsonAppender is implemented by the results of the most frequent actions.
type jsonAppender interface{ appendJSON(dst []byte) []byte }

// appendData appends v as JSON without HTML escapes. Raw JSON, which this package
// made itself, stays as it is.
func appendData(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case interface{ JSON() []byte }: // table.Encoded
		return append(dst, v.JSON()...), nil
	case jsonAppender:
		return v.appendJSON(dst), nil
	}
	b := bytes.NewBuffer(dst)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return dst, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
