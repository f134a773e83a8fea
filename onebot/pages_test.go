package onebot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"libration/internal/text"
)

// services are the names behind the letters of docs/protocol/onebot11.md.
var services = []struct{ letter, name string }{{"L", "Lagrange"}, {"C", "go-cqhttp"}, {"N", "NapCat"}, {"Y", "LuckyLillia"}}

// whose says whose an event is.
func whose(from string, l text.Language) string {
	letters := strings.Fields(from)
	if slices.Contains(letters, "S") {
		names := "OneBot v11"
		var lacks []string
		for _, s := range services {
			if !slices.Contains(letters, s.letter) {
				lacks = append(lacks, s.name)
			}
		}
		if lacks != nil {
			names += text.T(" (not %s)", "（%s 没有）").Fill(strings.Join(lacks, text.T(", ", "、").In(l))).In(l)
		}
		return names
	}
	var names []string
	for _, s := range services {
		if slices.Contains(letters, s.letter) {
			names = append(names, s.name)
		}
	}
	return strings.Join(names, text.T(", ", "、").In(l))
}

// eventTitle is the heading of an event.
func eventTitle(kind string) string { return "`" + strings.ReplaceAll(kind, "/", "` / `") + "`" }

// eventPage is the page with everything about each event.
func eventPage(t *testing.T, l text.Language) []byte {
	t.Helper()
	head := text.T(`# OneBot v11: events

[简体中文](onebot-events.zh-CN.md)

All events and their fields. What they have in common is in the [guide](onebot.md#events), the segments of messages are in [onebot-segments.md](onebot-segments.md). The same for programs: [onebot.schema.json](onebot.schema.json). The examples are what bots got in the sandbox. This page is made of the rows in `+"`onebot/described_*.go`"+` by `+"`go generate ./onebot`"+`.

`, `# OneBot v11：事件

[English](onebot-events.md)

全部事件及其字段。各事件的共同之处见[指南](onebot.zh-CN.md#事件)，消息段见 [onebot-segments.zh-CN.md](onebot-segments.zh-CN.md)。供程序使用：[onebot.schema.zh-CN.json](onebot.schema.zh-CN.json)。示例是机器人在沙盒中实际收到的内容。本页由 `+"`go generate ./onebot`"+` 从 `+"`onebot/described_*.go`"+` 中的行生成。

`)
	var b strings.Builder
	b.WriteString(head.In(l))
	b.WriteString(text.T("| event | flavour | sent |\n|---|---|---|\n", "| 事件 | flavour | 何时上报 |\n|---|---|---|\n").In(l))
	for _, d := range describedEvents() {
		flavour := ""
		if of := d.of(); of != 0 {
			flavour = "`" + of.String() + "`"
		}
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", eventTitle(d.kind), eventAnchor(d.kind), flavour, d.text.In(l))
	}
	j := newJudge()
	for _, d := range describedEvents() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n%s\n", eventTitle(d.kind), d.text.In(l), text.T("From: %s.", "来源：%s。").Fill(whose(d.from, l)).In(l))
		if of := d.of(); of != 0 {
			fmt.Fprintf(&b, "\n%s\n", text.T("Only with the flavour `%s` or `both`.", "仅在 flavour 为 `%s` 或 `both` 时上报。").Fill(of).In(l))
		}
		if d.notes != (text.Text{}) {
			fmt.Fprintf(&b, "\n%s\n", d.notes.In(l))
		}
		def := d.def()
		fmt.Fprintf(&b, "\n%s", def.Type.Sent(l))
		fmt.Fprintf(&b, "\n```json\n%s\n```\n", eventExample(t, j, d.kind))
	}
	return []byte(b.String())
}

// eventAnchor is the link to the heading of an event on the usual Markdown pages.
func eventAnchor(kind string) string { return strings.ReplaceAll(kind, "/", "--") }

// exampleHas are texts of the examples, where the first one of an event says less.
var exampleHas = map[string]string{
	"message/group":         `"type":"at"`,
	"message/private":       `"sub_type":"group"`,
	"notice/notify/poke":    `"group_id"`,
	"notice/group_decrease": `"kick"`,
	"request/group/add":     `"comment":"I am`,
}

// eventExample is an event of the sandbox: in the array format, and with everything that
// a flavour adds.
func eventExample(t *testing.T, j *judge, kind string) []byte {
	t.Helper()
	var found *captured
	for _, c := range capturedEvents(t) {
		if d := j.find(c.Event); d.kind != kind || !slices.Contains(c.Formats, "array") || !strings.Contains(string(c.Event), exampleHas[kind]) {
			continue
		}
		if found == nil || !slices.Contains(found.Flavours, "napcat") && slices.Contains(c.Flavours, "napcat") {
			found = &c
		}
	}
	if found == nil {
		t.Fatalf("there is no example of %s", kind)
	}
	return indented(t, found.Event)
}

// indented is JSON for people to read.
func indented(t *testing.T, raw json.RawMessage) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
