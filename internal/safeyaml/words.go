package safeyaml

import (
	"strings"

	"libration/internal/text"
)

// spoken has the Chinese for the parser's usual messages, by how they begin.
var spoken = []struct{ begin, zh string }{
	{"sequence end token ']' not found", "列表缺少结尾的 ]"},
	{"',' or ']' must be specified", "列表中缺少逗号或结尾的 ]"},
	{"could not find '[' character", "多余的 ]，没有对应的 ["},
	{"could not find flow mapping end token '}'", "缺少结尾的 }"},
	{"',' or '}' must be specified", "缺少逗号或结尾的 }"},
	{"could not find '{' character", "多余的 }，没有对应的 {"},
	{"could not find end character of double-quoted text", "双引号没有结束"},
	{"could not find end character of single-quoted text", "单引号没有结束"},
	{"found character '\t'", "不能用制表符缩进"},
	{"found a tab character", "不能用制表符缩进"},
	{"tab character cannot", "不能用制表符缩进"},
	{"mapping value is not allowed in this context", "此处不能出现键和值：可能是缩进有误，或含冒号的值没有加引号"},
	{"value is not allowed in this context", "此处不能出现值：可能是缩进有误"},
	{"block sequence entries are not allowed in this context", "此处不能出现列表项：可能是缩进有误"},
	{"non-map value is specified", "此处应为键和值：可能缺少冒号，或冒号后缺少空格"},
	{"unexpected key name", "键的写法有误：可能缺少冒号，或冒号后缺少空格"},
	{"could not find value for mapping key", "键没有值"},
	{"unknown field ", "未知的键"},
	{"mapping key ", "键重复"},
}

// Words returns a message of the parser. Its Chinese says what is wrong, where that is
// known, with the parser's words in brackets.
func Words(message string) text.Text {
	t := text.Same(message)
	for _, s := range spoken {
		if strings.HasPrefix(message, s.begin) {
			t.ZH = s.zh + "（" + message + "）"
			break
		}
	}
	return t
}
