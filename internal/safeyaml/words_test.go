package safeyaml

import (
	"errors"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// TestWords holds the table against what the parser says today.
func TestWords(t *testing.T) {
	for in, want := range map[string]string{
		"a: [1, 2":           "列表缺少结尾的 ]",
		"a: {b: 1":           "缺少结尾的 }",
		"a: \"x":             "双引号没有结束",
		"a: 'x":              "单引号没有结束",
		"a:\n\tb: 1":         "不能用制表符缩进",
		"a: b: c":            "此处不能出现键和值",
		"a: 1\n  b: 2":       "此处不能出现键和值",
		"a:\n  - 1\n b: 2":   "此处不能出现值",
		"a: 1\nb":            "此处应为键和值",
		"a: ]":               "多余的 ]",
		"a: - b":             "此处不能出现列表项",
		"lists: []":          "未知的键",
		"list: []\nlist: []": "键重复",
	} {
		var v struct{ List []string }
		err := decode([]byte(in), &v)
		var e yaml.Error
		if !errors.As(err, &e) {
			t.Errorf("%q: got %v, want an error of the parser", in, err)
			continue
		}
		if got := Words(e.GetMessage()); !strings.HasPrefix(got.ZH, want) || !strings.HasSuffix(got.ZH, "（"+got.EN+"）") || got.EN != e.GetMessage() {
			t.Errorf("%q: got %q, want %s", in, got, want)
		}
	}
}
