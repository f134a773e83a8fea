package vectors

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestEveryCaseIsRead finds cases that nobody checks, and rows of tests that do not ask for
// their cases.
func TestEveryCaseIsRead(t *testing.T) {
	asked := asking(t)
	for _, u := range Count(t) {
		for _, v := range Read[vector](t, u.File) {
			if !slices.ContainsFunc(u.By, func(r Reader) bool { return r.of(v) }) {
				t.Errorf("%s, %s: no test reads it; see Readers", u.File, v.ID)
			}
		}
		for _, r := range u.By {
			if r.Cases == 0 {
				t.Errorf("%s, %s: its row has no case", r.File, r.Test+r.Skip)
			}
			if r.Skip == "" && !asked[r.File+" "+r.Test] {
				t.Errorf("%s, %s: the test does not call vectors.Of for the file", r.File, r.Test)
			}
		}
	}
}

// asking are the tests that call Of, each behind the file that it asks for.
func asking(t *testing.T) map[string]bool {
	asked, dirs := map[string]bool{}, map[string]bool{}
	for _, r := range Readers() {
		dir, _, _ := strings.Cut(r.Test, " ")
		if dirs[dir] {
			continue
		}
		dirs[dir] = true
		paths, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(dir), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok {
					for _, name := range ofCalls(f) {
						asked[name+" "+dir+" "+f.Name.Name] = true
					}
				}
			}
		}
	}
	return asked
}

// ofCalls are the files for which a function calls vectors.Of.
func ofCalls(f *ast.FuncDecl) (files []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 2 {
			return true
		}
		typed, ok := call.Fun.(*ast.IndexExpr)
		if !ok {
			return true
		}
		sel, ok := typed.X.(*ast.SelectorExpr)
		lit, isText := call.Args[1].(*ast.BasicLit)
		if ok && isText && sel.Sel.Name == "Of" {
			name, _ := strconv.Unquote(lit.Value)
			files = append(files, name)
		}
		return true
	})
	return files
}
