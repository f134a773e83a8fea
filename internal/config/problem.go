package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with a configuration.
type Problem struct {
	// Line and Column count from 1; 0 when the value is not from the file.
	Line, Column int
	// Env is the environment variable that the value is from, "" for the file.
	Env string
	// Key is the path of the key, "onebot.connections[0].address"; "" for the whole
	// file.
	Key string
	// Value is what was written, shortened; "" for secrets and where there is none.
	Value string
	// Message says what is wrong, Remedy what to do about it.
	Message, Remedy string
	// Warning is set when the configuration can be used all the same.
	Warning bool
}

// String returns the problem in one line, without the file's name:
// `12:5: log.level "loud": unknown value; use debug, info, warn or error`.
func (p Problem) String() string {
	var b strings.Builder
	switch {
	case p.Env != "":
		fmt.Fprintf(&b, "%s: ", p.Env)
	case p.Line > 0:
		fmt.Fprintf(&b, "%d:%d: ", p.Line, p.Column)
	}
	if p.Warning {
		b.WriteString("warning: ")
	}
	if p.Key != "" {
		b.WriteString(p.Key)
		if p.Value != "" {
			fmt.Fprintf(&b, " %q", p.Value)
		}
		b.WriteString(": ")
	}
	b.WriteString(p.Message)
	if p.Remedy != "" {
		b.WriteString("; " + p.Remedy)
	}
	return b.String()
}

// Error is a configuration that cannot be used.
type Error struct {
	Path     string
	Problems []Problem // in the order of the file; warnings included
}

// Error returns one line per problem, "config.yaml:12:5: ...".
func (e *Error) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		if p.Env == "" {
			b.WriteString(e.Path)
			b.WriteByte(':')
			if p.Line == 0 {
				b.WriteByte(' ')
			}
		}
		b.WriteString(p.String())
	}
	return b.String()
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
func alternatives(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
