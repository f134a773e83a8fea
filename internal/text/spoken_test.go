package text_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// spoken are the folders, below the module, whose errors and output reach a person.
var spoken = []string{
	"cmd/libration", "internal/admin", "internal/app", "internal/config", "internal/notice", "internal/packets", "internal/safeyaml",
	"internal/store", "internal/supervise", "gateway/transport", "ntqq/session", "sandbox/control", "sandbox/fault", "sandbox/scenario",
}

// unspoken are words in English that stay so, each with its reason.
var unspoken = map[string]string{
	"message, %d bytes ": "decoded protobuf, as tools print it",
}

// TestNothingIsSaidInEnglishOnly goes through the folders whose errors and output reach a
// person. Where one of them makes an error or prints words, the words have both languages:
// text.Errorf in place of errors.New and fmt.Errorf, text.T in place of a literal.
func TestNothingIsSaidInEnglishOnly(t *testing.T) {
	t.Parallel()
	looked, stays := 0, make(map[string]bool)
	for _, folder := range spoken {
		err := filepath.WalkDir(filepath.Join("../..", folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil { // also where a folder of the list is missing
				return err
			}
			if d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "test/") {
				return nil
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			looked++
			for _, wrong := range inEnglish(fset, file) {
				if _, ok := unspoken[wrong.words]; ok {
					stays[wrong.words] = true
					continue
				}
				t.Errorf("%s: only in English, write text.T or text.Errorf: %q", wrong.at, wrong.words)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if looked < 150 {
		t.Errorf("looked at %d files", looked)
	}
	for words := range unspoken {
		if !stays[words] {
			t.Errorf("%q is nowhere: remove it from unspoken", words)
		}
	}
}

// TestTagsHaveBothLanguages is about texts in the tags of structs: help of the command
// line, parameters of actions.
func TestTagsHaveBothLanguages(t *testing.T) {
	t.Parallel()
	looked := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() != ".." && strings.HasPrefix(d.Name(), ".")) {
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
		ast.Inspect(file, func(n ast.Node) bool {
			f, ok := n.(*ast.Field)
			if !ok || f.Tag == nil {
				return true
			}
			tag, err := strconv.Unquote(f.Tag.Value)
			if err != nil {
				return true
			}
			en, zh := reflect.StructTag(tag).Get("help")+reflect.StructTag(tag).Get("en"), reflect.StructTag(tag).Get("zh")
			if en == "" && zh == "" {
				return true
			}
			looked++
			for _, wrong := range []string{punctuation(zh), terms(en, zh)} {
				if wrong != "" {
					t.Errorf("%s: %s", fset.Position(f.Pos()), wrong)
				}
			}
			if !hasHan(zh) || en == "" || hasHan(en) {
				t.Errorf("%s: a language is missing: %q, %q", fset.Position(f.Pos()), en, zh)
			}
			return true
		})
		return nil
	})
	if err != nil || looked < 150 {
		t.Errorf("looked at %d tags: %v", looked, err)
	}
}

// TestSignsOutsideOfGo is about Chinese texts in other files: the comments of the
// configuration, and the words of the sandbox's page.
func TestSignsOutsideOfGo(t *testing.T) {
	t.Parallel()
	for path, text := range map[string]*regexp.Regexp{
		"../config/template.zh.yaml":         regexp.MustCompile(`(?m)#[ ](.*)$`),
		"../../sandbox/control/page/text.js": regexp.MustCompile(`'((?:[^'\\]|\\.)*)'`),
	} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		looked := 0
		for _, found := range text.FindAllStringSubmatch(comment.ReplaceAllString(string(content), ""), -1) {
			if !hasHan(found[1]) {
				continue
			}
			looked++
			if wrong := punctuation(found[1]); wrong != "" {
				t.Errorf("%s: %s", path, wrong)
			}
		}
		if looked < 50 {
			t.Errorf("%s: looked at %d texts", path, looked)
		}
	}
}

// comment is a line of JavaScript that nobody is shown.
var comment = regexp.MustCompile(`(?m)^\s*//.*$`)

// phrase is words in a source.
type phrase struct {
	at    token.Position
	words string
}

// sayers are functions whose words reach a person, with the argument from which they do.
var sayers = map[string]int{
	"errors.New": 0, "fmt.Errorf": 0, "fmt.Fprintf": 1, "fmt.Fprintln": 1, "fmt.Fprint": 1, "io.WriteString": 1,
}

// inEnglish returns the words of a file that have one language.
func inEnglish(fset *token.FileSet, file *ast.File) (all []phrase) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			from, ok := sayers[called(n.Fun)]
			if !ok || len(n.Args) <= from {
				return true
			}
			if first, ok := n.Args[0].(*ast.UnaryExpr); ok && first.Op == token.AND && from > 0 { // a builder
				return true
			}
			for _, a := range n.Args[from:] {
				if words := literal(a); hasWords(words) {
					all = append(all, phrase{fset.Position(n.Pos()), words})
				}
			}
		case *ast.StructType:
			for _, f := range n.Fields.List {
				if f.Tag == nil {
					continue
				}
				tag, err := strconv.Unquote(f.Tag.Value)
				if help, ok := reflect.StructTag(tag).Lookup("help"); err == nil && ok {
					if zh := reflect.StructTag(tag).Get("zh"); !hasHan(zh) {
						all = append(all, phrase{fset.Position(f.Pos()), help})
					}
				}
			}
		}
		return true
	})
	return all
}

// literal returns what stands in the literals of an expression, but for those of calls in
// it.
func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		return written(e)
	case *ast.BinaryExpr:
		return literal(e.X) + literal(e.Y)
	}
	return ""
}

var (
	word = regexp.MustCompile(`[A-Za-z]{2,}`)
	// name is what stays as it is in every language: flags, keys, and what is called so.
	name = regexp.MustCompile(`--[\w-]+|\w+(\.\w+)+|\b(HTTP|http|libration|admin|keystore|wtlogin|reverse websocket|websocket|webhook|retcode|varint|fixed32|fixed64)\b`)
)

// hasWords tells whether a format has words of its own: more than verbs, signs and JSON.
func hasWords(format string) bool {
	return word.MatchString(name.ReplaceAllString(verb.ReplaceAllString(format, " "), "")) && !strings.HasPrefix(format, "\x1b")
}

// called returns the name of a function as it is called.
func called(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if of, ok := e.X.(*ast.Ident); ok {
			return of.Name + "." + e.Sel.Name
		}
	}
	return ""
}

func TestWordsInEnglishOnlyAreFound(t *testing.T) {
	t.Parallel()
	for source, want := range map[string][]string{
		`var _ = errors.New("no such thing")`:                                      {"no such thing"},
		`var _ = fmt.Errorf("read %s: %w", a, b)`:                                  {"read %s: %w"},
		`var _ = fmt.Errorf("%s: %w", a, b)`:                                       nil,
		`var _ = fmt.Errorf("%w (%d)", a, 2)`:                                      nil,
		`var _ = text.Errorf("one", "一")`:                                          nil,
		`func f() { fmt.Fprintln(w, "hello " + name) }`:                            {"hello "},
		`func f() { fmt.Fprintln(w, text.T("a", "一").In(l)) }`:                     nil,
		`func f() { fmt.Fprintf(&b, "hello") }`:                                    nil,
		"type c struct { A bool `help:\"All.\"`; B bool `help:\"B.\" zh:\"乙。\"` }": {"All."},
	} {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "x.go", "package x\n"+source, 0)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range inEnglish(fset, file) {
			got = append(got, s.words)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", source, got, want)
		}
	}
}
