package ntqq

import (
	"reflect"
	"testing"

	"libration/ntqq/session"
)

// Each option of the session is one of the client, but for what the client takes itself.
func TestSessionOptions(t *testing.T) {
	own := map[string]bool{"OnPush": true, "OnOnline": true, "OnFrame": true}
	client := reflect.TypeFor[Options]()
	for _, field := range reflect.VisibleFields(reflect.TypeFor[session.Options]()) {
		if got, ok := client.FieldByName(field.Name); !own[field.Name] && (!ok || got.Type != field.Type) {
			t.Errorf("Options has no %s of type %v", field.Name, field.Type)
		}
	}

	var o Options
	v := reflect.ValueOf(&o).Elem()
	for _, field := range reflect.VisibleFields(client) {
		fill(v.FieldByIndex(field.Index))
	}
	s := reflect.ValueOf(o.session())
	for _, field := range reflect.VisibleFields(s.Type()) {
		if s.FieldByIndex(field.Index).IsZero() != own[field.Name] {
			t.Errorf("%s does not reach the session, or should not", field.Name)
		}
	}
}

// fill gives a value that is not zero.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Func:
		v.Set(reflect.MakeFunc(v.Type(), func([]reflect.Value) []reflect.Value { return nil }))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Interface:
		for _, some := range []any{&MemoryKeystore{}, &HTTPSigner{}, FileProgress("x")} {
			if reflect.TypeOf(some).Implements(v.Type()) {
				v.Set(reflect.ValueOf(some))
			}
		}
	case reflect.Struct:
		fill(v.Field(0))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint64:
		v.SetUint(1)
	}
}
