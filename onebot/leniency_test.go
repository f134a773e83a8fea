package onebot

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"libration/gateway/table"
)

// lenient are ways to write a value that mean the same, by its kind. The first is the usual
// one.
var lenient = map[table.Kind][][]string{
	table.Integer: {{`7`, `"7"`, `7.0`, `"7.0"`, `0.7e1`, `" 7 "`, `"+7"`}},
	table.Boolean: {{`true`, `"true"`, `"True"`, `"yes"`, `"1"`, `1`}, {`false`, `"false"`, `"FALSE"`, `"no"`, `"0"`, `0`}},
	table.String:  {{`"5"`, `5`}, {`"true"`, `true`}},
}

// wrong are values that a kind does not take.
var wrong = map[table.Kind][]string{
	table.Integer: {`"x"`, `7.5`, `true`, `{}`, `[]`, `1e30`},
	table.Boolean: {`"perhaps"`, `2`, `{}`, `[]`},
	table.String:  {`{}`, `[]`},
	table.Array:   {`5`, `"x"`, `{}`},
	table.Object:  {`5`, `"x"`, `[]`},
}

// readParams reads the parameters of an action, as a call of it does.
func readParams(row *row, p Params) (any, error) {
	v := reflect.New(row.Params().Go).Elem()
	err := table.ReadObject(row.Params(), &args{params: p}, v)
	return v.Interface(), err
}

// eachRow calls f for each action, with the parameters of its example.
func eachRow(t *testing.T, f func(row *row, params map[string]json.RawMessage)) {
	t.Helper()
	for _, name := range Table().Names() {
		r := Table().Find(name)
		if r.Name != name {
			continue
		}
		params := map[string]json.RawMessage{}
		if e := r.Example(); e != nil {
			if err := json.Unmarshal(e.Params, &params); err != nil {
				t.Fatal(err)
			}
		}
		f(r, params)
	}
}

// without are parameters without one, under all its names.
func without(params map[string]json.RawMessage, f *table.Field) map[string]json.RawMessage {
	rest := maps.Clone(params)
	for _, name := range f.Names {
		delete(rest, name)
	}
	return rest
}

// inJSON and inForm are parameters as a bot may send them.
func inJSON(t *testing.T, params map[string]json.RawMessage) Params {
	t.Helper()
	raw, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	return mustParams(t, string(raw))
}

