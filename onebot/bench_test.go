package onebot

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"libration/gateway"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

func benchmarkHandle(b *testing.B, formats ...Format) {
	s, _, _ := newTestDialect(b)
	var subs []*gateway.Subscription
	for _, f := range formats {
		sub := s.Subscribe(form(f, false))
		defer sub.Close()
		subs = append(subs, sub)
	}
	var e event.Event = &event.Message{Message: groupMessage(5, message.Text("hello, 世界: an ordinary message"))}
	b.ReportAllocs()
	for b.Loop() {
		s.Handle(b.Context(), e)
		for _, sub := range subs {
			nextRaw(b, sub)
		}
	}
}

func BenchmarkHandleArray(b *testing.B)          { benchmarkHandle(b, FormatArray) }
func BenchmarkHandleArrayAndString(b *testing.B) { benchmarkHandle(b, FormatArray, FormatString) }
func BenchmarkHandleNobody(b *testing.B)         { benchmarkHandle(b) }

func BenchmarkCallLoginInfo(b *testing.B) {
	s, _, _ := newTestDialect(b)
	frame := []byte(`{"action":"get_login_info","params":{},"echo":"1"}`)
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		r, err := ParseRequest(frame)
		if err != nil {
			b.Fatal(err)
		}
		out = s.Call(b.Context(), r).AppendJSON(out[:0])
	}
}

// BenchmarkCallSendGroup measures this package: the message goes nowhere.
func BenchmarkCallSendGroup(b *testing.B) {
	s, _, _ := newTestDialect(b)
	s.account.deliver = func(_ context.Context, chat message.Chat, c message.Content) (*message.Message, error) {
		return &message.Message{Chat: chat, Sequence: 1, Time: testTime, Self: true, Content: c}, nil
	}
	frame := []byte(`{"action":"send_group_msg","params":{"group_id":5,"message":[{"type":"text","data":{"text":"hello"}}]},"echo":"1"}`)
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		r, err := ParseRequest(frame)
		if err != nil {
			b.Fatal(err)
		}
		out = s.Call(b.Context(), r).AppendJSON(out[:0])
	}
}

func BenchmarkCallGetMsg(b *testing.B) {
	s, _, store := newTestDialect(b)
	id, err := store.Put(groupMessage(5, message.Text("hello, 世界: an ordinary message")))
	if err != nil {
		b.Fatal(err)
	}
	frame := fmt.Appendf(nil, `{"action":"get_msg","params":{"message_id":%d},"echo":"1"}`, id)
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		r, err := ParseRequest(frame)
		if err != nil {
			b.Fatal(err)
		}
		out = s.Call(b.Context(), r).AppendJSON(out[:0])
	}
}

const benchCQ = "[CQ:reply,id=-123456][CQ:at,qq=10001] hello &amp; good &#91;day&#93;[CQ:face,id=14]"

func BenchmarkParseCQ(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseCQ(benchCQ); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPrintCQ(b *testing.B) {
	segments, err := parseCQ(benchCQ)
	if err != nil {
		b.Fatal(err)
	}
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		out = appendCQ(out[:0], segments)
	}
}

func BenchmarkParseSegments(b *testing.B) {
	raw := json.RawMessage(`[{"type":"reply","data":{"id":"-5"}},{"type":"at","data":{"qq":10001}},{"type":"text","data":{"text":"hello"}}]`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseSegments(raw); err != nil {
			b.Fatal(err)
		}
	}
}
