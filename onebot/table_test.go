package onebot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"libration/gateway/table"
	"libration/internal/clienttest"
	"libration/ntqq"
	"libration/ntqq/message"
)

// specRow is a row of docs/protocol/onebot11.md (b).
var specRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ((?:[^|\\\\]|\\\\.)*) \\|.*\\| \\*\\*(T[123])\\*\\* ([A-Za-z ]+) \\|")

// specAction is an action of the spec: its name, the cell with its parameters, its tier and
// who has it.
type specAction struct {
	name, params, tier string
	in                 []string
}

func specRows(t *testing.T) (all []specAction) {
	t.Helper()
	spec, err := os.ReadFile("../docs/protocol/onebot11.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range specRow.FindAllSubmatch(spec, -1) {
		all = append(all, specAction{string(r[1]), string(r[2]), string(r[3]), strings.Fields(string(r[4]))})
	}
	if len(all) < 200 {
		t.Fatalf("found %d actions in the spec: the test reads it wrongly", len(all))
	}
	return all
}

// TestSpecNames: every name of the spec is a row, in its tier, and there are no others.
func TestSpecNames(t *testing.T) {
	t.Parallel()
	tiers := map[string]table.Tier{"T2": common, "T3": rare}
	known := map[string]bool{}
	for _, r := range specRows(t) {
		name, tier := r.name, tiers[r.tier]
		if tier == (table.Tier{}) {
			tier = lagrange
			if slices.Contains(r.in, "S") {
				tier = standard
			}
		}
		known[name] = true
		if row := Table().Find(name); row == nil {
			t.Errorf("%s has no row: name it in known.go", name)
		} else if row.Tier != tier {
			t.Errorf("%s: its row is of the tier %v, want %v", name, row.Tier, tier)
		}
	}
	for _, name := range Table().Names() {
		if !known[name] {
			t.Errorf("%s is not in the spec", name)
		}
	}
}

// TestUnknownNames: who misspells reads what was meant, who calls what others have that
// it is not here.
func TestTypesAreDescribed(t *testing.T) {
	t.Parallel()
	if err := Table().Check(); err != nil {
		t.Error(err)
	}
}

func TestUnknownNames(t *testing.T) {
	for _, tt := range []struct{ name, en, zh string }{
		{"send_grup_msg", `no such action "send_grup_msg", did you mean "send_group_msg"?`, `没有动作 "send_grup_msg"，是否想用 "send_group_msg"？`},
		{"SendMsg_async", `no such action "SendMsg_async", did you mean "send_msg_async"?`, `没有动作 "SendMsg_async"，是否想用 "send_msg_async"？`},
		{"get_forward_mgs", `no such action "get_forward_mgs", did you mean "get_forward_msg"?`, `没有动作 "get_forward_mgs"，是否想用 "get_forward_msg"？`},
		{"frobnicate", `no such action "frobnicate"; get_supported_actions lists them`, `没有动作 "frobnicate"，可用 get_supported_actions 查看支持的动作`},
		{"get_guild_msg", `action "get_guild_msg" is known, but not offered: the service for guild channels ended for such accounts in 2023`, `动作 "get_guild_msg" 已知，但不提供：QQ 频道对此类账号的服务已于 2023 年停止`},
		{"get_guild_msg_rate_limited", `action "get_guild_msg" is known, but not offered: the service for guild channels ended for such accounts in 2023`, `动作 "get_guild_msg" 已知，但不提供：QQ 频道对此类账号的服务已于 2023 年停止`},
	} {
		for l, want := range map[Language]string{English: tt.en, Chinese: tt.zh} {
			s := newDialect(Options{Language: l}, nil)
			r := s.Call(t.Context(), Request{Action: tt.name})
			if r.RetCode != RetUnknownAction || r.Msg != "API_NOT_FOUND" || r.Wording != want || r.Message != want {
				t.Errorf("%s in %s: got %+v, want %q", tt.name, l, r, want)
			}
			if s.Lane(tt.name) != Local || s.Changes(tt.name) {
				t.Errorf("%s has a lane, or changes something", tt.name)
			}
		}
	}
}

// TestAppendedResults: a result that is encoded by hand is what its struct is.
func TestAppendedResults(t *testing.T) {
	t.Parallel()
	examples := map[reflect.Type]jsonAppender{}
	for _, v := range []jsonAppender{loginInfo{1 << 60, "<好>\x01"}, messageIDResult{-5}} {
		examples[reflect.TypeOf(v)] = v
	}
	for _, name := range Table().Names() {
		result := Table().Find(name).Result().Go
		v := examples[result]
		if v == nil {
			if result.Implements(reflect.TypeFor[jsonAppender]()) {
				t.Errorf("%s: no example of a %v", name, result)
			}
			continue
		}
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
		if got := v.appendJSON(nil); string(got)+"\n" != want.String() {
			t.Errorf("%T: got %s, want %s", v, got, &want)
		}
	}
}

// TestEncodedResults: what is encoded by hand has all fields of its struct and no other.
func TestEncodedResults(t *testing.T) {
	s, c, store := newTestDialect(t, func(_ *clienttest.Account, o *ntqq.Options) { o.Signer = noSigner{} })
	own := friendMessage(6, message.Text("own"))
	own.Self = true
	temporary := friendMessage(7, &message.FaceSegment{ID: 1})
	temporary.Chat = message.Chat{Kind: message.Temp, Peer: friendUIN, Group: groupCode}
	for _, m := range []*message.Message{groupMessage(5, &message.AtSegment{UIN: 5, Display: "@x"}), own, temporary} {
		id, err := store.Put(m)
		if err != nil {
			t.Fatal(err)
		}
		sameFields[messageObject](t, call(t, s, "get_msg", fmt.Sprintf(`{"message_id":%d}`, id)))
	}
	sameFields[statusResult](t, call(t, s, "get_status", `{}`))
	if call(t, s, "send_group_msg", `{"group_id":5,"message":"x"}`); c.SignFailure() == nil {
		t.Error("there is a signer that works")
	}
	sameFields[statusResult](t, call(t, s, "get_status", `{}`))
}

func sameFields[T any](t *testing.T, r *Response) {
	t.Helper()
	raw, err := appendData(nil, r.Data)
	if err != nil || r.Status != StatusOK {
		t.Fatalf("got %+v, %v", r, err)
	}
	var decoded T
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&decoded); err != nil {
		t.Errorf("%s: %v", raw, err)
	}
	var has map[string]json.RawMessage
	if err := json.Unmarshal(raw, &has); err != nil {
		t.Fatal(err)
	}
	for i := range reflect.TypeFor[T]().NumField() {
		name, options, _ := strings.Cut(reflect.TypeFor[T]().Field(i).Tag.Get("json"), ",")
		if _, ok := has[name]; !ok && options != "omitempty" {
			t.Errorf("%s lacks %s", raw, name)
		}
	}
}
