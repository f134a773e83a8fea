// Package captcha reads the answer to a captcha as a person copies it from the captcha's
// page. It knows no login.
package captcha

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode/utf8"

	"libration/internal/text"
)

// MaxSize bounds what [Read] takes, in bytes.
const MaxSize = 16 << 10

// Answer is a solved captcha: what its page gave, as "ticket" and "randstr".
type Answer struct{ Ticket, RandStr string }

// Read finds an answer in what was copied: the JSON of the page's request or of its
// console, with all its other members; the two values with their names; or the two values
// alone. A randstr begins with @, so they may come in either order; without one the ticket
// is first. Errors say what to copy.
func Read(copied string) (Answer, error) {
	if len(copied) > MaxSize || !utf8.ValidString(copied) {
		return Answer{}, errUnread()
	}
	copied = strings.TrimSpace(copied)
	if a, ok := fromJSON(copied); ok {
		return a.checked()
	}
	if a, ok := named(copied); ok {
		return a.checked()
	}
	words := strings.FieldsFunc(copied, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;，；、", r) })
	var values []string
	for _, w := range words {
		if w = strings.Trim(w, marks); w != "" {
			values = append(values, w)
		}
	}
	if len(values) != 2 || strings.ContainsAny(copied, "{}") {
		return Answer{}, errUnread()
	}
	a := Answer{Ticket: values[0], RandStr: values[1]}
	if strings.HasPrefix(a.Ticket, "@") && !strings.HasPrefix(a.RandStr, "@") {
		a.Ticket, a.RandStr = a.RandStr, a.Ticket
	}
	return a.checked()
}

// marks may stand around a value.
const marks = "\"'`“”‘’「」"

// fromJSON reads an object, with what else it has, or a text.
func fromJSON(copied string) (Answer, bool) {
	first, last := strings.IndexByte(copied, '{'), strings.LastIndexByte(copied, '}')
	if first < 0 || last < first {
		return Answer{}, false
	}
	var page struct {
		Ticket  string `json:"ticket"`
		RandStr string `json:"randstr"`
		Other   string `json:"rand_str"`
	}
	if json.Unmarshal([]byte(copied[first:last+1]), &page) != nil {
		return Answer{}, false
	}
	if page.RandStr == "" {
		page.RandStr = page.Other
	}
	return Answer{page.Ticket, page.RandStr}, true
}

// name is the name of a value with the value.
var name = regexp.MustCompile(`(?i)(?:^|[^a-z0-9_])(ticket|rand_?str)["'” ]*[:=：]["'“ ]*([^\s"'“”,，;；&{}]+)`)

// named reads values with their names.
func named(copied string) (Answer, bool) {
	var a Answer
	for _, found := range name.FindAllStringSubmatch(copied, -1) {
		if strings.EqualFold(found[1], "ticket") {
			a.Ticket = found[2]
		} else {
			a.RandStr = found[2]
		}
	}
	return a, a.Ticket != "" && a.RandStr != ""
}

// checked returns the answer when it can be one.
func (a Answer) checked() (Answer, error) {
	a.Ticket, a.RandStr = strings.TrimSpace(a.Ticket), strings.TrimSpace(a.RandStr)
	switch {
	case a.Ticket == "" && a.RandStr == "":
		return Answer{}, text.Errorf("what was copied has no ticket and no randstr: copy the whole answer of the page's request", "复制的内容里没有 ticket 和 randstr：请复制该请求的完整响应")
	case a.Ticket == "":
		return Answer{}, text.Errorf("the ticket is missing: the captcha was not passed, or only a part was copied", "缺少 ticket：验证没有通过，或复制不完整")
	case a.RandStr == "":
		return Answer{}, text.Errorf("the randstr is missing: it stands beside the ticket and begins with @", "缺少 randstr：它在 ticket 旁边，以 @ 开头")
	case strings.HasPrefix(a.Ticket, "@") && strings.HasPrefix(a.RandStr, "@"):
		return Answer{}, text.Errorf("both values begin with @, and only a randstr does: the ticket is missing", "两个值都以 @ 开头，而只有 randstr 如此：缺少 ticket")
	case strings.Contains(a.Ticket, "…") || strings.Contains(a.Ticket, "..."):
		return Answer{}, text.Errorf("the ticket is cut short (…), as browsers show long values: copy the value itself", "ticket 被浏览器截断（…）：请复制完整的值")
	}
	return a, nil
}

// errUnread says what an answer looks like.
func errUnread() error {
	return text.Errorf("this is not the answer to a captcha, which has two parts, ticket and randstr: give TICKET RANDSTR, or in quotes all that the page gave",
		"这不是验证码的结果，它有 ticket 和 randstr 两部分：请填写 TICKET RANDSTR，或加引号填写页面给出的全部内容")
}
