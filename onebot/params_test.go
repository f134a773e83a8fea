package onebot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq/message"
)

func TestLenientTyping(t *testing.T) {
	const bad = "bad"
	type numbered struct {
		X target `param:"x,optional" en:"x" zh:"一"`
	}
	type flagged struct {
		X bool `param:"x,default=false" en:"x" zh:"一"`
	}
	type unflagged struct {
		X bool `param:"x,default=true" en:"x" zh:"一"`
	}
	type worded struct {
		X string `param:"x,optional" en:"x" zh:"一"`
	}
	type worded1 struct {
		X string `param:"x,optional" enum:"a,5" en:"x" zh:"一"`
	}
	type ided struct {
		X messageID `param:"x"`
	}
	type owned struct {
		X message.UIN `param:"x"`
	}
	type listed struct {
		X []message.UIN `param:"x,optional" en:"x" zh:"一"`
	}
	type nested struct {
		X flagged `param:"x,optional" en:"x" zh:"一"`
	}
	integral := func(a *args) (any, error) {
		n, _ := number(a, "x")
		return n, a.err
	}
	flag := parameter(func(p flagged) any { return p.X })
	flagTrue := parameter(func(p unflagged) any { return p.X })
	text := parameter(func(p worded) any { return p.X })
	id := parameter(func(p ided) any { return int32(p.X) })
	user := parameter(func(p owned) any { return uint64(p.X) })
	choice := parameter(func(p worded1) any { return p.X })
	late := parameter(func(p numbered) any { return fmt.Sprint(p.X.number, p.X.err != nil) })
	list := parameter(func(p listed) any { return fmt.Sprint(p.X) })
	inner := parameter(func(p nested) any { return p.X.X })
	for _, c := range []struct {
		name string
		read func(*args) (any, error)
		json string // JSON of x, "" for absent
		want any    // bad for an error
	}{
		{"number", integral, `12`, int64(12)},
		{"number", integral, `"12"`, int64(12)},
		{"number", integral, `" 12 "`, int64(12)},
		{"number", integral, `-7`, int64(-7)},
		{"number", integral, `12.0`, int64(12)},
		{"number", integral, `1.2e1`, int64(12)},
		{"number", integral, `9007199254740993`, int64(9007199254740993)},
		{"number", integral, `"9223372036854775807"`, int64(9223372036854775807)},
		{"number", integral, ``, int64(0)},
		{"number", integral, `null`, int64(0)},
		{"number", integral, `""`, int64(0)},
		{"number", integral, `9223372036854775808`, bad},
		{"number", integral, `1e400`, bad},
		{"number", integral, `12.5`, bad},
		{"number", integral, `"0x10"`, bad},
		{"number", integral, `"NaN"`, bad},
		{"number", integral, `"Inf"`, bad},
		{"number", integral, `"1_000"`, bad},
		{"number", integral, `"abc"`, bad},
		{"number", integral, `true`, bad},
		{"number", integral, `[1]`, bad},
		{"number", integral, `{}`, bad},
		{"boolean", flag, `true`, true},
		{"boolean", flag, `"true"`, true},
		{"boolean", flag, `"True"`, true},
		{"boolean", flag, `"yes"`, true},
		{"boolean", flag, `1`, true},
		{"boolean", flag, `"1"`, true},
		{"boolean", flagTrue, `false`, false},
		{"boolean", flagTrue, `"no"`, false},
		{"boolean", flagTrue, `0`, false},
		{"boolean", flagTrue, `"0"`, false},
		{"boolean", flagTrue, ``, true},
		{"boolean", flagTrue, `null`, true},
		{"boolean", flagTrue, `""`, true},
		{"boolean", flag, `2`, bad},
		{"boolean", flag, `"maybe"`, bad},
		{"boolean", flag, `[]`, bad},
		{"text", text, `"a"`, "a"},
		{"text", text, `5`, "5"},
		{"text", text, `false`, "false"},
		{"text", text, `null`, ""},
		{"text", text, ``, ""},
		{"text", text, `{}`, bad},
		{"message id", id, `-2147483648`, int32(-2147483648)},
		{"message id", id, `"-5"`, int32(-5)},
		{"message id", id, `2147483648`, bad},
		{"message id", id, ``, bad},
		{"user", user, `"10001"`, uint64(10001)},
		{"user", user, `0`, bad},
		{"user", user, `-1`, bad},
		{"user", user, ``, bad},
		{"choice", choice, `"a"`, "a"},
		{"choice", choice, `5`, "5"},
		{"choice", choice, `""`, ""},
		{"choice", choice, `"b"`, bad},
		{"number that may not count", late, `"5"`, "5 false"},
		{"number that may not count", late, `"x"`, "0 true"},
		{"number that may not count", late, ``, "0 false"},
		{"list", list, `["5",6]`, "[5 6]"},
		{"list", list, `"[5]"`, bad},
		{"list", list, `[]`, "[]"},
		{"list", list, ``, "[]"},
		{"list", list, `[5,"x"]`, bad},
		{"list", list, `[5,0]`, bad},
		{"list", list, `[null]`, bad},
		{"list", list, `{}`, bad},
		{"list", list, `5`, bad},
		{"object", inner, `{"x":"yes"}`, true},
		{"object", inner, `{}`, false},
		{"object", inner, ``, false},
		{"object", inner, `{"x":"perhaps"}`, bad},
		{"object", inner, `[]`, bad},
		{"object", inner, `5`, bad},
	} {
		raw := `{}`
		if c.json != "" {
			raw = `{"x":` + c.json + `}`
		}
		p, err := ParamsJSON(json.RawMessage(raw))
		if err != nil {
			t.Fatalf("ParamsJSON(%s): %v", raw, err)
		}
		a := args{params: p}
		got, err := c.read(&a)
		if err != nil {
			got = bad
		}
		if got != c.want {
			t.Errorf("%s from JSON %s: got %v (%v), want %v", c.name, raw, got, err, c.want)
		}
	}
}

