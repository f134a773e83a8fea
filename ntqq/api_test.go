package ntqq_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// No exported signature has an internal type: nobody else could name it. Not yet free of
// them is package message, whose elements the client and the sandbox share.
func TestNoInternalTypes(t *testing.T) {
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "internal" || file == "message"):
			return fs.SkipDir
		case d.IsDir(), filepath.Ext(file) != ".go", strings.HasSuffix(file, "_test.go"):
			return nil
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, file, nil, 0)
		if err != nil {
			return err
		}
		internal := map[string]bool{} // names of imported packages
		for _, i := range f.Imports {
			where, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			if !strings.Contains(where, "/internal/") {
				continue
			}
			name := path.Base(where)
			if i.Name != nil {
				name = i.Name.Name
			}
			internal[name] = true
		}
		for _, part := range exported(f) {
			ast.Inspect(part, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok && internal[x.Name] {
						t.Errorf("%s: %s.%s is internal", fset.Position(n.Pos()), x.Name, s.Sel.Name)
					}
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// exported are the types that a file's exported names show.
func exported(f *ast.File) (parts []ast.Node) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && (d.Recv == nil || exportedType(d.Recv.List[0].Type)) {
				parts = append(parts, d.Type)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.ValueSpec:
					if spec.Names[0].IsExported() && spec.Type != nil {
						parts = append(parts, spec.Type)
					}
				case *ast.TypeSpec:
					if spec.Name.IsExported() {
						parts = append(parts, shown(spec.Type)...)
					}
				}
			}
		}
	}
	return parts
}

// shown is a type without its fields and methods that are not exported.
func shown(t ast.Expr) (parts []ast.Node) {
	var list []*ast.Field
	switch t := t.(type) {
	case *ast.StructType:
		list = t.Fields.List
	case *ast.InterfaceType:
		list = t.Methods.List
	default:
		return []ast.Node{t}
	}
	for _, field := range list {
		if len(field.Names) == 0 || field.Names[0].IsExported() {
			parts = append(parts, field.Type)
		}
	}
	return parts
}

func exportedType(t ast.Expr) bool {
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	id, ok := t.(*ast.Ident)
	return ok && id.IsExported()
}
