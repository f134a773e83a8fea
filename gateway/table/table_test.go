package table_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/gateway/table"
	"libration/internal/text"
)

// bot is what the actions of these tests run on.
type bot struct{ got any }

type number uint64

type node struct {
	Who   number `param:"user_id" json:"user_id"`
	Words string `param:"words,default=none" json:"words" en:"What it says." zh:"内容。"`
}

type forwardParams struct {
	Group number  `param:"group_id|group"`
	Seq   *number `param:"message_seq,optional" en:"Where it begins." zh:"起点。"`
	Times int64   `param:"times,default=3" en:"How often." zh:"次数。"`
	Order string  `param:"order,default=asc" enum:"asc,desc" en:"Which way." zh:"顺序。"`
	Nodes []node  `param:"nodes,optional" en:"The parts." zh:"各部分。"`
}

type forwarded struct {
	ID    int32   `json:"id" en:"The id." zh:"编号。"`
	Next  *number `json:"next" en:"Where it goes on." zh:"后续。"`
	Parts []node  `json:"parts" en:"The parts." zh:"各部分。"`
}

func forward(_ context.Context, b *bot, p forwardParams) (forwarded, error) {
	if p.Group == 13 {
		return forwarded{}, errors.New("bad luck")
	}
	b.got = p
	return forwarded{ID: 1, Parts: p.Nodes}, nil
}

func nothing(_ context.Context, _ *bot, _ table.None) (table.None, error) { return table.None{}, nil }

func raw(_ context.Context, _ *bot, _ table.None) (table.Encoded[forwarded], error) {
	return table.Encoded[forwarded](`{"id":5}`), nil
}

var (
	failure = &table.Cause{Code: "FAILED", Text: text.T("it failed", "失败")}
	noGroup = &table.Cause{Code: "NO_GROUP", Text: text.T("no such group", "群不存在")}
	dialect = table.Dialect{
		Name: "Test", Tiers: []table.Tier{text.Same("standard"), text.Same("rare")}, Failure: failure,
		Example: func(action string) *table.Example {
			if action != "forward" {
				return nil
			}
			return &forwardExample
		},
		Types: map[reflect.Type]table.Type{
			reflect.TypeFor[number](): {Kind: table.Integer, Text: text.T("A number.", "号码。")},
			reflect.TypeFor[int64]():  {Kind: table.Integer},
			reflect.TypeFor[string](): {Kind: table.String},
		},
	}
)

func rows() []table.Row[*bot] {
	return slices.Concat(
		table.About(text.T("Sending", "发送"), []table.Row[*bot]{
			table.Of("forward", text.Same("standard"), table.Sends, text.T("Forwards.", "转发。"), forward, table.Alias("fwd"), table.Fails(failure, noGroup)),
		}),
		table.About(text.T("Other", "其他"), []table.Row[*bot]{
			table.Of("nothing", text.Same("standard"), table.Local, text.T("Does nothing.", "什么也不做。"), nothing),
			table.Of(".raw", text.Same("rare"), table.Lookups, text.T("Encodes itself.", "自行编码。"), raw),
		}),
		table.Known[*bot](text.Same("rare"), text.T("Nobody needs it.", "没有人需要。"), "backward sideward nothing fwd"),
	)
}

// forwardExample has lists and texts that are too long for a page.
var forwardExample = table.Example{
	Action: "forward", Params: json.RawMessage(`{"group_id":5,"nodes":[{"user_id":1,"words":"a & b"},{"user_id":2},{"user_id":3}]}`),
	Answers: []json.RawMessage{json.RawMessage(`{"status":"ok","data":{"id":1,"next":null,"parts":[` +
		strings.Repeat(`{"user_id":1,"words":"`+strings.Repeat("好", 70)+`"},`, 20) + `{"user_id":2,"words":""}]}}`)},
}

func newTable(t *testing.T) *table.Table[*bot] {
	t.Helper()
	actions, err := table.New(dialect, rows()...)
	if err != nil {
		t.Fatal(err)
	}
	return actions
}

