package onebot

import (
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq/message"
)

// args reads parameters, leniently. The first thing wrong is kept in err; after that
// every read returns zero values, so that a reader checks err once.
type args struct {
	params Params
	err    error
}

// target is a number of which another parameter says whether it counts: what is wrong
// with it matters only then.
type target struct {
	number uint64
	err    error
}

// required returns the number, or why there is none.
func (t target) required(name string) (uint64, error) {
	if t.err == nil && t.number == 0 {
		return 0, &table.Wrong{Name: name, What: missing}
	}
	return t.number, t.err
}

// missing says what is wrong with a parameter, or a data value, that is not there.
var missing = text.T("is missing", "缺失")

// unread is a message to send, as it came; messageOf reads it.
type unread struct {
	value
	beside Params // all parameters
}

// Read implements table.Source.
func (a *args) Read(name string, f *table.Field, v reflect.Value) (found bool, err error) {
	switch f.Type.Go {
	case reflect.TypeFor[lookText](), reflect.TypeFor[lookLines]():
		return false, nil
	}
	given, ok := a.params.get(name)
	if !ok {
		return false, nil
	}
	found = a.set(name, given, f.Type, v)
	if text, ok := v.Addr().Interface().(*string); ok && f.Enum != nil && *text == "" {
		found = false
	}
	return found, a.err
}

// set reads a parameter, or an element of one, into v. found is false when the value
// counts as absent.
func (a *args) set(name string, given value, t *table.Type, v reflect.Value) (found bool) {
	switch to := v.Addr().Interface().(type) {
	case *message.UIN:
		*to = message.UIN(a.identity(name, given))
		return *to != 0
	case *message.GroupCode:
		*to = message.GroupCode(a.identity(name, given))
		return *to != 0
	case *target:
		inner := args{}
		to.number = inner.identity(name, given)
		to.err = inner.err
	case *messageID:
		var n int64
		if n, found = a.integer(name, given); found {
			*to = messageID(a.id32(name, n))
		}
		return found
	case *whole:
		var n int64
		n, found = a.integer(name, given)
		*to = whole(n)
		return found
	case *bool:
		*to, found = a.boolean(name, given)
		return found
	case *string:
		*to = a.scalar(name, given)
	case *unread:
		*to = unread{given, a.params}
	case *headers:
		*to = a.headers(name, given)
	case *Params:
		*to = a.members(name, given)
	default:
		a.structure(name, given, t, v)
	}
	return true
}

// structure reads a list or an object.
func (a *args) structure(name string, given value, t *table.Type, v reflect.Value) {
	if t.Kind == table.Object {
		inner := &args{params: a.members(name, given)}
		if wrong, ok := errors.AsType[*table.Wrong](table.ReadObject(t, inner, v)); ok {
			a.wrong(name+"."+wrong.Name, wrong.What)
		}
		return
	}
	raw := given.structure()
	if raw == nil || raw[0] != '[' {
		a.wrong(name, text.T("must be a list", "必须是数组"))
		return
	}
	for item := range items(raw) {
		e := reflect.New(v.Type().Elem()).Elem()
		at := name + "[" + strconv.Itoa(v.Len()) + "]"
		if item[0] == 'n' || !a.set(at, value{json: item}, t.Items, e) {
			a.wrong(at, missing)
			return
		}
		v.Set(reflect.Append(v, e))
	}
}

// wrong notes a parameter that is missing or unusable.
func (a *args) wrong(name string, what text.Text) {
	if a.err == nil {
		a.err = &table.Wrong{Name: name, What: what}
	}
}

// integer reads a whole number. ok is false for an empty text.
func (a *args) integer(name string, v value) (n int64, ok bool) {
	written, scalar := v.scalar()
	if scalar && written == "" {
		return 0, false
	}
	n, err := integer(written)
	if !scalar || err != nil {
		a.wrong(name, text.T("must be a whole number of at most 64 bits", "必须是 64 位以内的整数"))
		return 0, false
	}
	return n, true
}

