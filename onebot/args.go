package onebot

import (
	"fmt"
	"math"
	"strings"

	"libration/ntqq/message"
)

// args reads an action's parameters. The first thing wrong is kept in err; after
// that every read returns zero values, so that an action checks err once.
type args struct {
	params Params
	err    error
}

// wrong notes a parameter that is missing or unusable.
func (a *args) wrong(name, en, zh string) {
	if a.err == nil {
		a.err = badParams(fmt.Sprintf("parameter %q %s", name, en), fmt.Sprintf("参数 %q %s", name, zh))
	}
}

// number reads a whole number. ok is false when it is absent or an empty text.
func (a *args) number(name string) (n int64, ok bool) {
	v, ok := a.params.get(name)
	if !ok {
		return 0, false
	}
	text, scalar := v.scalar()
	if scalar && text == "" {
		return 0, false
	}
	n, err := integer(text)
	if !scalar || err != nil {
		a.wrong(name, "must be a whole number of at most 64 bits", "必须是 64 位以内的整数")
		return 0, false
	}
	return n, true
}

// optional reads a number that names something; absent and 0 are the same.
func (a *args) optional(name string) uint64 {
	n, _ := a.number(name)
	if n < 0 {
		a.wrong(name, "must not be negative", "不能为负数")
		return 0
	}
	return uint64(n)
}

func (a *args) required(name string) uint64 {
	n := a.optional(name)
	if n == 0 {
		a.wrong(name, "is missing", "缺失")
	}
	return n
}

// user reads a required account number.
func (a *args) user(name string) message.UIN { return message.UIN(a.required(name)) }

// group reads the required group_id.
func (a *args) group() message.GroupCode { return message.GroupCode(a.required("group_id")) }

// messageID reads a required message_id; it may be negative.
func (a *args) messageID(name string) int32 {
	n, ok := a.number(name)
	switch {
	case !ok:
		a.wrong(name, "is missing", "缺失")
	case n < math.MinInt32 || n > math.MaxInt32:
		a.wrong(name, "is not a message id: it must fit into 32 bits", "不是消息 id: 超出 32 位整数范围")
	default:
		return int32(n)
	}
	return 0
}

// flag reads a boolean.
func (a *args) flag(name string, absent bool) bool {
	v, ok := a.params.get(name)
	if !ok {
		return absent
	}
	text, scalar := v.scalar()
	if scalar && text == "" {
		return absent
	}
	b, err := boolean(text)
	if !scalar || err != nil {
		a.wrong(name, "must be true or false", "必须是布尔值")
		return absent
	}
	return b
}

// object reads a required parameter that has fields of its own.
func (a *args) object(name string) *args {
	inner := &args{}
	v, ok := a.params.get(name)
	if !ok {
		a.wrong(name, "is missing", "缺失")
		return inner
	}
	err := errNoObject
	raw := v.json
	if raw == nil {
		raw = v.structure()
	}
	if raw != nil {
		inner.params, err = paramsOf(raw)
	}
	if err != nil {
		a.wrong(name, "must be an object", "必须是 JSON 对象")
	}
	return inner
}

// text reads a text; a number or boolean is taken as written.
func (a *args) text(name string) string {
	v, ok := a.params.get(name)
	if !ok {
		return ""
	}
	text, scalar := v.scalar()
	if !scalar {
		a.wrong(name, "must be a text", "必须是字符串")
	}
	return text
}

// message reads a message to send: a text with CQ codes, an array of segments or
// one segment object, which a form or query has as text. With the parameter
// auto_escape every text is one text segment.
func (a *args) message(name string) []segment {
	v, ok := a.params.get(name)
	if !ok {
		a.wrong(name, "is missing", "缺失")
		return nil
	}
	plain := a.flag("auto_escape", false)
	text, scalar := v.scalar()
	if scalar && plain {
		return []segment{textSegment(text)}
	}
	if raw := v.structure(); raw != nil {
		segments, err := parseSegments(raw)
		if err == nil {
			return segments
		}
		if !scalar {
			a.wrong(name, "is not a message: "+err.Error(), "不是有效的消息: "+err.Error())
			return nil
		} // else a form's "[1, 2]" is meant as text
	}
	if strings.Contains(text, opening) && strings.Count(text, opening)+strings.Count(text, ",") > maxValues {
		if a.err == nil {
			a.err = longMessage()
		}
		return nil
	}
	segments, err := parseCQ(text)
	if err != nil && a.err == nil {
		a.err = err
	}
	return segments
}
