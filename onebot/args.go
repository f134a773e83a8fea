package onebot

import (
	"math"
	"strings"

	"libration/internal/text"
	"libration/ntqq/message"
)

// args reads an action's parameters. The first thing wrong is kept in err; after
// that every read returns zero values, so that an action checks err once.
type args struct {
	params Params
	err    error
}

// wrong notes a parameter that is missing or unusable.
func (a *args) wrong(name string, what text.Text) {
	if a.err == nil {
		a.err = badParams(text.T("parameter %q %s", "参数 %q %s").Fill(name, what))
	}
}

// number reads a whole number. ok is false when it is absent or an empty text.
func (a *args) number(name string) (n int64, ok bool) {
	v, ok := a.params.get(name)
	if !ok {
		return 0, false
	}
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

// optional reads a number that names something; absent and 0 are the same.
func (a *args) optional(name string) uint64 {
	n, _ := a.number(name)
	if n < 0 {
		a.wrong(name, text.T("must not be negative", "不能为负数"))
		return 0
	}
	return uint64(n)
}

func (a *args) required(name string) uint64 {
	n := a.optional(name)
	if n == 0 {
		a.wrong(name, text.T("is missing", "缺失"))
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
		a.wrong(name, text.T("is missing", "缺失"))
	case n < math.MinInt32 || n > math.MaxInt32:
		a.wrong(name, text.T("is not a message id: it must fit into 32 bits", "不是消息 id: 超出 32 位整数范围"))
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
	written, scalar := v.scalar()
	if scalar && written == "" {
		return absent
	}
	b, err := boolean(written)
	if !scalar || err != nil {
		a.wrong(name, text.T("must be true or false", "必须是布尔值"))
		return absent
	}
	return b
}

// object reads a required parameter that has fields of its own.
func (a *args) object(name string) *args {
	inner := &args{}
	v, ok := a.params.get(name)
	if !ok {
		a.wrong(name, text.T("is missing", "缺失"))
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
		a.wrong(name, text.T("must be an object", "必须是 JSON 对象"))
	}
	return inner
}

// text reads a text; a number or boolean is taken as written.
func (a *args) text(name string) string {
	v, ok := a.params.get(name)
	if !ok {
		return ""
	}
	written, scalar := v.scalar()
	if !scalar {
		a.wrong(name, text.T("must be a text", "必须是字符串"))
	}
	return written
}

// message reads a message to send: a text with CQ codes, an array of segments or
// one segment object, which a form or query has as text. With the parameter
// auto_escape every text is one text segment.
func (a *args) message(name string) []segment {
	v, ok := a.params.get(name)
	if !ok {
		a.wrong(name, text.T("is missing", "缺失"))
		return nil
	}
	plain := a.flag("auto_escape", false)
	written, scalar := v.scalar()
	if scalar && plain {
		return []segment{textSegment(written)}
	}
	if raw := v.structure(); raw != nil {
		segments, err := parseSegments(raw)
		if err == nil {
			return segments
		}
		if !scalar {
			a.wrong(name, text.T("is not a message: %v", "不是有效的消息: %v").Fill(err))
			return nil
		} // else a form's "[1, 2]" is meant as text
	}
	if strings.Contains(written, opening) && strings.Count(written, opening)+strings.Count(written, ",") > maxValues {
		if a.err == nil {
			a.err = longMessage()
		}
		return nil
	}
	segments, err := parseCQ(written)
	if err != nil && a.err == nil {
		a.err = err
	}
	return segments
}