// number reads a whole number.
func number(a *args, name string) (int64, bool) {
	v, ok := a.params.get(name)
	if !ok {
		return 0, false
	}
	return a.integer(name, v)
}

// parameter returns what reads one parameter, by the table.
func parameter[P any](get func(P) any) func(*args) (any, error) {
	var got any
	actions, err := table.New(dialect(), table.Of("x", standard, Local, text.T("x", "一"),
		func(_ context.Context, _ *account, p P) (table.None, error) { got = get(p); return table.None{}, nil }))
	if err != nil {
		panic(err)
	}
	return func(a *args) (any, error) {
		got = nil
		_, err := actions.Find("x").Run(context.Background(), nil, a)
		return got, err
	}
}

func TestParamsValues(t *testing.T) {
	p := withValues(t, Params{}, "n=-12&b=yes&t=%5BCQ%3Aface%2Cid%3D1%5D+a%2Bb&empty=&n=5&"+
		"list=%5B%7B%22type%22%3A%22text%22%2C%22data%22%3A%7B%22text%22%3A%22x%22%7D%7D%5D&message=%5b1,+2%5d&semi;colon=1", "")
	a := args{params: p}
	if n, ok := number(&a, "n"); n != -12 || !ok {
		t.Errorf("number from -12: got %d, %t", n, ok)
	}
	if !a.flag("b") {
		t.Error("flag from yes: got false")
	}
	if got := a.text("t"); got != "[CQ:face,id=1] a+b" {
		t.Errorf("text: got %q", got)
	}
	if _, ok := number(&a, "empty"); ok {
		t.Error("number from an empty value: got one, want none")
	}
	if got := a.message("message"); len(got) != 1 || got[0].get("text") != "[1, 2]" {
		t.Errorf("message from a form's [1, 2]: got %v, want it as text", got)
	}
	if got := a.message("list"); len(got) != 1 || got[0].get("text") != "x" {
		t.Errorf("message from a form's array: got %v, want its segment", got)
	}
	if got := a.text("list"); !strings.HasPrefix(got, "[") {
		t.Errorf("text from a form's array: got %q, want it as written", got)
	}
	if got := a.text("semi;colon"); got != "1" {
		t.Errorf("a name with a semicolon: got %q", got)
	}
	if a.err != nil {
		t.Errorf("unexpected error: %v", a.err)
	}
}

