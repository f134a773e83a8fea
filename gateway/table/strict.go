package table

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"

	"libration/internal/text"
)

// Strict is a [Source] of JSON with exact types: a number is no text, and a text is no
// number. null counts as absent, and unknown parameters are ignored.
type Strict map[string]json.RawMessage

// NewStrict takes a JSON object.
func NewStrict(raw []byte) (Strict, error) {
	var s Strict
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	if s == nil {
		return nil, errors.New("null is not a JSON object")
	}
	return s, nil
}

// Read implements [Source]. Types that implement json.Unmarshaler read themselves.
func (s Strict) Read(name string, f *Field, v reflect.Value) (found bool, err error) {
	raw, ok := s[name]
	if !ok || string(raw) == "null" {
		return false, nil
	}
	return true, strict(name, raw, f.Type, v)
}

func strict(path string, raw json.RawMessage, t *Type, v reflect.Value) error {
	switch {
	case t.Kind == Array && t.Items != nil:
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil {
			return mismatch(path, t)
		}
		v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
		for i, item := range items {
			if err := strict(path+"["+strconv.Itoa(i)+"]", item, t.Items, v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	case t.Kind == Object && t.Fields != nil:
		inner, err := NewStrict(raw)
		if err != nil {
			return mismatch(path, t)
		}
		err = ReadObject(t, inner, v)
		if wrong, ok := errors.AsType[*Wrong](err); ok {
			return &Wrong{path + "." + wrong.Name, wrong.What}
		}
		return err
	}
	if string(raw) == "null" || json.Unmarshal(raw, v.Addr().Interface()) != nil {
		return mismatch(path, t)
	}
	return nil
}

// mismatch is the failure of a value of another type.
func mismatch(path string, t *Type) error {
	return &Wrong{path, text.T("must be %s", "必须是%s").Fill(t.words())}
}
