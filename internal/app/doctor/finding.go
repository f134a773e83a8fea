package doctor

import (
	"fmt"
	"io"
	"strings"

	"libration/onebot"
)

// Level says what a finding means.
type Level uint8

// The levels.
const (
	Good    Level = iota
	Note          // worth knowing, or not looked at
	Warning       // works, but should not stay so
	Problem       // does not work
)

// Finding is the result of one look.
type Finding struct {
	Level Level
	// Code names the diagnosis for programs and tests: "port-taken".
	Code string
	// What was found, and what to do about it, in the language of the report. Remedy
	// is "" where nothing is to be done.
	What, Remedy string
}

// text is a text in both languages.
type text struct{ english, chinese string }

func (t text) in(l onebot.Language) string {
	if l == onebot.Chinese {
		return t.chinese
	}
	return t.english
}

func (t text) fill(l onebot.Language, args []any) string {
	if len(args) == 0 {
		return t.in(l)
	}
	return fmt.Sprintf(t.in(l), args...)
}

// print writes the findings for a person and returns how many problems there are.
func print(w io.Writer, l onebot.Language, all []Finding) (problems int) {
	marks := map[Level]text{
		Good: {"ok", "正常"}, Note: {"note", "提示"}, Warning: {"warning", "警告"}, Problem: {"PROBLEM", "问题"},
	}
	for _, f := range all {
		if f.Level == Problem {
			problems++
		}
		fmt.Fprintf(w, "%-8s %s\n", marks[f.Level].in(l), strings.ReplaceAll(f.What, "\n", "\n         "))
		if f.Remedy != "" {
			fmt.Fprintf(w, "         -> %s\n", f.Remedy)
		}
	}
	verdict := text{"\nnothing wrong was found", "\n没有发现问题"}
	if problems > 0 {
		verdict = text{fmt.Sprintf("\n%d to be mended, marked PROBLEM", problems), fmt.Sprintf("\n有 %d 个问题需要处理", problems)}
	}
	fmt.Fprintln(w, verdict.in(l))
	return problems
}