// withValues adds a form and a query.
func withValues(t testing.TB, p Params, form, query string) Params {
	t.Helper()
	p, err := p.WithValues([]byte(form), []byte(query))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParamsPrecedence(t *testing.T) {
	body, err := ParamsJSON(json.RawMessage(`{"b":"body","c":null}`))
	if err != nil {
		t.Fatal(err)
	}
	a := args{params: withValues(t, body, "c=form&a%62=form", "a=query&b=query&c=query&ab=query")}
	if got := a.text("a") + " " + a.text("b") + " " + a.text("c") + " " + a.text("ab"); got != "query body form form" {
		t.Errorf("got %q, want the body to win, null to be absent and the form before the query", got)
	}
	if _, ok := a.params.get(""); ok {
		t.Error("a parameter without a name: got one, want none")
	}
	for _, bad := range []string{"%", "a=%4", "a=%zz", "a=1&b=%+1"} {
		if _, err := (Params{}).WithValues([]byte(bad), nil); err == nil || !strings.Contains(err.Error(), "form") {
			t.Errorf("form %s: got error %v", bad, err)
		}
		if _, err := (Params{}).WithValues(nil, []byte(bad)); err == nil || !strings.Contains(err.Error(), "query") {
			t.Errorf("query %s: got error %v", bad, err)
		}
	}
}

// FuzzEncoded compares the values of forms with those of net/url.
func FuzzEncoded(f *testing.F) {
	for _, s := range []string{"a=1&b=%20+&a=2", "&&=x&%61=%41", "a;b=1", "%", "a=b=c&a%", "+=%2B"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := Params{}.WithValues(in, nil)
		want, wantErr := url.ParseQuery(strings.ReplaceAll(string(in), ";", "%3B"))
		if (err == nil) != (wantErr == nil) && !errors.Is(err, errTooManyValues) {
			t.Fatalf("%q: got error %v, net/url has %v", in, err, wantErr)
		}
		if err != nil {
			return
		}
		for name, values := range want {
			if v, ok := p.get(name); !ok || v.text != values[0] {
				t.Errorf("%q: %q is %q, %t, want %q", in, name, v.text, ok, values[0])
			}
		}
	})
}

func TestParamsJSONRefused(t *testing.T) {
	for _, in := range []string{`[]`, `"x"`, `5`, `{`, `{"a":}`} {
		if _, err := ParamsJSON(json.RawMessage(in)); err == nil || !strings.Contains(err.Error(), "params") {
			t.Errorf("ParamsJSON(%s): got error %v", in, err)
		}
	}
	for _, in := range []string{``, `null`, `{}`} {
		if _, err := ParamsJSON(json.RawMessage(in)); err != nil {
			t.Errorf("ParamsJSON(%s): %v", in, err)
		}
	}
}

func FuzzParams(f *testing.F) {
	for _, s := range []string{`{"user_id":"1","message":[{"type":"text","data":{"text":"x"}}]}`, `{"message":"[CQ:at,qq=1]","auto_escape":1}`, `{"group_id":1e5,"message":5}`} {
		f.Add([]byte(s), "group_id=[1]&message=%5B%7B%7D%5D")
	}
	f.Fuzz(func(t *testing.T, in []byte, form string) {
		p, err := ParamsJSON(in)
		if err != nil {
			p = Params{}
		}
		if with, err := p.WithValues([]byte(form), nil); err == nil {
			p = with
		}
		names := []string{"message", "group_id", "auto_escape"}
		for name := range members(p.json) {
			names = append(names, name)
		}
		for _, name := range names {
			for _, read := range []func(*args){
				func(a *args) { a.required(name) },
				func(a *args) { a.flag(name) },
				func(a *args) { a.text(name) },
				func(a *args) { a.messageID(name) },
				func(a *args) { a.members(name, value{text: form}) },
				func(a *args) { a.message(name) },
			} {
				read(&args{params: p})
			}
		}
	})
}
