package rpc

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// verdict says where an answer has its result: names of fields, with those of the
// messages around them ("body.ret_code").
type verdict struct {
	code string // "": the text alone decides
	text string // "": there is none
	// success is the text of an answer that is no refusal, where there is no code.
	success string
	// detail is where a technical text stands beside the one for people; "": there is none.
	detail string
	// inside: the sandbox refuses an OIDB operation here, not in the envelope.
	inside bool
}

// read returns the code, 0 for success, and the text.
func (v verdict) read(answer proto.Message) (code int64, text string) {
	if v.text != "" {
		text = get(answer, v.text).String()
	}
	if text == "" && v.detail != "" {
		text = get(answer, v.detail).String()
	}
	switch {
	case v.code != "":
		code = number(get(answer, v.code))
	case text != v.success:
		code = 1
	}
	return code, text
}

// write puts a refusal into an answer. detail is the technical text.
func (v verdict) write(answer proto.Message, code int64, text, detail string) {
	if v.code != "" {
		m, f := field(answer, v.code, true)
		switch f.Kind() {
		case protoreflect.Int32Kind:
			m.Set(f, protoreflect.ValueOfInt32(int32(code)))
		case protoreflect.Int64Kind:
			m.Set(f, protoreflect.ValueOfInt64(code))
		default:
			m.Set(f, protoreflect.ValueOfUint32(uint32(code)))
		}
	}
	for path, words := range map[string]string{v.text: text, v.detail: detail} {
		if path != "" {
			m, f := field(answer, path, true)
			m.Set(f, protoreflect.ValueOfString(words))
		}
	}
}

// judge returns the first result that is not 0.
func judge(verdicts []verdict, answer proto.Message) (code int64, text string) {
	for _, v := range verdicts {
		if code, text = v.read(answer); code != 0 {
			return code, text
		}
	}
	return 0, text
}

// field finds the message that a path ends in, and its field.
func field(answer proto.Message, path string, mutable bool) (protoreflect.Message, protoreflect.FieldDescriptor) {
	m := answer.ProtoReflect()
	for {
		name, rest, deeper := strings.Cut(path, ".")
		f := m.Descriptor().Fields().ByName(protoreflect.Name(name))
		if f == nil {
			panic(fmt.Sprintf("rpc: %s has no field %s", m.Descriptor().FullName(), name))
		}
		switch {
		case !deeper:
			return m, f
		case mutable:
			m = m.Mutable(f).Message()
		default:
			m = m.Get(f).Message()
		}
		path = rest
	}
}

func get(answer proto.Message, path string) protoreflect.Value {
	m, f := field(answer, path, false)
	return m.Get(f)
}

func number(v protoreflect.Value) int64 {
	switch n := v.Interface().(type) {
	case int32:
		return int64(n)
	case int64:
		return n
	}
	return int64(v.Uint())
}
