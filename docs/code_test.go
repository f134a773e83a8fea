package docs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// codeDifference compares the inline code of two texts. A piece of the Chinese text with words in it matches any piece that is the same but for them.
func codeDifference(en, zh string) string {
	e, z := unique(codeSpan.FindAllString(en, -1)), unique(codeSpan.FindAllString(zh, -1))
	for i, c := range z {
		if !han(c) {
			continue
		}
		pattern := translated(c, hanRun)
		if j := slices.IndexFunc(e, func(s string) bool { return pattern.MatchString(s) && !slices.Contains(z, s) }); j >= 0 {
			z[i] = e[j]
		}
	}
	return multiset(e, unique(z))
}

// blockDifference compares two code blocks but for comments, and for words inside what has to be the same. Of output only the length counts.
func blockDifference(en, zh *block) string {
	where := fmt.Sprintf("code blocks at lines %d and %d", en.line, zh.line)
	if en.language != zh.language {
		return where + ": other languages"
	}
	e, z := code(en), code(zh)
	if len(e) != len(z) {
		return fmt.Sprintf("%s have %d and %d lines", where, len(e), len(z))
	}
	if en.language == "" {
		return ""
	}
	for i := range e {
		if e[i] != z[i] && (!han(z[i]) || !translated(z[i], hanPiece).MatchString(e[i])) {
			return fmt.Sprintf("%s: %q and %q", where, e[i], z[i])
		}
	}
	return ""
}

// comments are how one begins, by the language of a block. Where a block has none there, it is #.
var comments = map[string]string{"go": "//", "json": "", "mermaid": "%%"}

// uncommented is a line up to a comment that stands outside of quotes, at its beginning or behind a space.
func uncommented(line, mark string) string {
	var quote byte
	for i := 0; mark != "" && i < len(line); i++ {
		switch c := line[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case strings.HasPrefix(line[i:], mark) && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t'):
			return line[:i]
		}
	}
	return line
}

// code is a block without comments and empty lines, spaces at ends and doubled ones.
func code(b *block) []string {
	mark, ok := comments[b.language]
	if !ok {
		mark = "#"
	}
	var out []string
	for _, line := range b.lines {
		if line = strings.Join(strings.Fields(uncommented(line, mark)), " "); line != "" {
			out = append(out, line)
		}
	}
	return out
}

var (
	hanRun   = regexp.MustCompile(`\p{Han}+`)
	hanPiece = regexp.MustCompile("[^\"'{}\\[\\]:,=<>|`]*\\p{Han}[^\"'{}\\[\\]:,=<>|`]*") // with the words beside it, such as names
)

// translated matches the same code with other words in the place of the Chinese pieces.
func translated(code string, piece *regexp.Regexp) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("^")
	last := 0
	for _, at := range piece.FindAllStringIndex(code, -1) {
		b.WriteString(regexp.QuoteMeta(code[last:at[0]]) + `.+?`)
		last = at[1]
	}
	b.WriteString(regexp.QuoteMeta(code[last:]) + "$")
	return regexp.MustCompile(b.String())
}
