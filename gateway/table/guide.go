package table

import (
	"fmt"
	"slices"
	"strings"

	"libration/internal/text"
)

// mostFields are how many fields of a result an overview has.
const mostFields = 6

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
		for _, f := range r.Params().Fields {
			params = append(params, brief(f))
		}
		for _, line := range lines(r.Result(), 0) {
			if line.depth == 0 && len(data) < mostFields {
				data = append(data, "`"+line.Name()+"`")
			} else if line.depth == 0 {
				data = append(data[:mostFields], "…")
			}
		}
		what := strings.Join(data, comma)
		switch {
		case r.Result().Kind == Array && what == "":
			what = r.Result().words().In(l)
		case r.Result().Kind == Array:
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
func anchor(name string) string { return strings.ToLower(strings.ReplaceAll(name, ".", "")) }

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
		"Other services have these. They are answered with 1404 and the reason.",
		"其他服务有这些动作。本服务返回 1404 和原因。").In(l))
	b.WriteString(text.T("\n| why | actions |\n|---|---|\n", "\n| 原因 | 动作 |\n|---|---|\n").In(l))
	var told []text.Text
	for _, first := range t.rows {
		if first.Works() || slices.Contains(told, first.Text) {
			continue
		}
		told = append(told, first.Text)
		var names []string
		for _, r := range t.rows {
			if !r.Works() && r.Text == first.Text {
				names = append(names, "`"+r.Name+"`")
			}
		}
		slices.Sort(names)
		fmt.Fprintf(&b, "| %s | %s |\n", first.Text.In(l), strings.Join(names, text.T(", ", "、").In(l)))
	}
	return b.String()
}

func (r *Row[S]) section(b *strings.Builder, l text.Language) {
	fmt.Fprintf(b, "## `%s`\n\n%s\n", r.Name, r.Text.In(l))
	if r.Aliases != nil {
		fmt.Fprintf(b, "\n%s `%s`\n", text.T("Also:", "别名：").In(l), strings.Join(r.Aliases, "`, `"))
	}
	facts := text.T("From: %s. %s", "来源：%s。%s")
	changes := text.T("It changes something.", "会改变状态。")
	if r.ReadOnly() {
		changes = text.T("It only reads.", "只读。")
	}
	fmt.Fprintf(b, "\n%s\n", facts.Fill(r.Tier, changes).In(l))
	if len(r.Params().Fields) > 0 {
		b.WriteString(text.T(
			"\n| parameter | type | | meaning |\n|---|---|---|---|\n",
			"\n| 参数 | 类型 | | 含义 |\n|---|---|---|---|\n").In(l))
		for _, f := range lines(r.Params(), 0) {
			fmt.Fprintf(b, "| %s | %s | %s | %s%s |\n", f.nested("`"), f.Type.words().In(l), f.need().In(l), f.Text.In(l), f.values().In(l))
		}
	}
	if r.Result().Kind != Nothing {
		fmt.Fprintf(b, text.T("\n`data`: %s\n", "\n结果 `data`：%s\n").In(l), r.Result().words().In(l))
	}
	if all := lines(r.Result(), 0); len(all) > 0 {
		b.WriteString(text.T(
			"\n| field | type | meaning |\n|---|---|---|\n",
			"\n| 字段 | 类型 | 含义 |\n|---|---|---|\n").In(l))
		for _, f := range all {
			fmt.Fprintf(b, "| %s | %s | %s%s |\n", f.nested("`"), f.Type.words().In(l), f.Text.In(l), f.values().In(l))
		}
	}
	if e := r.Example(); e != nil {
		fmt.Fprintf(b, "\n```json\n%s\n%s\n```\n", e.Request(), e.Answer())
	}
	fmt.Fprintf(b, "\n%s\n\n", text.T("Failures of its own:", "特有的失败代码：").In(l))
	for _, f := range failures(l, r.own()) {
		fmt.Fprintf(b, text.T("- `%s`: %s\n", "- `%s`：%s\n").In(l), f.code, f.words)
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
			causes = append(causes, r.own()...)
		}
	}
	var b strings.Builder
	b.WriteString(text.T("| `msg` | meaning |\n|---|---|\n", "| `msg` | 含义 |\n|---|---|\n").In(l))
	for _, f := range failures(l, causes) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.code, f.words)
	}
	return b.String()
}

// own are the causes that the action has besides the ones of every action.
func (i *Info) own() []*Cause { return append(slices.Clone(i.Causes), i.Failure) }

// failing is a code with the texts of all its causes.
type failing struct{ code, words string }

// failures puts causes with the same code together.
func failures(l text.Language, causes []*Cause) (all []failing) {
	for n, c := range causes {
		same := func(other *Cause) bool { return other.Code == c.Code }
		if slices.ContainsFunc(causes[:n], same) {
			continue
		}
		var texts []string
		for _, other := range causes {
			if words := other.Text.In(l); same(other) && !slices.Contains(texts, words) {
				texts = append(texts, words)
			}
		}
		all = append(all, failing{c.Code, strings.Join(texts, text.T("; ", "；").In(l))})
	}
	return all
}