func inForm(t *testing.T, params map[string]json.RawMessage) Params {
	t.Helper()
	form := url.Values{}
	for name, raw := range params {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		form.Set(name, text)
	}
	p, err := Params{}.WithValues([]byte(form.Encode()), nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sameParams compares what was read, whatever the struct. What is read later is the same
// when it says the same, whether it came as JSON or as text.
func sameParams(a, b any) string {
	said := func(v value) string {
		if written, scalar := v.scalar(); scalar && v.structure() == nil {
			return written
		}
		return string(v.structure())
	}
	return cmp.Diff(a, b, cmp.Exporter(func(reflect.Type) bool { return true }),
		cmp.Comparer(func(a, b unread) bool { return said(a.value) == said(b.value) }))
}

// TestLenientParameters writes each parameter of each action in all the ways that mean the
// same, and in those that are wrong.
func TestLenientParameters(t *testing.T) {
	t.Parallel()
	tried := 0
	eachRow(t, func(row *row, params map[string]json.RawMessage) {
		for i := range row.Params().Fields {
			f := &row.Params().Fields[i]
			rest := without(params, f)
			for _, name := range f.Names {
				with := func(value string) Params {
					all := maps.Clone(rest)
					all[name] = json.RawMessage(value)
					return inJSON(t, all)
				}
				for _, same := range lenient[f.Type.Kind] {
					if f.Enum != nil {
						break
					}
					want, err := readParams(row, with(same[0]))
					if err != nil {
						t.Errorf("%s: %s = %s: %v", row.Name, name, same[0], err)
					}
					for _, value := range same[1:] {
						tried++
						if got, err := readParams(row, with(value)); err != nil || sameParams(want, got) != "" {
							t.Errorf("%s: %s = %s is read as %+v, %v, want %+v", row.Name, name, value, got, err, want)
						}
					}
				}
				for _, value := range wrong[f.Type.Kind] {
					if f.Type.Go == reflect.TypeFor[target]() || f.Type.Go == reflect.TypeFor[lookLines]() || f.Type.Go == reflect.TypeFor[lookText]() {
						break // another parameter says whether it counts
					}
					tried++
					_, err := readParams(row, with(value))
					if bad, ok := errors.AsType[*table.Wrong](err); !ok || !strings.HasPrefix(bad.Name, name) {
						t.Errorf("%s: %s = %s: got %v, want that it is wrong", row.Name, name, value, err)
					}
				}
				if f.Enum != nil {
					_, err := readParams(row, with(`"none of them"`))
					if bad, ok := errors.AsType[*table.Wrong](err); !ok || bad.Name != f.Name() || !strings.Contains(bad.What.EN, f.Enum[0]) {
						t.Errorf("%s: %s that is none of %q: %v", row.Name, name, f.Enum, err)
					}
				}
				absent, err := readParams(row, inJSON(t, rest))
				null, err2 := readParams(row, with(`null`))
				if fmt.Sprint(err) != fmt.Sprint(err2) || sameParams(absent, null) != "" {
					t.Errorf("%s: %s = null is read as %+v, %v, without it %+v, %v", row.Name, name, null, err2, absent, err)
				}
				if bad, ok := errors.AsType[*table.Wrong](err); f.Required != (ok && bad.Name == f.Name() && bad.What == missing) {
					t.Errorf("%s without %s: %v", row.Name, name, err)
				}
			}
		}
	})
	if tried < 2000 {
		t.Errorf("tried %d values", tried)
	}
}

// TestExamplesInForms: an example means the same as a form and with parameters that nobody
// knows.
func TestExamplesInForms(t *testing.T) {
	t.Parallel()
	eachRow(t, func(row *row, params map[string]json.RawMessage) {
		want, err := readParams(row, inJSON(t, params))
		if err != nil {
			t.Errorf("%s: its example: %v", row.Name, err)
		}
		more := maps.Clone(params)
		more["_timeout"], more["later"] = json.RawMessage(`30`), json.RawMessage(`{"a":[null]}`)
		if got, err := readParams(row, inJSON(t, more)); err != nil || sameParams(want, got) != "" {
			t.Errorf("%s with unknown parameters is read as %+v, %v, want %+v", row.Name, got, err, want)
		}
		got, err := readParams(row, inForm(t, params))
		if err != nil || sameParams(want, got) != "" {
			t.Errorf("%s as a form is read as %+v, %v, want %+v", row.Name, got, err, want)
		}
	})
}

// TestSuffixes: each name is taken with each suffix, also those that begin with a dot, and
// keeps its echo. What is missing is known without a suffix only.
func TestSuffixes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, _ := newTestDialect(t)
		for _, name := range Table().Names() {
			row := Table().Find(name)
			for _, suffix := range []string{asyncSuffix, pacedSuffix} {
				r := s.Call(t.Context(), Request{Action: name + suffix, Echo: json.RawMessage(`[9007199254740993]`)})
				if got, want := string(r.AppendJSON(nil)), `{"status":"async","retcode":1,"data":null,"message":"","wording":"","echo":[9007199254740993]}`; got != want {
					t.Errorf("%s%s: got %s", name, suffix, got)
				}
				if s.Changes(name+suffix) == row.ReadOnly() || s.Lane(name+suffix) != Local {
					t.Errorf("%s%s changes something: %t, in lane %d", name, suffix, s.Changes(name+suffix), s.Lane(name+suffix))
				}
			}
			time.Sleep(time.Minute) // virtual
			r := s.Call(t.Context(), Request{Action: name})
			for i := range row.Params().Fields {
				if f := &row.Params().Fields[i]; f.Required {
					if r.RetCode != RetBadParams || r.Msg != wrongParams.Code || !strings.Contains(r.Message, `"`+f.Name()+`"`) {
						t.Errorf("%s without %s: got %d %s %q", name, f.Name(), r.RetCode, r.Msg, r.Message)
					}
					break
				}
			}
		}
	})
}
