package onebot

import (
	"encoding/json"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"libration/gateway"
	"libration/ntqq/message"
)

// TestRequestBounds: what is too much is refused, what is just enough is not.
func TestRequestBounds(t *testing.T) {
	many := func(n int, item string) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	for _, c := range []struct {
		name, frame string
		want        error // nil: it is parsed
	}{
		{"parameters", `{"action":"a","params":{` + many(maxValues, `"":0`) + `}}`, errTooManyValues},
		{"most parameters", `{"action":"a","params":{` + many(maxValues-4, `"":0`) + `}}`, nil},
		{"array", `{"action":"a","params":{"x":[` + many(maxValues, `0`) + `]}}`, errTooManyValues},
		{"empty objects", `{"action":"a","params":{"x":[` + many(maxValues, `{}`) + `]}}`, errTooManyValues},
		{"not JSON at all", strings.Repeat(",", maxValues+1), errTooManyValues},
		{"nesting", `{"action":"a","echo":` + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + `}`, errTooDeep},
		{"deepest nesting", `{"action":"a","echo":` + strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1) + `}`, nil},
		{"in a string", `{"action":"a","params":{"x":"\",[` + strings.Repeat("[{,", maxValues) + `\\"}}`, nil},
		{"no UTF-8, large", `{"action":"a","params":{"x":"` + strings.Repeat("\xff", gateway.SmallRequest) + `"}}`, errNoUTF8},
		{"no UTF-8, small", `{"action":"a","params":{"x":"` + strings.Repeat("\xff", 1000) + `"}}`, nil},
		{"picture", `{"action":"a","params":{"message":[{"type":"image","data":{"file":"base64://` + strings.Repeat("Ab+/", 10<<20) + `"}}]}}`, nil},
	} {
		if _, err := ParseRequest([]byte(c.frame)); !errors.Is(err, c.want) {
			t.Errorf("%s: got error %v, want %v", c.name, err, c.want)
		}
	}
	for _, echo := range []string{`"` + strings.Repeat("x", maxEcho) + `"`, `"` + strings.Repeat("x", maxEcho-2) + `"`} {
		frame := []byte(`{"action":"a","echo":` + echo + `}`)
		r, err := ParseRequest(frame)
		if fits := len(echo) <= maxEcho; (err == nil) != fits || len(r.Echo) > maxEcho {
			t.Errorf("echo of %d bytes: got %d bytes, error %v", len(echo), len(r.Echo), err)
		} else if err != nil && newDialect(Options{}, &fakeStore{}).badRequest(frame, err).Echo != nil {
			t.Error("the answer to an echo that is too large has it")
		}
	}
	if _, err := (Params{}).WithValues([]byte(strings.Repeat("a&", maxValues)), nil); !errors.Is(err, errTooManyValues) {
		t.Errorf("form: got error %v", err)
	}
	form := withValues(t, Params{}, "message=["+many(maxValues, "{}")+"]", "")
	if v, _ := form.get("message"); v.structure() != nil {
		t.Error("a form's list of too many values was read")
	}
}

// TestMessageBounds: a message is refused before memory is taken for its parts.
func TestMessageBounds(t *testing.T) {
	s, c, _ := newTestDialect(t)
	segments := `{"type":"text","data":{"text":"` + strings.Repeat("x", 1000) + `"}},`
	for name, text := range map[string]string{
		"CQ codes":    strings.Repeat("[CQ:at]", maxValues+1),
		"CQ commas":   "[CQ:at" + strings.Repeat(",", maxValues) + "]",
		"text":        strings.Repeat("x", maxText+1),
		"a code in":   strings.Repeat("x", maxText) + "[CQ:at,qq=20001]x",
		"many pieces": "[" + strings.TrimSuffix(strings.Repeat(segments, maxText/1000+1), ",") + "]",
	} {
		quoted := text
		if text[0] != '[' || strings.HasPrefix(text, "[CQ") {
			b, err := json.Marshal(text)
			if err != nil {
				t.Fatal(err)
			}
			quoted = string(b)
		}
		if r := call(t, s, "send_group_msg", `{"group_id":5,"message":`+quoted+`}`); r.RetCode != RetBadParams || !strings.Contains(r.Wording, "too long") || len(r.Wording) > 300 {
			t.Errorf("%s: got %d %.300q", name, r.RetCode, r.Wording)
		}
	}
	if r := call(t, s, "send_group_msg", `{"group_id":5,"message":"`+strings.Repeat(",", message.MaxText)+`"}`); r.RetCode != RetOK {
		t.Errorf("the longest text: got %d %.300q", r.RetCode, r.Wording)
	}
	if r := call(t, s, "send_group_msg", `{"group_id":5,"message":"`+strings.Repeat(",", maxText)+`"}`); r.Msg != longText.Code {
		t.Errorf("the longest text that is read: got %s %.300q", r.Msg, r.Wording)
	}
	if len(c.Sent()) != 1 {
		t.Errorf("sent %d messages, want 1", len(c.Sent()))
	}
}

