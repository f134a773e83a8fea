package table

import (
	"fmt"
	"strings"

	"libration/internal/text"
)

// List returns the actions that work, one a line, for a terminal.
func (t *Table[S]) List(l text.Language) string {
	var b strings.Builder
	for _, r := range t.rows {
		if r.Works() {
			fmt.Fprintf(&b, "  %-26s %s\n", strings.Join(r.Names(), ", "), r.Text.In(l))
		}
	}
	return b.String()
}

// Help returns what there is to know of an action, for a terminal.
func (r *Row[S]) Help(l text.Language) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  %s\n", strings.Join(r.Names(), ", "), r.Text.In(l))
	if len(r.Params.Fields) > 0 {
		fmt.Fprintf(&b, "\n%s\n", text.T("Parameters:", "参数：").In(l))
		for _, f := range lines(r.Params, 0) {
			b.WriteString(text.T("  %s (%s, %s)\n      %s%s\n", "  %s（%s，%s）\n      %s%s\n").Fill(f.nested(""), f.Type.words(), f.need(), f.Text, f.values()).In(l))
		}
	}
	if r.Result.Kind != Nothing {
		b.WriteString(text.T("\nResult: %s\n", "\n结果：%s\n").Fill(r.Result.words()).In(l))
		for _, f := range lines(r.Result, 0) {
			b.WriteString(text.T("  %s (%s)  %s%s\n", "  %s（%s）%s%s\n").Fill(f.nested(""), f.Type.words(), f.Text, f.values()).In(l))
		}
	}
	fmt.Fprintf(&b, "\n%s\n", text.T("Failures of its own:", "特有的失败代码：").In(l))
	for _, f := range failures(l, r.own()) {
		b.WriteString(text.T("  %s: %s\n", "  %s：%s\n").Fill(f.code, f.words).In(l))
	}
	return b.String()
}
