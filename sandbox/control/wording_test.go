package control

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// TestChinese asks as a Chinese browser does.
func TestChinese(t *testing.T) {
	t.Parallel()
	_, _, h := testControl(t)
	for _, tt := range []struct{ method, path, body, want string }{
		{"GET", "/api/groups/1/members", "", "没有群 1"},
		{"POST", "/api/send", `{"as":20003,"group":730000002,"text":"hi"}`, "不是群成员（代码 110）"},
		{"POST", "/api/send", `{"as":20003,"to":20001,"segments":[{"type":"at","uin":1}]}`, "消息段 0：at: 没有可提及的用户 1"},
		{"POST", "/api/users", `{"uin":20001}`, "用户 20001 已存在"},
		{"POST", "/api/users", `{} {}`, "请求体有误：不止一个 JSON 值"},
		{"POST", "/api/faults", `{"fault":"mute:count=-1"}`, "故障 mute：count 必须在 0 到 1073741824 之间"},
		{"GET", "/api/faults", "", "新连接立即被重置"},
		{"GET", "/api/media/x", "", "没有 id 为"},
		{"POST", "/api/media", "x", "请发送原始字节"}, // not of that type
	} {
		for language, chinese := range map[string]bool{"zh-CN,zh;q=0.9": true, "en-US,zh;q=0.5": false} {
			r := httptest.NewRequest(tt.method, "http://127.0.0.1:7800"+tt.path, strings.NewReader(tt.body))
			r.Header.Set("Accept-Language", language)
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if got := w.Body.String(); strings.Contains(got, tt.want) != chinese {
				t.Errorf("%s %s %s in %s: got %d %.300s, want %v with %s", tt.method, tt.path, tt.body, language, w.Code, got, chinese, tt.want)
			}
		}
	}
}

// TestEveryRefusalHasChinese reads the sources of the world and of this package.
func TestEveryRefusalHasChinese(t *testing.T) {
	t.Parallel()
	words := regexp.MustCompile(`%[+#]?[\d.]*[a-z]`)
	found := 0
	for _, pattern := range []string{"*.go", "../world/*.go", "../server/phone.go", "../server/groupfile*.go", "../server/groupuploads.go", "../server/fileuploads.go", "../server/privatefiles.go"} {
		files, _ := filepath.Glob(pattern)
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			for _, said := range refusals(t, path) {
				found++
				if strings.ContainsFunc(words.ReplaceAllString(said, ""), unicode.IsLetter) && chineseOf(said) == said {
					t.Errorf("%s refuses with %q: its Chinese is missing in wordings.go", path, said)
				}
			}
		}
	}
	if found < 100 {
		t.Errorf("found %d refusals: the test looks in the wrong place", found)
	}
}

// refusals returns the formats of the refusals in a file.
func refusals(t *testing.T, path string) (said []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{"fail": 1, "Refuse": 1, "refuseSend": 2, "NoReceiver": 0, "BadContent": 0} // the argument with the words
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name := ""
		switch f := call.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			name = f.Sel.Name
		}
		if i, ok := at[name]; ok && i < len(call.Args) {
			if literal, ok := call.Args[i].(*ast.BasicLit); ok {
				words, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				said = append(said, words)
			}
		}
		return true
	})
	return said
}
