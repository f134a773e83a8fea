package onebot

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"libration/gateway"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// hostile are texts that no service sends.
var hostile = []string{"", "\x00\x1f\x7f", `"\`, "\xff\xfe", "\u2028</script>", "[CQ:at,qq=all]", strings.Repeat("字", 5000), "u_x-1-2"}

// fill gives all fields of an event values that no service sends, and these texts.
func fill(random *rand.Rand, v reflect.Value, texts []string) {
	numbers := []uint64{0, 1, math.MaxInt32, math.MaxUint32, 1 << 53, math.MaxInt64, math.MaxUint64}
	switch number := numbers[random.IntN(len(numbers))]; v.Kind() {
	case reflect.String:
		v.SetString(texts[random.IntN(len(texts))])
	case reflect.Bool:
		v.SetBool(number%2 == 1)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(number))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(number)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), random.IntN(3), 3))
		for i := range v.Len() {
			fill(random, v.Index(i), texts)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(random, v.Field(i), texts)
		}
	}
}

// TestHostileNotices: whatever an event has, its frames are right JSON, each key once, in
// all flavours.
func TestHostileNotices(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	for range 200 {
		for _, e := range event.All() {
			if _, message := e.(*event.Message); message {
				continue
			}
			fill(random, reflect.ValueOf(e).Elem(), hostile)
			for _, flavour := range []Flavour{Lagrange, NapCat, Lagrange | NapCat} {
				w := &writer{flavour: flavour, self: func() message.UIN { return selfUIN }}
				for _, frame := range w.notices(&gateway.Event{ID: 8, Event: e}) {
					if !utf8.Valid(frame) || !json.Valid(frame) {
						t.Fatalf("seed %d, %s: %.500q", seed, e.Name(), frame)
					}
					if key := twice(frame); key != "" {
						t.Errorf("%s has %q twice: %.500q", e.Name(), key, frame)
					}
				}
			}
		}
	}
}

// twice returns a key of an object that it has twice, "" for none.
func twice(object []byte) string {
	var keys []string
	d := json.NewDecoder(bytes.NewReader(object))
	_, _ = d.Token()
	for d.More() {
		key, _ := d.Token()
		name, _ := key.(string)
		if slices.Contains(keys, name) {
			return name
		}
		keys = append(keys, name)
		var skipped json.RawMessage
		if d.Decode(&skipped) != nil {
			return "what is no key"
		}
	}
	return ""
}

// TestBrokenFlags: flags that are none find no request, and do not panic.
func TestBrokenFlags(t *testing.T) {
	for _, flag := range []string{
		"", "-", "----", "0", "-1", "x", "1-", "1-2", "1-2-", "1-2-3-0", "1-2-1-2", "1-2-1-0x", "0-2-1-0", "0-2-1-0-", "+1-2-1-0",
		"18446744073709551616-2-1-0", "1-2-1--1", " 1-2-1-0", "1-2-1-0\x00", "1-2-1-0-u_x", "0-2-1-0-" + strings.Repeat("u", 200), strings.Repeat("1-", 1<<16), strings.Repeat("9", 1<<16),
	} {
		if r, ok := parseGroupFlag(flag); ok {
			t.Errorf("%.40q is taken for %.200v", flag, r)
		}
	}
	for _, r := range []ntqq.GroupRequest{
		{Group: 5, Kind: ntqq.NoticeInvitation}, {Group: 5, Kind: ntqq.NoticeJoin, Asker: "u_a-b-c"},
		{Group: 5, Kind: ntqq.NoticeJoin, Sequence: math.MaxUint64, Filtered: true},
	} {
		if back, ok := parseGroupFlag(groupFlag(r)); !ok || back != r {
			t.Errorf("the flag of %+v is taken for %+v", r, back)
		}
	}
}
