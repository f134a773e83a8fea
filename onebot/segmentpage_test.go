package onebot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"libration/internal/text"
	"libration/ntqq/message"
)

// segmentPage is the page with everything about each segment.
func segmentPage(t *testing.T, l text.Language) []byte {
	t.Helper()
	head := text.T(`# OneBot v11: segments

[简体中文](onebot-segments.zh-CN.md)

All types of segments, and their data, in messages that bots get and in messages that they send. How messages are written is in the [guide](onebot.md#messages). The same for programs: [onebot.schema.json](onebot.schema.json). In arrays data that is received is of the types below, in CQ codes all of it is text; data that is sent may be of any type, and null or an empty text counts as absent. This page is made of the rows in `+"`onebot/segmentrows.go`"+` by `+"`go generate ./onebot`"+`.

`, `# OneBot v11：消息段

[English](onebot-segments.md)

全部消息段类型及其在收到和发送的消息中的内容。消息的写法见[指南](onebot.zh-CN.md#消息)。供程序使用：[onebot.schema.zh-CN.json](onebot.schema.zh-CN.json)。收到的内容在数组格式中为下列类型，在 CQ 码中均为字符串；发送的内容可以是任何类型，null 和空字符串视为没有。本页由 `+"`go generate ./onebot`"+` 从 `+"`onebot/segmentrows.go`"+` 中的行生成。

`)
	var b strings.Builder
	b.WriteString(head.In(l))
	b.WriteString(text.T("| segment | received | sent |\n|---|---|---|\n", "| 消息段 | 接收 | 发送 |\n|---|---|---|\n").In(l))
	mark := map[bool]string{true: text.T("yes", "是").In(l), false: ""}
	for _, r := range segmentRows() {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s |\n", r.name, r.name, mark[r.show != nil || r.name == nodeType], mark[!r.refused])
	}
	for _, r := range segmentRows() {
		fmt.Fprintf(&b, "\n## `%s`\n", r.name)
		if r.notes != (text.Text{}) {
			fmt.Fprintf(&b, "\n%s\n", r.notes.In(l))
		}
		if r.show != nil {
			array, code := receivedExample(t, &r)
			fmt.Fprintf(&b, "\n%s\n\n%s", text.T("Received:", "接收：").In(l), object(r.received...).Sent(l))
			writeForms(&b, array, code)
		}
		if len(r.sent) > 0 {
			fmt.Fprintf(&b, "\n%s\n\n%s", text.T("Sent:", "发送：").In(l), object(r.sent...).Taken(l))
		}
		for _, sample := range r.samples {
			array := []byte(`{"type":"` + r.name + `","data":` + sample + `}`)
			segments, err := parseSegments(array)
			if err != nil {
				t.Fatal(err)
			}
			code := string(appendCQ(nil, segments))
			if r.name == nodeType { // in a code it is without nodes of its own
				code = ""
			}
			writeForms(&b, array, code)
		}
	}
	return []byte(b.String())
}

func writeForms(b *strings.Builder, array []byte, code string) {
	fmt.Fprintf(b, "\n```json\n%s\n```\n", array)
	if code != "" {
		fmt.Fprintf(b, "\n```text\n%s\n```\n", code)
	}
}

// receivedExample is a segment that bots got in the sandbox, or else a sample, as an array
// has it and as a code.
func receivedExample(t *testing.T, r *segmentRow) (array []byte, code string) {
	t.Helper()
	for _, c := range capturedEvents(t) {
		var e struct {
			Message []struct {
				Type string
				Data json.RawMessage
			}
			Raw string `json:"raw_message"`
		}
		if json.Unmarshal(c.Event, &e) != nil {
			continue
		}
		for _, one := range e.Message {
			if one.Type != r.name {
				continue
			}
			code := regexp.MustCompile(`\[CQ:` + r.name + `,[^\]]*\]`).FindString(e.Raw)
			if r.name == "text" {
				code = e.Raw
			}
			return fmt.Appendf(nil, `{"type":%q,"data":%s}`, r.name, one.Data), code
		}
	}
	s, _, _ := newTestDialect(t)
	for _, part := range samples() {
		segments := s.account.writer.appendSegments(nil, message.Chat{Kind: message.Group, Group: groupCode}, message.Content{part})
		if segments[0].kind == r.name {
			array := appendSegmentsJSON(nil, segments)
			return bytes.Trim(array, "[]"), string(appendCQ(nil, segments))
		}
	}
	t.Fatalf("there is no example of %s", r.name)
	return nil, ""
}
