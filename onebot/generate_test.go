package onebot

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"

	"libration/internal/text"
)

var update = flag.Bool("update", false, "write what is made of the tables of actions, events and segments")

// TestGenerated: the pages of the guides are those of the table.
func TestGenerated(t *testing.T) {
	files := map[string][]byte{
		"../docs/onebot.schema.json":       Table().Schema(text.English, defs()...),
		"../docs/onebot.schema.zh-CN.json": Table().Schema(text.Chinese, defs()...),
		"../docs/onebot-events.md":         eventPage(t, text.English),
		"../docs/onebot-events.zh-CN.md":   eventPage(t, text.Chinese),
		"../docs/onebot-segments.md":       segmentPage(t, text.English),
		"../docs/onebot-segments.zh-CN.md": segmentPage(t, text.Chinese),
		"../docs/onebot-actions.md":        reference(text.English),
		"../docs/onebot-actions.zh-CN.md":  reference(text.Chinese),
	}
	for l, name := range map[text.Language]string{text.English: "onebot", text.Chinese: "onebot.zh-CN"} {
		path, page := "../docs/"+name+".md", map[text.Language]string{text.English: "onebot-actions.md", text.Chinese: "onebot-actions.zh-CN.md"}[l]
		guide, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		guide = between(t, guide, "actions", Table().Overview(l, page))
		guide = between(t, guide, "counts", counts(t, l))
		files[path] = between(t, guide, "codes", Table().Codes(l))
	}
	for path, want := range files {
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got, err := os.ReadFile(path); err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s is out of date: run go generate ./onebot", path)
		}
	}
}

// reference is the page with everything about each action.
func reference(l text.Language) []byte {
	head := text.T(`# OneBot v11: actions

[简体中文](onebot-actions.zh-CN.md)

All actions, their parameters, results and failures. How to call them, and the failures that every action may have, are in the [guide](onebot.md). The same for programs: [onebot.schema.json](onebot.schema.json); for a terminal: `+"`libration call ACTION --help`"+`. The examples were run against the [sandbox](sandbox.md), by HTTP and by WebSocket; of long lists and texts they show the beginning. This page is made of the rows in `+"`onebot/actions_*.go`"+` by `+"`go generate ./onebot`"+`.

`, `# OneBot v11：动作

[English](onebot-actions.md)

全部动作及其参数、结果和失败代码。调用方法和各动作共有的失败代码见[指南](onebot.zh-CN.md)。供程序使用：[onebot.schema.zh-CN.json](onebot.schema.zh-CN.json)；在终端中查看：`+"`libration call 动作 --help`"+`。示例均通过 HTTP 和 WebSocket 在[沙盒](sandbox.zh-CN.md)中实际运行过，较长的列表和文字只显示开头。本页由 `+"`go generate ./onebot`"+` 从 `+"`onebot/actions_*.go`"+` 中的行生成。

`)
	return []byte(head.In(l) + Table().Reference(l))
}

// counts is a table of how many actions of the spec are offered, by its tiers.
func counts(t *testing.T, l text.Language) string {
	t.Helper()
	var offered, known, unknown [4]int
	for _, r := range specRows(t) {
		tier := r.tier[1] - '0'
		switch row := Table().Find(r.name); {
		case row == nil:
			unknown[tier]++
		case row.Works():
			offered[tier]++
		default:
			known[tier]++
		}
	}
	if unknown[1]+unknown[2] > 0 {
		t.Errorf("actions of T1 and T2 are unknown: %d and %d", unknown[1], unknown[2])
	}
	words := map[text.Language][3]string{
		text.English: {"| actions | offered | not offered, with the reason | unknown |", "T1: of the standard, or of Lagrange.OneBot", "T3: of NapCat or LuckyLillia alone"},
		text.Chinese: {"| 动作 | 提供 | 不提供（附原因） | 未知 |", "T1：标准或 Lagrange.OneBot 中的", "T3：仅 NapCat 或 LuckyLillia 有的"},
	}[l]
	second := text.T("T2: of go-cqhttp, or of NapCat and LuckyLillia alike", "T2：go-cqhttp 有的，或 NapCat 和 LuckyLillia 都有的").In(l)
	table := words[0] + "\n|---|---|---|---|\n"
	for tier, what := range []string{1: words[1], 2: second, 3: words[2]} {
		if tier > 0 {
			table += fmt.Sprintf("| %s | %d | %d | %d |\n", what, offered[tier], known[tier], unknown[tier])
		}
	}
	return table
}

// between replaces a part of a guide that is made.
func between(t *testing.T, guide []byte, part, table string) []byte {
	t.Helper()
	begin, end := []byte("<!-- generated: "+part+" -->\n"), []byte("<!-- end: "+part+" -->")
	before, rest, found := bytes.Cut(guide, begin)
	_, after, closed := bytes.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("a guide has no marks for %s", part)
	}
	return slices.Concat(before, begin, []byte(table), end, after)
}
