package ntqq

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protopath"
	"google.golang.org/protobuf/reflect/protorange"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
	"libration/internal/vectors"
)

// capturedCall is a request or an answer that was seen on the way to the real service.
type capturedCall struct {
	ID, Kind, Command, Message string
	Inner                      map[string]string
	Body                       vectors.Hex
	Expected                   map[string]any
}

// TestVectorsCapturedCalls reads requests and answers whole, and finds in them what is known
// of them. Where we have the operation, its descriptor is of the same type.
func TestVectorsCapturedCalls(t *testing.T) {
	for _, c := range vectors.Of[capturedCall](t, "captures.json") {
		t.Run(c.ID, func(t *testing.T) { checkCapturedCall(t, &c) })
	}
}

func checkCapturedCall(t *testing.T, c *capturedCall) {
	outer := messageNamed(t, c.Message, c.Body)
	read, inner := []proto.Message{outer}, outer
	if name := c.Inner["OidbEnvelope.body"]; name != "" {
		inner = messageNamed(t, name, outer.(*oidbpb.OidbEnvelope).GetBody())
		read = append(read, inner)
	}
	if op := operation(c.Command); op == nil {
		t.Logf("operation %s has no descriptor: it is read as %s", c.Command, inner.ProtoReflect().Descriptor().FullName())
	} else {
		ours := op.NewRequest()
		if c.Kind == "response" {
			ours = op.NewResponse()
		}
		if envelope, ok := inner.(*oidbpb.OidbEnvelope); ok { // its body is empty, and has no name there
			inner = messageNamed(t, strings.TrimPrefix(string(ours.ProtoReflect().Descriptor().FullName()), "libration."), envelope.GetBody())
		}
		if got, want := ours.ProtoReflect().Descriptor().FullName(), inner.ProtoReflect().Descriptor().FullName(); got != want {
			t.Errorf("our descriptor has %s, want %s", got, want)
		}
	}
	values := map[string][]string{} // by the fields' names; by "", all
	for _, m := range read {
		noteValues(t, m, values)
	}
	compareValues(t, values, "", c.Expected)
}

// messageNamed reads b as a message of a package of ours; its schema must know all of it.
func messageNamed(t *testing.T, name string, b []byte) proto.Message {
	t.Helper()
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName("libration." + name))
	if err != nil {
		t.Fatal(err)
	}
	m := kind.New().Interface()
	if err := pb.Unmarshal(b, m); err != nil {
		t.Fatal(err)
	}
	knowsAll(t, m)
	return m
}

// noteValues notes the values of a message and of those in it.
func noteValues(t *testing.T, m proto.Message, values map[string][]string) {
	t.Helper()
	err := protorange.Range(m.ProtoReflect(), func(p protopath.Values) error {
		last := p.Index(-1)
		var texts []string
		switch value := last.Value.Interface().(type) {
		case protoreflect.Message, protoreflect.List, protoreflect.Map:
			return nil
		case []byte:
			texts = []string{string(value), hex.EncodeToString(value)}
		default:
			texts = []string{fmt.Sprint(value)}
		}
		name := ""
		for i := p.Len() - 1; i > 0 && name == ""; i-- { // an item of a list has no name of its own
			if step := p.Path[i]; step.Kind() == protopath.FieldAccessStep {
				name = string(step.FieldDescriptor().Name())
			}
		}
		values[name], values[""] = append(values[name], texts...), append(values[""], texts...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// inWords are expectations that describe, and are no values.
var inWords = []string{"c2c", "friend", "present and empty"}

// compareValues looks for what is expected: in fields of that name, else in any. A zero may be
// left out.
func compareValues(t *testing.T, values map[string][]string, key string, want any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		for key, inner := range want {
			compareValues(t, values, key, inner)
		}
		return
	case []any:
		for _, inner := range want {
			compareValues(t, values, key, inner)
		}
		return
	}
	text := fmt.Sprint(want)
	if n, ok := want.(float64); ok {
		text = fmt.Sprintf("%.0f", n)
	}
	in := slices.Concat(values[key], values["file_"+key])
	if in == nil {
		in = values[""]
	}
	if text != "0" && text != "" && !slices.Contains(inWords, text) && !slices.Contains(in, text) {
		t.Errorf("%s: %s is not among %q", key, text, in)
	}
}