// identity reads a number that names something; absent and 0 are the same.
func (a *args) identity(name string, v value) uint64 {
	n, _ := a.integer(name, v)
	if n < 0 {
		a.wrong(name, text.T("must not be negative", "不能为负数"))
		return 0
	}
	return uint64(n)
}

func (a *args) id32(name string, n int64) int32 {
	if n < math.MinInt32 || n > math.MaxInt32 {
		a.wrong(name, text.T("is not a message id: it must fit into 32 bits", "不是消息 id：超出 32 位整数范围"))
		return 0
	}
	return int32(n)
}

// boolean reads a yes or no. ok is false for an empty text.
func (a *args) boolean(name string, v value) (b, ok bool) {
	written, scalar := v.scalar()
	if scalar && written == "" {
		return false, false
	}
	b, err := boolean(written)
	if !scalar || err != nil {
		a.wrong(name, text.T("must be true or false", "必须是布尔值"))
		return false, false
	}
	return b, true
}

// scalar reads a text; a number or boolean is taken as written.
func (a *args) scalar(name string, v value) string {
	written, scalar := v.scalar()
	if !scalar {
		a.wrong(name, text.T("must be a text", "必须是字符串"))
	}
	return written
}

// members reads a parameter that has fields of its own.
func (a *args) members(name string, v value) (p Params) {
	err := errNoObject
	raw := v.json
	if raw == nil {
		raw = v.structure()
	}
	if raw != nil {
		p, err = paramsOf(raw)
	}
	if err != nil {
		a.wrong(name, text.T("must be an object", "必须是 JSON 对象"))
	}
	return p
}

// The next five read what is no parameter of an action: fields of events and quick
// operations.

// required reads a number that names something.
func (a *args) required(name string) (n uint64) {
	if v, ok := a.params.get(name); ok {
		n = a.identity(name, v)
	}
	if n == 0 {
		a.wrong(name, missing)
	}
	return n
}

// messageID reads a required message id.
func (a *args) messageID(name string) int32 {
	if v, ok := a.params.get(name); ok {
		if n, ok := a.integer(name, v); ok {
			return a.id32(name, n)
		}
	}
	a.wrong(name, missing)
	return 0
}

// flag reads a boolean; absent counts as false.
func (a *args) flag(name string) (b bool) {
	if v, ok := a.params.get(name); ok {
		b, _ = a.boolean(name, v)
	}
	return b
}

// text reads a text, "" when it is absent.
func (a *args) text(name string) string {
	v, ok := a.params.get(name)
	if !ok {
		return ""
	}
	return a.scalar(name, v)
}

// message reads a message to send, with auto_escape beside it.
func (a *args) message(name string) []segment {
	v, ok := a.params.get(name)
	if !ok {
		a.wrong(name, missing)
		return nil
	}
	segments, err := messageOf(name, v, a.flag("auto_escape"))
	if err != nil && a.err == nil {
		a.err = err
	}
	return segments
}

// messageOf reads a message to send: a text with CQ codes, an array of segments or
// one segment object, which a form or query has as text. With plain every text is one
// text segment.
func messageOf(name string, v value, plain bool) ([]segment, error) {
	written, scalar := v.scalar()
	if scalar && plain {
		return []segment{textSegment(written)}, nil
	}
	if raw := v.structure(); raw != nil {
		segments, err := parseSegments(raw)
		if err == nil {
			return segments, nil
		}
		if !scalar {
			return nil, &table.Wrong{Name: name, What: text.T("is not a message: %v", "不是有效的消息：%v").Fill(err)}
		} // else a form's "[1, 2]" is meant as text
	}
	if strings.Contains(written, opening) && strings.Count(written, opening)+strings.Count(written, ",") > maxValues {
		return nil, longMessage()
	}
	return parseCQ(written)
}
