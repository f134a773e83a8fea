package table

import (
	"fmt"
	"strings"

	"libration/internal/text"
)

// List returns the actions that work, one a line, by their subjects, for a terminal.
func (t *Table[S]) List(l text.Language) string {
	var subjects []text.Text
	lists := map[text.Text]string{}
	for _, r := range t.rows {
		if !r.Works() {
			continue
		}
		if _, known := lists[r.Subject]; !known {
			subjects = append(subjects, r.Subject)
		}
		lists[r.Subject] += fmt.Sprintf("  %-26s %s\n", strings.Join(r.Names(), ", "), r.Text.In(l))
	}
	var parts []string
	for _, s := range subjects {
		parts = append(parts, s.In(l)+"\n"+lists[s])
	}
	return strings.Join(parts, "\n")
}

// Help returns what there is to know of an action, for a terminal. command writes its
// example as a command line.
func (r *Row[S]) Help(l text.Language, command func(*Example) string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  %s\n", strings.Join(r.Names(), ", "), r.Text.In(l))
	if len(r.Params().Fields) > 0 {
		fmt.Fprintf(&b, "\n%s\n", text.T("Parameters:", "参数：").In(l))
		for _, f := range lines(r.Params(), 0) {
			b.WriteString(text.T("  %s (%s, %s)\n      %s%s\n", "  %s（%s，%s）\n      %s%s\n").Fill(f.nested(""), f.Type.words(), f.need(), f.Text, f.values()).In(l))
		}
	}
	if e := r.Example(); e != nil {
		shown := command(e) + "\n" + e.Answer()
		fmt.Fprintf(&b, "\n%s\n  %s\n", text.T("Example:", "示例：").In(l), strings.ReplaceAll(shown, "\n", "\n  "))
	}
	if r.Result().Kind != Nothing {
		b.WriteString(text.T("\nResult: %s\n", "\n结果：%s\n").Fill(r.Result().words()).In(l))
		for _, f := range lines(r.Result(), 0) {
			b.WriteString(text.T("  %s (%s)  %s%s\n", "  %s（%s）%s%s\n").Fill(f.nested(""), f.Type.words(), f.Text, f.values()).In(l))
		}
	}
	fmt.Fprintf(&b, "\n%s\n", text.T("Failures of its own:", "特有的失败代码：").In(l))
	for _, f := range failures(l, r.own()) {
		b.WriteString(text.T("  %s: %s\n", "  %s：%s\n").Fill(f.code, f.words).In(l))
	}
	return b.String()
}
