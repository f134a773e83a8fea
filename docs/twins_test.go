package docs

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// guides must be there in both languages. A new guide gets its line here when it lands.
var guides = []string{
	"README",
	"docs/captcha",
	"docs/configuration",
	"docs/faq",
	"docs/install",
	"docs/library",
	"docs/notices",
	"docs/onebot",
	"docs/onebot-actions",
	"docs/performance",
	"docs/reliability",
	"docs/sandbox",
	"docs/security",
	"docs/session",
}

func TestGuidesAreInBothLanguages(t *testing.T) {
	t.Parallel()
	for _, guide := range guides {
		for _, name := range []string{guide + ".md", guide + chinese} {
			if !exists(name) {
				t.Errorf("%s is missing", name)
			}
		}
	}
}

// TestTwins compares each page that has a twin with it.
func TestTwins(t *testing.T) {
	t.Parallel()
	compared := 0
	for _, name := range files(t, chinese) {
		if !exists(twin(name)) {
			t.Errorf("%s has no English twin", name)
			continue
		}
		compared++
		for _, d := range differences(read(t, twin(name)), read(t, name)) {
			t.Error(d)
		}
	}
	if compared < len(guides) {
		t.Errorf("compared %d pairs, want %d or more", compared, len(guides))
	}
}

// differences says where two pages do not say the same: headings, tables, numbers, code and links.
func differences(en, zh *page) []string {
	if len(en.sections) != len(zh.sections) {
		for i := range min(len(en.sections), len(zh.sections)) {
			if en.sections[i].level != zh.sections[i].level {
				return []string{fmt.Sprintf("%s:%d and %s:%d: other levels of headings: %q, %q", en.name, en.sections[i].line,
					zh.name, zh.sections[i].line, en.sections[i].heading, zh.sections[i].heading)}
			}
		}
		return []string{fmt.Sprintf("%s has %d headings, %s %d", en.name, len(en.sections)-1, zh.name, len(zh.sections)-1)}
	}
	var out []string
	for i := range en.sections {
		e, z := &en.sections[i], &zh.sections[i]
		for _, d := range sectionDifferences(en, zh, e, z) {
			out = append(out, fmt.Sprintf("%s:%d %q and %s:%d %q: %s", en.name, e.line, e.heading, zh.name, z.line, z.heading, d))
		}
	}
	return out
}

func sectionDifferences(en, zh *page, e, z *section) []string {
	var out []string
	add := func(format string, a ...any) { out = append(out, fmt.Sprintf(format, a...)) }
	if e.level != z.level {
		add("levels %d and %d", e.level, z.level)
	}
	if e.items != z.items {
		add("%d and %d items in lists", e.items, z.items)
	}
	if len(e.tables) != len(z.tables) {
		add("%d and %d tables", len(e.tables), len(z.tables))
		return out
	}
	for i := range e.tables {
		if len(e.tables[i]) != len(z.tables[i]) {
			add("table %d has %d and %d rows", i+1, len(e.tables[i]), len(z.tables[i]))
			continue
		}
		for j, r := range e.tables[i] {
			other := z.tables[i][j]
			if len(r.cells) != len(other.cells) {
				add("lines %d and %d have %d and %d cells", r.line, other.line, len(r.cells), len(other.cells))
				continue
			}
			if d := multiset(numbers(strings.Join(r.cells, "\n")), numbers(strings.Join(other.cells, "\n"))); d != "" {
				add("lines %d and %d: numbers: %s", r.line, other.line, d)
			}
			if d := codeDifference(strings.Join(r.cells, "\n"), strings.Join(other.cells, "\n")); d != "" {
				add("lines %d and %d: code: %s", r.line, other.line, d)
			}
		}
	}
	ew, zw := e.heading+"\n"+strings.Join(e.text, "\n"), z.heading+"\n"+strings.Join(z.text, "\n")
	if d := multiset(numbers(ew), numbers(zw)); d != "" {
		add("numbers: %s", d)
	}
	if d := codeDifference(ew, zw); d != "" {
		add("code: %s", d)
	}
	if d := multiset(targets(en, e), targets(zh, z)); d != "" {
		add("links: %s", d)
	}
	if len(e.blocks) != len(z.blocks) {
		add("%d and %d code blocks", len(e.blocks), len(z.blocks))
		return out
	}
	for i := range e.blocks {
		if d := blockDifference(&e.blocks[i], &z.blocks[i]); d != "" {
			add("%s", d)
		}
	}
	return out
}

// targets are a section's links, the Chinese ones as the English page would have them.
func targets(p *page, s *section) []string {
	var out []string
	for _, l := range p.links(s) {
		file := strings.Replace(l.file, ".zh-CN.", ".", 1)
		switch {
		case l.file == "":
			out = append(out, l.target)
		case l.file == twin(p.name) && l.anchor == "":
			out = append(out, "the other language")
		case l.anchor != "":
			out = append(out, fmt.Sprintf("%s, heading %d", file, headingNumber(p, l)))
		default:
			out = append(out, file)
		}
	}
	return unique(out)
}

// headingNumber is the place of a link's heading in its page, which is the same in both languages.
func headingNumber(p *page, l link) int {
	if l.file == p.name {
		return slices.Index(p.anchors, l.anchor)
	}
	if !exists(l.file) {
		return -1
	}
	text, err := readFile(l.file)
	if err != nil {
		return -1
	}
	return slices.Index(parse(l.file, text).anchors, l.anchor)
}

