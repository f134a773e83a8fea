package docs

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// files are those of the repository with an ending, without test data and what git does not keep.
func files(t *testing.T, ending string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != ".." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(name, ending) && !d.IsDir() {
			rel, err := filepath.Rel("..", name)
			if err != nil {
				return err
			}
			out = append(out, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestLinks follows every link of every page to a file and, where it names one, a heading.
func TestLinks(t *testing.T) {
	t.Parallel()
	names := files(t, ".md")
	if len(names) < 25 {
		t.Fatalf("found %d pages: the test looks in the wrong place", len(names))
	}
	pages := map[string]*page{}
	for _, name := range names {
		pages[name] = read(t, name)
	}
	for _, name := range names {
		for _, problem := range badLinks(pages[name], pages, exists) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

// badLinks says which links of a page lead nowhere, or to the other language without need.
func badLinks(p *page, pages map[string]*page, exists func(string) bool) []string {
	var out []string
	for i := range p.sections {
		s := &p.sections[i]
		for _, l := range p.links(s) {
			switch {
			case l.file == "":
			case strings.HasPrefix(l.file, ".."):
				out = append(out, "section "+s.heading+": "+l.target+" leads out of the repository")
			case !exists(l.file):
				out = append(out, "section "+s.heading+": "+l.target+": there is no such file")
			case l.anchor != "" && (pages[l.file] == nil || !slices.Contains(pages[l.file].anchors, l.anchor)):
				out = append(out, "section "+s.heading+": "+l.target+": there is no such heading")
			case l.file == twin(p.name) && i <= 1: // the way to the other language, below the title
			case strings.HasSuffix(p.name, chinese) != strings.HasSuffix(l.file, chinese) && pages[l.file] != nil && exists(twin(l.file)):
				out = append(out, "section "+s.heading+": "+l.target+" is in the other language; there is "+twin(l.file))
			}
		}
	}
	return out
}

var pageInText = regexp.MustCompile(`([A-Za-z0-9_./-]*[A-Za-z0-9_-](?:\.zh-CN)?\.md)(?:#([\pL\pN_-]+))?`)

// TestPagesNamedInSources follows the pages that the program's own texts and the comments of its sources name.
// A page stands there by its path in the repository or, as in the comments of the configuration, by its name in docs.
func TestPagesNamedInSources(t *testing.T) {
	t.Parallel()
	named := 0
	for _, name := range files(t, ".go") {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		var s scanner.Scanner
		s.Init(fset.AddFile(name, -1, len(source)), source, nil, scanner.ScanComments)
		for {
			pos, kind, text := s.Scan()
			if kind == token.EOF {
				break
			}
			if kind != token.STRING && kind != token.COMMENT {
				continue
			}
			for _, m := range pageInText.FindAllStringSubmatch(text, -1) {
				file := m[1]
				if !exists(file) {
					file = "docs/" + file
				}
				where := fset.Position(pos)
				switch {
				case !exists(file) && exists("docs/protocol/"+m[1]): // the sources of the protocol cite its pages by name
				case !exists(file) && exists(path.Join(path.Dir(name), m[1])): // a page beside the source
				case !exists(file):
					t.Errorf("%s: %s: there is no such page", where, m[0])
				case m[2] != "" && !slices.Contains(read(t, file).anchors, m[2]):
					t.Errorf("%s: %s: there is no such heading", where, m[0])
				case strings.Contains(text, " ") && han(text) != strings.HasSuffix(file, chinese) && exists(twin(file)): // no path alone
					t.Errorf("%s: %s is in the other language; there is %s", where, m[0], twin(file))
				default:
					named++
				}
			}
		}
	}
	if named < 20 {
		t.Errorf("found %d pages named: the test looks in the wrong place", named)
	}
}

func han(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func TestABadLinkIsFound(t *testing.T) {
	t.Parallel()
	pages := map[string]*page{
		"docs/a.md":       parse("docs/a.md", "# A\n\n## A `code` word, and *more*\n\n## Same\n\n## Same\n"),
		"docs/a.zh-CN.md": parse("docs/a.zh-CN.md", "# 甲\n\n## 图片、语音（和视频）\n"),
		"docs/b.md":       parse("docs/b.md", ""),
	}
	exists := func(name string) bool { return pages[name] != nil || name == "docs/x.png" }
	for text, want := range map[string]string{
		"[a](a.md#a-code-word-and-more)":  "",
		"[a](a.md#same-1)":                "",
		"![x](x.png)":                     "",
		"`[a](nowhere.md)`":               "",
		"```\n[a](nowhere.md)\n```":       "",
		"[a](https://example.com/b.md#c)": "",
		"| [a](nowhere.md) |":             "no such file",
		"[a](../a.md)":                    "no such file",
		"[a](../../a.md)":                 "out of the repository",
		"[a](a.md#same-2)":                "no such heading",
		"[a](#nothing)":                   "no such heading",
		"## B\n\n[a](a.zh-CN.md#图片语音和视频)": "in the other language",
		"[a](a.zh-CN.md#图片、语音（和视频）)":      "no such heading",
	} {
		got := strings.Join(badLinks(parse("docs/b.md", "# B\n\n"+text), pages, exists), "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
