package onebot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Params are the parameters of an action. The zero value has none. Parameters are
// typed when an action reads them, leniently: docs/protocol/onebot11.md, "Input
// leniency". Unknown ones are ignored, null ones are absent.
type Params struct {
	// fields may have a name twice; the last one counts.
	fields []param
}

type param struct {
	name string
	value
}

// value is one parameter: JSON, or a text from a form or query.
type value struct {
	json json.RawMessage // valid JSON; nil for a plain text
	text string
}

// get returns a parameter.
func (p Params) get(name string) (v value, ok bool) {
	for i := len(p.fields) - 1; i >= 0; i-- {
		if p.fields[i].name == name {
			return p.fields[i].value, true
		}
	}
	return value{}, false
}

// ParamsJSON takes parameters from a JSON object. Missing (nil or empty) and null
// mean none. It copies raw.
func ParamsJSON(raw json.RawMessage) (Params, error) {
	if len(raw) == 0 {
		return Params{}, nil
	}
	v, err := checked(bytes.Clone(raw))
	if err != nil {
		return Params{}, fmt.Errorf("params is not a JSON object: %w", err)
	}
	return paramsOf(v)
}

var errNoObject = errors.New("params is not a JSON object")

// paramsOf is ParamsJSON for valid JSON, which it keeps.
func paramsOf(v json.RawMessage) (Params, error) {
	var p Params
	if v[0] == 'n' {
		return p, nil
	}
	if v[0] != '{' {
		return p, errNoObject
	}
	for name, v := range members(v) {
		if v[0] != 'n' { // null
			p.fields = append(p.fields, param{name, value{json: v}})
		}
	}
	return p, nil
}

// ParamsValues takes parameters from a form or a query. They are texts; where an
// action wants an object or a list, it reads the text as JSON
// (docs/protocol/onebot11.md a.1).
func ParamsValues(v map[string]string) Params {
	p := Params{make([]param, 0, len(v))}
	for name, text := range v {
		p.fields = append(p.fields, param{name, value{text: text}})
	}
	return p
}

// Merge returns the parameters of both; where both have one, over's wins.
func (p Params) Merge(over Params) Params {
	return Params{slices.Concat(p.fields, over.fields)}
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
	if len(raw) == 0 || raw[0] != '{' && raw[0] != '[' || v.json == nil && !json.Valid(raw) {
		return nil
	}
	return raw
}

// integer reads a whole number as people write one: 12, "12", also 12.0 and 1.2e1
// from languages whose numbers are floats.
func integer(text string) (int64, error) {
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
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "yes", "1":
		return true, nil
	case "false", "no", "0":
		return false, nil
	}
	return false, errors.New("not a boolean")
}
