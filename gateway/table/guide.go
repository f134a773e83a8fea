package table

import (
	"fmt"
	"slices"
	"strings"

	"libration/internal/text"
)

// Overview returns a Markdown table of all actions that work. page is where
// [Table.Reference] is.
func (t *Table[S]) Overview(l text.Language, page string) string {
	var b strings.Builder
	b.WriteString(text.T(
		"| action | what it does | parameters | data |\n|---|---|---|---|\n",
		"| 动作 | 说明 | 参数 | data |\n|---|---|---|---|\n").In(l))
	comma := text.T(", ", "、").In(l)
	for _, r := range t.rows {
		if !r.Works() {
			continue
		}
		var names, params, data []string
		for _, name := range r.Names() {
			names = append(names, "[`"+name+"`]("+page+"#"+anchor(r.Name)+")")
		}
		for _, f := range r.Params.Fields {
			params = append(params, brief(f))
		}
		for _, line := range lines(r.Result, 0) {
			if line.depth == 0 {
				data = append(data, "`"+line.Name()+"`")
			}
		}
		what := strings.Join(data, comma)
		switch {
		case r.Result.Kind == Array && what == "":
			what = r.Result.words().In(l)
		case r.Result.Kind == Array:
			what = kinds[Array].In(l) + text.T(": ", "：").In(l) + what
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", strings.Join(names, comma), r.Text.In(l), strings.Join(params, comma), what)
	}
	return b.String()
}

// brief is a parameter as the overview has it: name? when it may be left out, name=value
// with a default.
func brief(f Field) string {
	switch {
	case f.Default != "":
		return "`" + f.Name() + "`=" + f.Default
	case !f.Required:
		return "`" + f.Name() + "`?"
	}
	return "`" + f.Name() + "`"
}

// anchor is the link to a heading on the usual Markdown pages.
func anchor(name string) string { return strings.ReplaceAll(name, ".", "") }

// Reference returns a Markdown section for each action that works: its parameters, its
// result and how it fails. The names that are known beyond these end it.
func (t *Table[S]) Reference(l text.Language) string {
	var b strings.Builder
	for _, r := range t.rows {
		if r.Works() {
			r.section(&b, l)
		}
	}
	fmt.Fprintf(&b, "## %s\n\n%s\n", text.T("Not in this version", "本版本没有的动作").In(l), text.T(
		"Other services have these. They are answered with 1404, which says so.",
		"其他服务有这些动作。本服务返回 1404，并说明本版本没有。").In(l))
	for _, tier := range t.dialect.Tiers {
		var names []string
		for _, r := range t.rows {
			if !r.Works() && r.Tier == tier {
				names = append(names, "`"+r.Name+"`")
			}
		}
		if slices.Sort(names); names != nil {
			fmt.Fprintf(&b, "\n- %s: %s\n", tier, strings.Join(names, text.T(", ", "、").In(l)))
		}
	}
	return b.String()
}

func (r *Row[S]) section(b *strings.Builder, l text.Language) {
	fmt.Fprintf(b, "## `%s`\n\n%s\n", r.Name, r.Text.In(l))
	if r.Aliases != nil {
		fmt.Fprintf(b, "\n%s `%s`\n", text.T("Also:", "别名：").In(l), strings.Join(r.Aliases, "`, `"))
	}
	facts := text.T("Tier: %s. %s", "类别：%s。%s")
	changes := text.T("It changes something.", "会改变状态。")
	if r.ReadOnly() {
		changes = text.T("It only reads.", "只读。")
	}
	fmt.Fprintf(b, "\n%s\n", facts.Fill(string(r.Tier), changes).In(l))
	if len(r.Params.Fields) > 0 {
		b.WriteString(text.T(
			"\n| parameter | type | | meaning |\n|---|---|---|---|\n",
			"\n| 参数 | 类型 | | 含义 |\n|---|---|---|---|\n").In(l))
		for _, f := range lines(r.Params, 0) {
			fmt.Fprintf(b, "| %s | %s | %s | %s%s |\n", f.nested("`"), f.Type.words().In(l), f.need().In(l), f.Text.In(l), f.values().In(l))
		}
	}
	if r.Result.Kind != Nothing {
		fmt.Fprintf(b, "\ndata: %s\n", r.Result.words().In(l))
	}
	if all := lines(r.Result, 0); len(all) > 0 {
		b.WriteString(text.T(
			"\n| field | type | meaning |\n|---|---|---|\n",
			"\n| 字段 | 类型 | 含义 |\n|---|---|---|\n").In(l))
		for _, f := range all {
			fmt.Fprintf(b, "| %s | %s | %s%s |\n", f.nested("`"), f.Type.words().In(l), f.Text.In(l), f.values().In(l))
		}
	}
	fmt.Fprintf(b, "\n%s\n\n", text.T("Failures of its own:", "特有的失败代码：").In(l))
	for _, c := range append(slices.Clone(r.Causes), r.Failure) {
		fmt.Fprintf(b, "- `%s`: %s\n", c.Code, c.Text.In(l))
	}
	b.WriteByte('\n')
}

// nested returns the names of a field, behind a dash for each object they are in.
func (l line) nested(quote string) string {
	return strings.Repeat("– ", l.depth) + quote + strings.Join(l.Names, quote+" / "+quote) + quote
}

// Codes returns a Markdown table of the failure codes: those of every action, then those
// of single ones. A code with several causes has all their texts.
func (t *Table[S]) Codes(l text.Language) string {
	causes := slices.Clone(t.dialect.Causes)
	for _, r := range t.rows {
		if r.Works() {
			causes = append(append(causes, r.Causes...), r.Failure)
		}
	}
	var codes []string
	texts := map[string][]string{}
	for _, c := range causes {
		if texts[c.Code] == nil {
			codes = append(codes, c.Code)
		}
		if words := c.Text.In(l); !slices.Contains(texts[c.Code], words) {
			texts[c.Code] = append(texts[c.Code], words)
		}
	}
	var b strings.Builder
	b.WriteString(text.T("| `msg` | meaning |\n|---|---|\n", "| `msg` | 含义 |\n|---|---|\n").In(l))
	for _, code := range codes {
		fmt.Fprintf(&b, "| `%s` | %s |\n", code, strings.Join(texts[code], text.T("; ", "；").In(l)))
	}
	return b.String()
}