var (
	numeral = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_.-]*|[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)*(?: ?(?:[A-Za-z]+\b|%|百万|万|亿|毫秒|微秒|秒|分钟|小时|天|字节))?`)
	units   = map[string]string{
		"ms": "ms", "毫秒": "ms", "millisecond": "ms", "milliseconds": "ms", "microseconds": "µs", "微秒": "µs",
		"s": "s", "second": "s", "seconds": "s", "秒": "s", "min": "min", "minute": "min", "minutes": "min", "分钟": "min", "m": "min",
		"h": "h", "hour": "h", "hours": "h", "小时": "h", "day": "d", "days": "d", "天": "d", "d": "d",
		"byte": "B", "bytes": "B", "字节": "B", "%": "%",
		"KB": "KB", "MB": "MB", "GB": "GB", "KiB": "KiB", "MiB": "MiB", "GiB": "GiB",
	}
)

var many = map[string]float64{"million": 1e6, "billion": 1e9, "万": 1e4, "百万": 1e6, "亿": 1e8}

// numbers are those of a text outside of code, each with its unit where it has one that is known. A number within a word, such as P-256, is none.
func numbers(text string) []string {
	text = linkTarget.ReplaceAllString(codeSpan.ReplaceAllString(text, " x "), "]")
	var out []string
	for _, m := range numeral.FindAllString(text, -1) {
		if m[0] < '0' || m[0] > '9' {
			continue
		}
		end := strings.IndexFunc(m, func(r rune) bool { return !strings.ContainsRune("0123456789.,", r) })
		if end < 0 {
			out = append(out, strings.ReplaceAll(m, ",", ""))
			continue
		}
		number := strings.ReplaceAll(m[:end], ",", "")
		if f, err := strconv.ParseFloat(number, 64); err == nil && many[strings.TrimSpace(m[end:])] > 0 {
			number = strconv.FormatFloat(f*many[strings.TrimSpace(m[end:])], 'f', -1, 64)
		}
		if unit := units[strings.TrimSpace(m[end:])]; unit != "" {
			number += " " + unit
		}
		out = append(out, number)
	}
	return out
}

func unique(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// multiset says what two lists do not share, in any order.
func multiset(en, zh []string) string {
	count := map[string]int{}
	for _, v := range en {
		count[v]++
	}
	for _, v := range zh {
		count[v]--
	}
	var only [2][]string
	for _, v := range slices.Sorted(maps.Keys(count)) {
		for n := count[v]; n > 0; n-- {
			only[0] = append(only[0], v)
		}
		for n := count[v]; n < 0; n++ {
			only[1] = append(only[1], v)
		}
	}
	if only[0] == nil && only[1] == nil {
		return ""
	}
	return fmt.Sprintf("only English %q, only Chinese %q", only[0], only[1])
}

func TestADifferenceIsFound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ en, zh, want string }{
		{"64 workers, 10,000 bytes, 8 s, 5 minutes, 20 %", "64 个工作线程，10000 字节，8 秒，5 分钟，20%", ""},
		{"2.3 million", "230 万", ""},
		{"150022027 A1 is forbidden", "150022027 禁用 A1", ""},
		{"64 workers", "8 个工作线程", `numbers: only English ["64"], only Chinese ["8"]`},
		{"8 s", "8 分钟", `numbers: only English ["8 s"], only Chinese ["8 min"]`},
		{"A2, P-256, v1.26 and UTF-8", "甲二", ""},
		{"| a | 1 |\n|---|---|\n| b | 2 |", "| 甲 | 1 |\n|---|---|\n| 乙 | 3 |", `only English ["2"], only Chinese ["3"]`},
		{"| a |\n|---|\n| b |", "| 甲 |\n|---|", "table 1 has 2 and 1 rows"},
		{"| a | b |\n|---|---|", "| 甲 |\n|---|", "have 2 and 1 cells"},
		{"## A\n\n### B", "## 甲\n\n## 乙", "levels 3 and 2"},
		{"## A", "甲", "has 1 headings"},
		{"- a\n- b", "- 甲", "2 and 1 items"},
		{"`a` and `b`", "`a`", "code: only English [\"`b`\"]"},
		{"`--account NAME`", "`--account 名称`", ""},
		{"`--account NAME`", "`--name 名称`", "code:"},
		{"[a](c.md#c)", "[甲](d.md)", "links:"},
		{"```sh\nls -l    # all\n```", "```sh\nls -l # 全部\n```", ""},
		{"```sh\nls '#' # it's all\n```", "```sh\nls '#'\n# 全部\n```", ""},
		{"```sh\nls -l\n```", "```sh\nls -a\n```", "code blocks at lines 1 and 1"},
		{"```json\n{\"a\": \"hi there\", \"b\": 1}\n```", "```json\n{\"a\": \"你好\", \"b\": 1}\n```", ""},
		{"```json\n{\"a\": \"hi there\", \"b\": 1}\n```", "```json\n{\"a\": \"你好\", \"b\": 2}\n```", "code blocks"},
		{"```yaml\n- {nickname: my bot, uin: 1}\n```", "```yaml\n- {nickname: 我的机器人, uin: 1}\n```", ""},
	} {
		got := strings.Join(differences(parse("a.md", tt.en), parse("a.zh-CN.md", tt.zh)), "\n")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%q, %q: got %q, want %q", tt.en, tt.zh, got, tt.want)
		}
	}
}
