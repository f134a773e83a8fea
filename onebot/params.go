package onebot

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"

	"libration/internal/text"
)

// Params are the parameters of an action. The zero value has none. Parameters are
// typed when an action reads them, leniently: docs/protocol/onebot11.md, "Input
// leniency". Unknown ones are ignored, null ones are absent.
type Params struct {
	json json.RawMessage // a JSON object; nil for none
	// form and query are URL-encoded, well formed and within the bounds.
	form, query []byte
}

// value is one parameter: JSON, or a text from a form or query.
type value struct {
	json json.RawMessage // valid JSON; nil for a plain text
	text string
}

// get returns a parameter: from the JSON object, else from the form, else from the
// query. It looks through them each time, so that nothing is kept of parameters that
// nobody reads.
func (p Params) get(name string) (v value, ok bool) {
	if v := member(p.json, name); v != nil && v[0] != 'n' { // null
		return value{json: v}, true
	}
	for _, encoded := range [][]byte{p.form, p.query} {
		if text, ok := encodedValue(encoded, name); ok {
			return value{text: text}, true
		}
	}
	return value{}, false
}

// ParamsJSON takes parameters from a JSON object. Missing (nil or empty) and null
// mean none. It keeps raw.
func ParamsJSON(raw json.RawMessage) (Params, error) {
	if len(raw) == 0 {
		return Params{}, nil
	}
	v, err := checked(raw)
	if err != nil {
		return Params{}, notObject(err)
	}
	return paramsOf(v)
}

var errNoObject = text.Errorf("params is not a JSON object", "params 不是 JSON 对象")

// notObject says why params is not a JSON object.
func notObject(err error) error { return text.Errorf("%v: %v", "%v：%v", errNoObject, err) }

// paramsOf is ParamsJSON for checked JSON.
func paramsOf(v json.RawMessage) (Params, error) {
	switch v[0] {
	case 'n':
		return Params{}, nil
	case '{':
		return Params{json: v}, nil
	}
	return Params{}, errNoObject
}

// WithValues adds those of a form and of a query, both URL-encoded; it keeps them.
// They are texts; where an action wants an object or a list, it reads the text as
// JSON (docs/protocol/onebot11.md a.1). JSON counts before the form, and the form
// before the query.
func (p Params) WithValues(form, query []byte) (Params, error) {
	if err := checkEncoded(form); err != nil {
		return p, text.Errorf("the form cannot be decoded: %v", "表单无法解码：%v", err)
	}
	if err := checkEncoded(query); err != nil {
		return p, text.Errorf("the query cannot be decoded: %v", "查询字符串无法解码：%v", err)
	}
	p.form, p.query = form, query
	return p, nil
}

// scalar returns the value as text: a string's content, a number or boolean as
// written. ok is false for objects and arrays.
func (v value) scalar() (text string, ok bool) {
	if v.json == nil {
		return v.text, true
	}
	switch v.json[0] {
	case '{', '[':
		return "", false
	case '"':
		return unquote(v.json), true
	}
	return string(v.json), true
}

// structure returns the value as a JSON object or array; nil when it is none.
func (v value) structure() json.RawMessage {
	raw := v.json
	if raw == nil {
		raw = json.RawMessage(v.text)
	}
	if len(raw) == 0 || raw[0] != '{' && raw[0] != '[' {
		return nil
	}
	if v.json == nil {
		raw, _ = checked(raw)
	}
	return raw
}

// integer reads a whole number as people write one: 12, "12", also 12.0 and 1.2e1
// from languages whose numbers are floats.
func integer(text string) (int64, error) {
	if len(text) > maxScalar {
		return 0, errors.New("not a 64-bit whole number")
	}
	text = strings.TrimSpace(text)
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil {
		return n, nil
	}
	if errors.Is(err, strconv.ErrRange) || strings.ContainsAny(text, "xXpPiInN_") {
		return 0, errors.New("not a 64-bit whole number")
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, errors.New("not a 64-bit whole number")
	}
	return int64(f), nil
}

// boolean reads what clients send for yes and no.
func boolean(text string) (bool, error) {
	if len(text) > maxScalar {
		return false, errors.New("not a boolean")
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "yes", "1":
		return true, nil
	case "false", "no", "0":
		return false, nil
	}
	return false, errors.New("not a boolean")
}
