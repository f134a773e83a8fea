package message_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"

	"libration/ntqq/message"
)

// Each builder has an example, and stands in the table of docs/library.md, as each kind of
// segment does.
func TestBuildersHaveExamples(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/library.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## Segments\n")
	table, _, _ = strings.Cut(table, "\n## ")
	examples, builders := functions(t, "example_test.go"), functions(t, "build.go")
	if len(builders) < 20 {
		t.Errorf("build.go has the functions %v only", builders)
	}
	for name := range builders {
		if !examples["Example"+name] {
			t.Errorf("%s has no example", name)
		}
		if !strings.Contains(table, "`"+name+"(") {
			t.Errorf("docs/library.md does not name %s", name)
		}
	}
	for _, segment := range message.All() {
		if name := "*" + reflect.TypeOf(segment).Elem().Name(); !strings.Contains(table, "\n| `"+name+"`") {
			t.Errorf("docs/library.md has no row for %s", name)
		}
	}
}

// functions are the exported functions of a file.
func functions(t *testing.T, file string) map[string]bool {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, d := range f.Decls {
		if d, ok := d.(*ast.FuncDecl); ok && d.Recv == nil && d.Name.IsExported() {
			names[d.Name.Name] = true
		}
	}
	return names
}
