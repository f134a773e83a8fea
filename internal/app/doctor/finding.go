package doctor

import (
	"fmt"
	"io"
	"strings"

	"libration/internal/text"
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
	// What says what was found, Remedy what to do about it, in the language of the report.
	// Remedy is "" where nothing needs to be done.
	What, Remedy string
}

// print writes the findings for a person and returns how many problems there are.
func print(w io.Writer, l text.Language, all []Finding) (problems int) {
	marks := map[Level]text.Text{
		Good: text.T("ok", "正常"), Note: text.T("note", "提示"), Warning: text.T("warning", "警告"), Problem: text.T("PROBLEM", "问题"),
	}
	for _, f := range all {
		if f.Level == Problem {
			problems++
		}
		fmt.Fprintf(w, "%-8s %s\n", marks[f.Level].In(l), strings.ReplaceAll(text.Shown(f.What), "\n", "\n         "))
		if f.Remedy != "" {
			fmt.Fprintf(w, "         -> %s\n", text.Shown(f.Remedy))
		}
	}
	verdict := text.T("\nnothing wrong was found", "\n没有发现问题")
	if problems > 0 {
		verdict = text.T("\n%d to be mended, marked PROBLEM", "\n有 %d 个问题需要处理").Fill(problems)
	}
	fmt.Fprintln(w, verdict.In(l))
	return problems
}
