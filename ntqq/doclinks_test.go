package ntqq_test

import (
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unresolved is a link that stayed text.
var unresolved = regexp.MustCompile(`\[\*?(?:\w+\.)?[A-Z]\w*(?:\.[A-Z]\w*)*\]`)

// TestDocLinks: links in the comments of this module's packages name what exists. go vet
// does not look, and a type that moves takes none of them along.
func TestDocLinks(t *testing.T) {
	const module = "libration"
	fset, sources := token.NewFileSet(), map[string][]*ast.File{}
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == "testdata" || e.Name() == "pb" || len(e.Name()) > 2 && e.Name()[0] == '.'):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		in := module + filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), ".."))
		sources[in] = append(sources[in], f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	packages, links := map[string]*doc.Package{}, map[string][]*comment.DocLink{}
	for path, files := range sources {
		p, err := doc.NewFromFiles(fset, files, path, doc.AllDecls)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		packages[path] = p
		for _, text := range comments(p) {
			for _, b := range p.Parser().Parse(text).Content {
				for _, part := range words(b) {
					switch part := part.(type) {
					case comment.Plain:
						if wrong := unresolved.FindString(string(part)); wrong != "" {
							t.Errorf("%s: %s links to nothing, in %q", path, wrong, text)
						}
					case *comment.DocLink:
						links[path] = append(links[path], part)
					}
				}
			}
		}
	}
	found := 0
	for path, list := range links {
		for _, l := range list {
			if p := packages[l.ImportPath]; p != nil && l.Name != "" {
				found++
				if !p.Parser().LookupSym(l.Recv, l.Name) {
					t.Errorf("%s: %s has no %s.%s", path, l.ImportPath, l.Recv, l.Name)
				}
			}
		}
	}
	if found == 0 {
		t.Error("no link between packages was found")
	}
}

// comments are all comments of a package's declarations.
func comments(p *doc.Package) []string {
	list := []string{p.Doc}
	values := func(all ...*doc.Value) {
		for _, v := range all {
			list = append(list, v.Doc)
		}
	}
	functions := func(all ...*doc.Func) {
		for _, f := range all {
			list = append(list, f.Doc)
		}
	}
	values(p.Consts...)
	values(p.Vars...)
	functions(p.Funcs...)
	for _, typ := range p.Types {
		list = append(list, typ.Doc)
		values(typ.Consts...)
		values(typ.Vars...)
		functions(typ.Funcs...)
		functions(typ.Methods...)
	}
	return list
}

// words are the texts and links of a block but for code.
func words(b comment.Block) []comment.Text {
	switch b := b.(type) {
	case *comment.Paragraph:
		return b.Text
	case *comment.Heading:
		return b.Text
	case *comment.List:
		var all []comment.Text
		for _, item := range b.Items {
			for _, inner := range item.Content {
				all = append(all, words(inner)...)
			}
		}
		return all
	}
	return nil
}
