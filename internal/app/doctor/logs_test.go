package doctor

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// logged returns the messages of all log lines that the program can write: the
// first literal text in calls of Debug, Info, Warn and Error.
func logged(t *testing.T) []string {
	t.Helper()
	var all []string
	files := token.NewFileSet()
	for _, folder := range []string{"cmd", "gateway", "internal", "ntqq", "onebot"} {
		err := filepath.WalkDir(filepath.Join("..", "..", "..", folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "internal/pb/") {
				return err
			}
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) == 0 {
					return true
				}
				method, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || !slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, method.Sel.Name) {
					return true
				}
				if message, ok := call.Args[0].(*ast.BasicLit); ok && message.Kind == token.STRING {
					text, err := strconv.Unquote(message.Value)
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, text)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestKnownFailures: each message that the log is searched for is one that the
// program writes. It fails when a message changes and knownFailures does not.
func TestKnownFailures(t *testing.T) {
	t.Parallel()
	all := logged(t)
	if len(all) < 50 {
		t.Fatalf("found %d messages only", len(all))
	}
	codes := make(map[string]bool)
	for _, k := range knownFailures {
		if codes[k.code] {
			t.Errorf("%s is here twice", k.code)
		}
		codes[k.code] = true
		if !slices.ContainsFunc(all, func(m string) bool { return strings.Contains(m, k.message) }) {
			t.Errorf("%s: nothing logs %q", k.code, k.message)
		}
		for _, over := range k.over {
			if !slices.Contains(all, over) {
				t.Errorf("%s: nothing logs %q, which would tell that it is over", k.code, over)
			}
		}
	}
}
