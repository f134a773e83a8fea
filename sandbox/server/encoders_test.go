package server

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"testing"
)

// TestEncoders finds a happening without a row in encoders: each is told apart by its
// method Activity.
func TestEncoders(t *testing.T) {
	t.Parallel()
	rows := map[string]bool{}
	for happening := range encoders {
		rows[happening.Elem().Name()] = true
	}
	files, err := filepath.Glob("../world/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("got files %v, error %v", files, err)
	}
	found := 0
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "Activity" {
				continue
			}
			found++
			star, ok := f.Recv.List[0].Type.(*ast.StarExpr)
			if !ok {
				t.Errorf("%s: a happening is reported by its pointer", name)
				continue
			}
			if happening := star.X.(*ast.Ident).Name; !rows[happening] {
				t.Errorf("world.%s has no row in encoders", happening)
			}
		}
	}
	if found != len(rows) {
		t.Errorf("got %d happenings for %d rows", found, len(rows))
	}
}
