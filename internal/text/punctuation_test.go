package text_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// halfWidth are signs of English, with those of Chinese.
var halfWidth = map[rune]rune{',': '，', ';': '；', ':': '：', '!': '！', '?': '？', '(': '（', ')': '）'}

// code is what stands in a Chinese text as it is: what is quoted, and addresses.
var code = regexp.MustCompile("'[^'\n]*'|`[^`]*`|\"[^\"]*\"|\\]\\(#[^)]*\\)|[a-z]+(?:\\(s\\))?://[^\\s，。；：（）]*")

// punctuation returns what is wrong with the signs of a Chinese text: "" for nothing.
// Signs between Latin words, numbers and verbs without a space are code: `host:port`,
// `type: ws`, "%d:%d". So is everything between ` and `, and between quotes.
func punctuation(zh string) string {
	plain := []rune(code.ReplaceAllStringFunc(zh, func(s string) string { return strings.Repeat("\x01", len([]rune(s))) }))
	text := []rune(zh)
	for i, r := range plain {
		before, after := neighbour(plain[:i], -1), neighbour(plain[i+1:], 1)
		last := i+1 == len(plain) || unicode.IsSpace(plain[i+1])
		chinese := isChinese(before) || isChinese(after)
		switch {
		case halfWidth[r] != 0 && chinese, halfWidth[r] != 0 && last && isVerb(text[:i]):
			return fmt.Sprintf("write %c in place of %c, without a space: %q", halfWidth[r], r, zh)
		case r == '.' && last && isChinese(before):
			return fmt.Sprintf("write 。 in place of the full stop: %q", zh)
		case r == ' ' && i > 0 && i+1 < len(plain) && isFullWidth(plain[i-1]) && !unicode.IsSpace(plain[i+1]),
			r == ' ' && i > 0 && i+1 < len(plain) && isFullWidth(plain[i+1]) && !unicode.IsSpace(plain[i-1]):
			return fmt.Sprintf("no space stands beside a Chinese sign: %q", zh)
		}
		if i > 0 && (isHan(r) && isLatin(plain[i-1]) && !isVerb(text[:i]) || isLatin(r) && isHan(plain[i-1])) {
			return fmt.Sprintf("a space stands between %c and %c: %q", text[i-1], text[i], zh)
		}
	}
	if n := strings.Count(string(plain), "（") - strings.Count(string(plain), "）"); n != 0 {
		return fmt.Sprintf("（ and ） are not as many: %q", zh)
	}
	return ""
}

// neighbour returns the nearest rune that is no space; 0: there is none.
func neighbour(s []rune, step int) rune {
	for i := range s {
		r := s[i]
		if step < 0 {
			r = s[len(s)-1-i]
		}
		if r != ' ' {
			return r
		}
	}
	return 0
}

var verbBefore = regexp.MustCompile(`%(\[\d\])?[-+# 0-9.]*[a-zA-Z]$`)

// isVerb tells whether a text ends with a verb of a format.
func isVerb(s []rune) bool { return verbBefore.MatchString(string(s)) }

func isHan(r rune) bool       { return unicode.Is(unicode.Han, r) }
func isFullWidth(r rune) bool { return strings.ContainsRune("，。；：！？（）、", r) }
func isChinese(r rune) bool   { return isHan(r) || isFullWidth(r) }
func isLatin(r rune) bool     { return r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

func TestPunctuation(t *testing.T) {
	t.Parallel()
	for zh, want := range map[string]string{
		"读取 %s：%v":                   "",
		"写 host:port，如 127.0.0.1:80": "",
		"改用 `type: ws`（推荐）":          "",
		"%d:%d：%s":                   "",
		"写 [a, b]":                   "",
		"见 \"a: b\"":                 "",
		"读取 %s: %v":                  "write ： in place of :",
		"一（two)":                     "are not as many",
		"见: %s":                      "write ： in place of :",
		"好, 坏":                       "write ， in place of ,",
		"好 (坏)":                      "write （ in place of (",
		"好.":                         "write 。",
		"好： 坏":                       "no space",
		"用QQ扫":                       "a space stands",
		"共 3个":                       "a space stands",
	} {
		if got := punctuation(zh); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", zh, got, want)
		}
	}
}