func TestStrictParameters(t *testing.T) {
	t.Parallel()
	row := newTable(t).Find("forward")
	seven := number(7)
	for _, tt := range []struct {
		params string
		want   forwardParams
		wrong  string
	}{
		{`{"group_id":5}`, forwardParams{Group: 5, Times: 3, Order: "asc"}, ""},
		{`{"group":5,"times":null,"other":[1]}`, forwardParams{Group: 5, Times: 3, Order: "asc"}, ""},
		{`{"group_id":5,"times":0,"order":"desc","message_seq":7}`, forwardParams{Group: 5, Order: "desc", Seq: &seven}, ""},
		{`{"group_id":5,"nodes":[{"user_id":1},{"user_id":2,"words":""}]}`,
			forwardParams{Group: 5, Times: 3, Order: "asc", Nodes: []node{{1, "none"}, {2, ""}}}, ""},
		{`{}`, forwardParams{}, "parameter group_id is missing"},
		{`{"group_id":"5"}`, forwardParams{}, "parameter group_id must be integer"},
		{`{"group_id":5.5}`, forwardParams{}, "parameter group_id must be integer"},
		{`{"group_id":5,"order":"up"}`, forwardParams{}, `parameter order must be "asc" or "desc"`},
		{`{"group_id":5,"order":1}`, forwardParams{}, "parameter order must be text"},
		{`{"group_id":5,"nodes":{}}`, forwardParams{}, "parameter nodes must be list: object"},
		{`{"group_id":5,"nodes":[null]}`, forwardParams{}, "parameter nodes[0] must be object"},
		{`{"group_id":5,"nodes":[{"user_id":1},{}]}`, forwardParams{}, "parameter nodes[1].user_id is missing"},
		{`{"group_id":5,"nodes":[{"user_id":true}]}`, forwardParams{}, "parameter nodes[0].user_id must be integer"},
	} {
		source, err := table.NewStrict([]byte(tt.params))
		if err != nil {
			t.Fatal(err)
		}
		b := &bot{}
		_, err = row.Run(t.Context(), b, source)
		var wrong *table.Wrong
		if tt.wrong != "" {
			if !errors.As(err, &wrong) || err.Error() != tt.wrong {
				t.Errorf("%s: got error %v, want %s", tt.params, err, tt.wrong)
			}
			continue
		}
		if diff := cmp.Diff(tt.want, b.got); err != nil || diff != "" {
			t.Errorf("%s: error %v, -want +got\n%s", tt.params, err, diff)
		}
	}
	for _, bad := range []string{``, `null`, `[]`, `{`} {
		if _, err := table.NewStrict([]byte(bad)); err == nil {
			t.Errorf("%q was taken as an object", bad)
		}
	}
}