// TestQuotedInErrors: what a caller wrote is shortened in the answer.
func TestQuotedInErrors(t *testing.T) {
	s, _, _ := newTestDialect(t)
	long := strings.Repeat("x", 1<<20)
	for _, r := range []*Response{
		s.Call(t.Context(), Request{Action: long}),
		call(t, s, "send_group_msg", `{"group_id":"`+long+`","message":"x"}`),
		call(t, s, "send_group_msg", `{"group_id":5,"message":"x","auto_escape":"`+long+`"}`),
		call(t, s, "send_msg", `{"message_type":"`+long+`"}`),
		call(t, s, "send_group_msg", `{"group_id":5,"message":[{"type":"`+long+`"}]}`),
		call(t, s, "send_group_msg", `{"group_id":5,"message":[{"type":"at","data":{"qq":"`+long+`"}}]}`),
		call(t, s, "send_group_msg", `{"group_id":5,"message":[{"type":"face","data":{"id":"`+long+`"}}]}`),
		call(t, s, "send_group_msg", `{"group_id":5,"message":"[CQ:at,`+long+`.]"}`),
	} {
		if r.Status != StatusFailed || len(r.Wording) > 1000 {
			t.Errorf("got %s with %d bytes: %.200q", r.Status, len(r.Wording), r.Wording)
		}
	}
}

// TestRequestCopies: reading a picture takes its bytes once, and a string of it once
// more, however it is written.
func TestRequestCopies(t *testing.T) {
	const size = 8 << 20
	for name, piece := range map[string]string{"plain": "Ab+/", "escaped": `Ab+\/`, "unicode": `\u0041`} {
		frame := []byte(`{"action":"send_group_msg","params":{"group_id":5,"message":[{"type":"image","data":{"file":"base64://` +
			strings.Repeat(piece, size/len(piece)) + `"}}]}}`)
		s, _, _ := newTestDialect(t)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := ParseRequest(frame)
		if err != nil {
			t.Fatal(err)
		}
		if answer := s.Call(t.Context(), r); answer.Msg != noFiles.Code {
			t.Errorf("%s: got %+v", name, answer)
		}
		runtime.ReadMemStats(&after)
		took := after.TotalAlloc - before.TotalAlloc
		t.Logf("%s: %.2f bytes for each byte", name, float64(took)/size)
		if took > size*5/4 {
			t.Errorf("%s: took %d bytes for %d", name, took, size)
		}
	}
}

func FuzzBounded(f *testing.F) {
	for _, s := range []string{`{"a":[1,2,{"b":"x\"],"}]}`, `"`, `"\`, `[[[[`, `]]]`, `,,,"\\",`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		err := bounded(in)
		if !json.Valid(in) {
			return
		}
		values, depth, deepest := 0, 0, 0
		d := json.NewDecoder(strings.NewReader(string(in)))
		d.UseNumber()
		for {
			token, end := d.Token()
			if end != nil {
				break
			}
			switch token {
			case json.Delim('{'), json.Delim('['):
				depth++
				deepest = max(deepest, depth)
			case json.Delim('}'), json.Delim(']'):
				depth--
				continue
			}
			values++ // keys too, which are not counted
		}
		if deepest > maxDepth != errors.Is(err, errTooDeep) {
			t.Errorf("%q is %d deep: got %v", in, deepest, err)
		}
		if errors.Is(err, errTooManyValues) && values < maxValues/2 {
			t.Errorf("%q has %d values and keys: got %v", in, values, err)
		}
	})
}

// TestLanes: what changes something at the server, or asks it, has a lane of its own.
func TestLanes(t *testing.T) {
	s, _, _ := newTestDialect(t)
	for _, name := range Table().Names() {
		want := Local
		switch {
		case !onlyReads(name):
			want = Sends
		case name == "get_recommend_face":
			want = Lookups
		case name == "get_ai_characters", name == "get_recent_contact":
			want = Lookups
		case name == "nc_get_packet_status": // from memory
		case !strings.HasPrefix(name, "get_") && !strings.HasPrefix(name, "can_"):
			want = Lookups
		case strings.HasPrefix(name, "get_group_"), strings.HasPrefix(name, "get_friend"), strings.HasPrefix(name, "get_doubt_"), strings.HasPrefix(name, "get_profile_"), slices.Contains([]string{"get_stranger_info", "get_unidirectional_friend_list", "get_forward_msg", "get_image", "get_record", "get_file", "get_rkey", "get_rkey_server", "get_qun_album_list", "get_mini_app_ark", "get_music_ark", "get_emoji_likes", "get_private_file_url", "get_essence_msg_list", "get_clientkey", "get_cookies", "get_credentials", "get_csrf_token"}, name):
			want = Lookups
		}
		if s.Lane(name) != want || s.Lane(name+"_async") != Local {
			t.Errorf("%s: got lane %d, want %d", name, s.Lane(name), want)
		}
	}
	if s.Lane("nothing") != Local {
		t.Error("an unknown action has a lane")
	}
}
