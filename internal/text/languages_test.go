package text_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// TestEveryTextHasBothLanguages reads the sources of the whole module.
func TestEveryTextHasBothLanguages(t *testing.T) {
	t.Parallel()
	texts := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "text" || d.Name() != ".." && strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		n, wrong := judge(fset, file)
		for _, w := range wrong {
			t.Error(w)
		}
		texts += n
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if texts < 30 {
		t.Errorf("found %d texts: the test looks in the wrong place", texts)
	}
}

func TestAMissingLanguageIsFound(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`text.T("one", "一")`:                              "",
		`text.T("%s: %d", "%s：%d")`:                       "",
		`text.T("one "+name, "一 "+name)`:                  "",
		`text.Errorf("one: %v", "一：%v", err)`:             "",
		`text.Errorf("one: %v", "one: %v", err)`:          "has no Chinese",
		`text.Text{}`:                                     "",
		`text.T("one", "")`:                               "has no Chinese",
		`text.T("one", "one")`:                            "has no Chinese",
		`text.T("one: "+name, name)`:                      "has no Chinese",
		`text.T("", "一")`:                                 "has no English",
		`text.T("一", "one")`:                              "has no English",
		`text.T("the action", "该操作")`:                     "write 动作 in place of 操作",
		`text.T("one: two", "一: 二")`:                      "write ： in place of :",
		`text.T("%d of %s", "%s 的一个")`:                    "has other verbs",
		`text.T("%d of %s", "%[2]s 的 %[1]d")`:             "",
		`text.T("%[2]s of %[1]d", "%[1]d 的 %[2]s")`:       "",
		`text.Text{EN: "one"}`:                            "write text.T",
		`text.Text{"one", "一"}`:                           "write text.T",
		`[]text.Text{{EN: "one"}}`:                        "write text.T",
		`map[string]text.Text{"a": {"one", "一"}, "b": x}`: "write text.T",
	} {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "x.go", "package x\nimport \"libration/internal/text\"\nvar _ = "+source, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, wrong := judge(fset, file)
		if got := strings.Join(wrong, "\n"); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", source, got, want)
		}
	}
}

// judge returns how many texts a file makes, and what is wrong with them.
func judge(fset *token.FileSet, file *ast.File) (texts int, wrong []string) {
	if !slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"libration/internal/text"` }) {
		return 0, nil
	}
	say := func(n ast.Node, words string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("%s: "+words, append([]any{fset.Position(n.Pos())}, args...)...))
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if len(n.Args) < 2 || !isOf(n.Fun, "T") && !isOf(n.Fun, "Errorf") { // one: the two results of a call
				return true
			}
			texts++
			en, zh := written(n.Args[0]), written(n.Args[1])
			switch {
			case strings.TrimSpace(en) == "" || hasHan(en):
				say(n, "has no English: %q, %q", en, zh)
			case !hasHan(zh) && hasLetters(en):
				say(n, "has no Chinese: %q, %q", en, zh)
			case !slices.Equal(verbs(en), verbs(zh)):
				say(n, "has other verbs in Chinese: %q, %q", en, zh)
			}
			if wrong := punctuation(zh); wrong != "" {
				say(n, "%s", wrong)
			}
			if wrong := terms(en, zh); wrong != "" {
				say(n, "%s", wrong)
			}
		case *ast.CompositeLit:
			inner := n.Type
			switch c := n.Type.(type) {
			case *ast.ArrayType:
				inner = c.Elt
			case *ast.MapType:
				inner = c.Value
			}
			if !isOf(inner, "Text") {
				return true
			}
			elements := n.Elts
			if inner != n.Type {
				elements = nil
				for _, e := range n.Elts {
					if pair, ok := e.(*ast.KeyValueExpr); ok {
						e = pair.Value
					}
					if lit, ok := e.(*ast.CompositeLit); ok {
						elements = append(elements, lit)
					}
				}
			}
			if len(elements) > 0 {
				say(n, "write text.T, whose languages are checked")
			}
		}
		return true
	})
	return texts, wrong
}

// glossary has the words that every Chinese text takes for an English one, and one that
// is not taken in its place (docs/development.md).
var glossary = []struct {
	english   *regexp.Regexp
	chinese   string
	otherwise string
}{
	{regexp.MustCompile(`(?i)\bactions?\b`), "动作", "操作"},
	{regexp.MustCompile(`(?i)\bwebhooks?\b`), "webhook", "网络钩子"},
	{regexp.MustCompile(`(?i)\bsandbox(es)?\b`), "沙盒", "沙箱"},
	{regexp.MustCompile(`(?i)\bcaptchas?\b`), "验证码", "人机验证"},
	{regexp.MustCompile(`(?i)\bsigners?\b`), "签名服务", "签名器"},
	{regexp.MustCompile(`(?i)\baccounts?\b`), "账号", "帐号"},
	{regexp.MustCompile(`(?i)\bfolders?\b`), "文件夹", "目录"},
	{regexp.MustCompile(`(?i)\bnotices?\b`), "通知", "公告"},
}

// terms returns which word is not that of the glossary; "" for none.
func terms(en, zh string) string {
	for _, g := range glossary {
		if g.english.MatchString(en) && strings.Contains(zh, g.otherwise) {
			return fmt.Sprintf("write %s in place of %s: %q", g.chinese, g.otherwise, zh)
		}
	}
	return ""
}

// isOf tells whether an expression is a name of package text.
func isOf(e ast.Expr, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	of, ok := s.X.(*ast.Ident)
	return ok && of.Name == "text"
}

// written returns what stands in the literals of an expression.
func written(e ast.Expr) string {
	var b strings.Builder
	ast.Inspect(e, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil {
				b.WriteString(s)
			}
		}
		return true
	})
	return b.String()
}

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// hasLetters tells whether there is more than verbs and signs.
func hasLetters(s string) bool {
	return strings.ContainsFunc(name.ReplaceAllString(verb.ReplaceAllString(s, " "), ""), unicode.IsLetter)
}

var verb = regexp.MustCompile(`%(\[\d\])?([-+# 0-9.]*[a-zA-Z])`)

// verbs lists the verbs of a format with the number of their argument.
func verbs(s string) []string {
	var found []string
	for i, v := range verb.FindAllStringSubmatch(strings.ReplaceAll(s, "%%", ""), -1) {
		if v[1] == "" {
			v[1] = fmt.Sprintf("[%d]", i+1)
		}
		found = append(found, v[1]+v[2])
	}
	slices.Sort(found)
	return slices.Compact(found)
}
