package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"libration/internal/text"
)

// Problem is one thing wrong with a configuration.
type Problem struct {
	// Line and Column count from 1; 0 when the value is not from the file.
	Line, Column int
	// Env is the environment variable that the value is from, or the path of the
	// credential; "" for the file.
	Env string
	// Key is the path of the key, "onebot.connections[0].address"; "" for the whole
	// file.
	Key string
	// Value is what was written, shortened; "" for secrets and where there is none.
	Value string
	// Message says what is wrong, Remedy what to do about it.
	Message, Remedy text.Text
	// Warning is set when the configuration can be used all the same.
	Warning bool
}

// String is Text in English.
func (p Problem) String() string { return p.Text().EN }

// Text returns the problem in one line, without the file's name:
// `12:5: log.level "loud": unknown value; use debug, info, warn or error`.
func (p Problem) Text() text.Text {
	said, behind := p.Message, text.T("%s: %s", "%s：%s")
	if p.Remedy != (text.Text{}) {
		said = text.T("%s; %s", "%s；%s").Fill(said, p.Remedy)
	}
	if p.Key != "" {
		key := p.Key
		if p.Value != "" {
			key = fmt.Sprintf("%s %q", key, p.Value)
		}
		said = behind.Fill(key, said)
	}
	if p.Warning {
		said = behind.Fill(text.T("warning", "警告"), said)
	}
	switch {
	case p.Env != "":
		return behind.Fill(p.Env, said)
	case p.Line > 0:
		return text.Same("%d:%d: %s").Fill(p.Line, p.Column, said) // as compilers do, for editors
	}
	return said
}

// At returns Text after the name of the file, "config.yaml:12:5: ...". Problems of
// the environment are in no file.
func (p Problem) At(path string) text.Text {
	switch {
	case p.Env != "":
		return p.Text()
	case p.Line > 0:
		return text.Same("%s:%s").Fill(path, p.Text())
	}
	return text.T("%s: %s", "%s：%s").Fill(path, p.Text())
}

// Error is a configuration that cannot be used.
type Error struct {
	Path string
	// Language is the file's, as far as it could be read.
	Language Language
	Problems []Problem // in the order of the file; warnings included
	foreign  *foreign  // the program whose file it is; nil: ours
}

// Carried returns what carries over from the file of another program, as a part of a
// file of ours with comments in a language; "" for nothing.
func (e *Error) Carried(l text.Language) string {
	if e.foreign == nil || !e.foreign.carried.any() {
		return ""
	}
	return text.T("# What carries over from %s, of %s:", "# 从 %s（%s 的配置）沿用的内容：").Fill(e.Path, e.foreign.program).In(l) + "\n" + e.foreign.carried.yaml(l)
}

// Error is Text in English.
func (e *Error) Error() string { return e.Text().EN }

// Text returns one line for each problem, as Problem.At does.
func (e *Error) Text() text.Text {
	var all text.Text
	for i, p := range e.Problems {
		said := p.At(e.Path)
		if i > 0 {
			said = text.T("%s\n%s", "%s\n%s").Fill(all, said)
		}
		all = said
	}
	return all
}

// sortProblems brings them in the order of the file, those from elsewhere last.
func sortProblems(ps []Problem) {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		if (a.Line == 0) != (b.Line == 0) {
			return cmp.Compare(b.Line, a.Line)
		}
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Env, b.Env))
	})
}

// shorten bounds a value for display.
func shorten(s string) string {
	const most = 60
	r := []rune(strings.ToValidUTF8(s, "\uFFFD"))
	if len(r) > most {
		return string(r[:most]) + "..."
	}
	return string(r)
}

// alternatives lists words as "a, b or c".
func alternatives(words []string) text.Text {
	if len(words) < 2 {
		return text.Same(strings.Join(words, ""))
	}
	all, last := text.Same(words[0]), len(words)-1
	for _, w := range words[1:last] {
		all = text.T("%s, %s", "%s、%s").Fill(all, w)
	}
	return text.T("%s or %s", "%s 或 %s").Fill(all, words[last])
}