func TestResults(t *testing.T) {
	t.Parallel()
	actions := newTable(t)
	for name, want := range map[string]string{
		"fwd": `{"id":1,"next":null,"parts":null}`, "nothing": `null`, ".raw": `{"id":5}`,
	} {
		source, _ := table.NewStrict([]byte(`{"group_id":1}`))
		data, err := actions.Find(name).Run(t.Context(), &bot{}, source)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := json.Marshal(data); string(got) != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	source, _ := table.NewStrict([]byte(`{"group_id":13}`))
	if data, err := actions.Find("forward").Run(t.Context(), &bot{}, source); data != nil || err == nil || err.Error() != "bad luck" {
		t.Errorf("got %v, error %v, want the action's own", data, err)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	actions := newTable(t)
	if diff := cmp.Diff([]string{".raw", "forward", "fwd", "nothing"}, actions.Names()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for name, want := range map[string]string{"forwrad": "forward", "raw": ".raw", "bakward": "backward", "zzz": ""} {
		if got := actions.Nearest(name); got != want {
			t.Errorf("nearest to %q: got %q, want %q", name, got, want)
		}
	}
	if r := actions.Find("backward"); r == nil || r.Works() {
		t.Errorf("an absent action: got %+v", r)
	}
	if actions.Find("forward").ReadOnly() || !actions.Find("nothing").ReadOnly() {
		t.Error("what an action changes does not follow from its lane")
	}
}

// TestBadRows: every mistake is found when the table is made, and names its row.
func TestBadRows(t *testing.T) {
	t.Parallel()
	what := text.T("x", "一")
	one := func(r table.Row[*bot]) []table.Row[*bot] { return []table.Row[*bot]{r} }
	type none = table.None
	for _, tt := range []struct {
		want string
		rows []table.Row[*bot]
	}{
		{`the name "nothing" is taken`, append(rows(), table.Of("nothing", text.Same("rare"), table.Local, what, nothing))},
		{`the name "fwd" is taken`, append(rows(), table.Of("fwd", text.Same("rare"), table.Local, what, nothing))},
		{`the name "nothing" is taken`, append(rows(), table.Of("a", text.Same("rare"), table.Local, what, nothing, table.Alias("nothing")))},
		{`unknown tier "odd"`, table.Known[*bot](text.Same("odd"), what, "a")},
		{"has no English text", table.Known[*bot](text.Same("rare"), text.Text{}, "a")},
		{"unknown lane 9", one(table.Of("a", text.Same("rare"), 9, what, nothing))},
		{"has no Chinese text", one(table.Of("a", text.Same("rare"), table.Local, text.Text{EN: "x"}, nothing))},
		{"has no English text", one(table.Of("a", text.Same("rare"), table.Local, text.Text{ZH: "一"}, nothing))},
		{"this is no name", one(table.Of("a b", text.Same("rare"), table.Local, what, nothing))},
		{"failure X has no Chinese text", one(table.Of("a", text.Same("rare"), table.Local, what, nothing, table.Fails(&table.Cause{Code: "X", Text: text.Text{EN: "x"}})))},
		{"a failure has no code", one(table.Of("a", text.Same("rare"), table.Local, what, nothing, table.Fails(failure, nil)))},
		{"its parameters are no struct", one(table.Of("a", text.Same("rare"), table.Local, what, func(context.Context, *bot, string) (none, error) { return none{}, nil }))},
		{"field A: the dialect cannot read a float64", one(params[struct {
			A float64 `param:"a" en:"x" zh:"一"`
		}]())},
		{"field A: has no Chinese text", one(params[struct {
			A string `param:"a" en:"x"`
		}]())},
		{"field A: it needs the tag param", one(params[struct{ A string }]())},
		{`field B: the name "a" is taken`, one(params[struct {
			A number `param:"a"`
			B number `param:"a"`
		}]())},
		{`unknown option "perhaps"`, one(params[struct {
			A number `param:"a,perhaps"`
		}]())},
		{`default "many"`, one(params[struct {
			A number `param:"a,default=many"`
		}]())},
		{"a table_test.number has no enum", one(params[struct {
			A number `param:"a" enum:"x,y"`
		}]())},
		{"field A: field Who: it needs the tag param", one(params[struct {
			A []struct{ Who number } `param:"a" en:"x" zh:"一"`
		}]())},
		{"no result has a func()", one(table.Of("a", text.Same("rare"), table.Local, what, func(context.Context, *bot, none) (func(), error) { return nil, nil }))},
		{"field A: has no English text", one(table.Of("a", text.Same("rare"), table.Local, what, func(context.Context, *bot, none) (r struct {
			A int `json:"a"`
		}, err error) {
			return r, nil
		}))},
	} {
		actions, err := table.New(dialect, tt.rows...)
		if err == nil {
			err = actions.Check()
		}
		if name := tt.rows[len(tt.rows)-1].Name; err == nil || !strings.Contains(err.Error(), `action "`+name+`": `) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got error %v, want one of action %q with %q", err, name, tt.want)
		}
	}
}

// params is a row with these parameters.
func params[P any]() table.Row[*bot] {
	return table.Of("a", text.Same("rare"), table.Local, text.T("x", "一"), func(context.Context, *bot, P) (table.None, error) { return table.None{}, nil })
}

func FuzzStrict(f *testing.F) {
	actions, err := table.New(dialect, rows()...)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{`{"group_id":5,"nodes":[{"user_id":1,"words":null}]}`, `{"group":5,"order":"asc","message_seq":1e3}`, `{"nodes":[[]]}`, `null`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		source, err := table.NewStrict(raw)
		if err != nil {
			return
		}
		b := &bot{}
		if _, err := actions.Find("forward").Run(t.Context(), b, source); err == nil && b.got.(forwardParams).Group == 0 {
			if got := string(source["group_id"]) + string(source["group"]); !strings.Contains(got, "0") {
				t.Errorf("%s: a required parameter was read from %q", raw, got)
			}
		}
	})
}
