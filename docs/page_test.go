// Package docs holds the checks of the pages for people: that the two languages of a guide say the same, and that links lead somewhere.
package docs

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// page is one Markdown file, as far as the checks need it.
type page struct {
	name     string // its path in the repository, with slashes
	sections []section
	anchors  []string // of the sections, as the web page of the repository makes them
}

// section is what stands between two headings. That before the first heading has level 0.
type section struct {
	line    int
	level   int
	heading string
	text    []string // prose and lists, without code blocks and tables
	items   int      // of lists
	tables  [][]row
	blocks  []block
}

type row struct {
	line  int
	cells []string
}

type block struct {
	line     int
	language string
	lines    []string
}

var (
	headingLine = regexp.MustCompile(`^(#{1,6}) +(.*?)(?: +#+)?$`)
	fence       = regexp.MustCompile("^ *(?:> *)?(```+)([^`]*)$")
	itemLine    = regexp.MustCompile(`^ *(?:[-*+]|\d+\.) `)
	delimiter   = regexp.MustCompile(`^[ |:-]*-[ |:-]*$`)
	codeSpan    = regexp.MustCompile("``.+?``|`[^`]+`")
	linkTarget  = regexp.MustCompile(`\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)(?: +"[^"]*")?\)`)
	linkText    = regexp.MustCompile(`!?\[([^\[\]]*)\]\([^()]*\)`)
	pageComment = regexp.MustCompile(`<!--.*?-->`)
)

// read parses a page by its path in the repository.
func read(t *testing.T, name string) *page {
	t.Helper()
	text, err := readFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return parse(name, text)
}

func readFile(name string) (string, error) {
	data, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(name)))
	return string(data), err
}

func parse(name, text string) *page {
	p := &page{name: name, sections: []section{{line: 1}}}
	var inside *block
	var table []row
	var mark string
	endTable := func() {
		if len(table) > 0 {
			s := &p.sections[len(p.sections)-1]
			s.tables = append(s.tables, table)
			table = nil
		}
	}
	for i, line := range strings.Split(text, "\n") {
		s := &p.sections[len(p.sections)-1]
		if inside != nil {
			if m := fence.FindStringSubmatch(line); m != nil && strings.HasPrefix(m[1], mark) && m[2] == "" {
				s.blocks = append(s.blocks, *inside)
				inside = nil
				continue
			}
			inside.lines = append(inside.lines, line)
			continue
		}
		if m := fence.FindStringSubmatch(line); m != nil {
			endTable()
			inside, mark = &block{line: i + 1, language: strings.TrimSpace(m[2])}, m[1]
			continue
		}
		if m := headingLine.FindStringSubmatch(line); m != nil {
			endTable()
			p.sections = append(p.sections, section{line: i + 1, level: len(m[1]), heading: m[2]})
			continue
		}
		if trimmed := strings.TrimSpace(line); strings.HasPrefix(trimmed, "|") {
			if !delimiter.MatchString(trimmed) {
				table = append(table, row{i + 1, cells(trimmed)})
			}
			continue
		}
		endTable()
		if itemLine.MatchString(line) {
			s.items++
		}
		s.text = append(s.text, pageComment.ReplaceAllString(line, ""))
	}
	endTable()
	seen := map[string]int{}
	for _, s := range p.sections {
		a := anchor(s.heading)
		n := seen[a]
		seen[a]++
		if n > 0 {
			a += "-" + string(rune('0'+n))
		}
		p.anchors = append(p.anchors, a)
	}
	return p
}

// cells splits the line of a table at the bars outside of code, which there are written \|.
func cells(line string) []string {
	line = strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|")
	var out []string
	for {
		i := strings.Index(line, "|")
		for i > 0 && line[i-1] == '\\' {
			next := strings.Index(line[i+1:], "|")
			if next < 0 {
				i = -1
				break
			}
			i += 1 + next
		}
		if i < 0 {
			return append(out, strings.TrimSpace(line))
		}
		out, line = append(out, strings.TrimSpace(line[:i])), line[i+1:]
	}
}

// anchor is what a heading's link ends with: lower case, without marks, spaces as hyphens. Letters of all languages stay.
func anchor(heading string) string {
	heading = linkText.ReplaceAllString(heading, "$1")
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// words is all text of a section outside of code blocks: its heading, prose and the cells of tables.
func (s *section) words() string {
	var b strings.Builder
	b.WriteString(s.heading + "\n")
	for _, line := range s.text {
		b.WriteString(line + "\n")
	}
	for _, table := range s.tables {
		for _, r := range table {
			b.WriteString(strings.Join(r.cells, "\n") + "\n")
		}
	}
	return b.String()
}

// link is a target as written, and what it means.
type link struct {
	line   int
	target string
	file   string // its path in the repository; empty for an address
	anchor string
}

// links are those of a page outside of code.
func (p *page) links(s *section) []link {
	var out []link
	for _, m := range linkTarget.FindAllStringSubmatch(codeSpan.ReplaceAllString(s.words(), "`x`"), -1) {
		out = append(out, p.resolve(m[1], s.line))
	}
	return out
}

func (p *page) resolve(target string, line int) link {
	l := link{line: line, target: target}
	if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
		return l
	}
	file, anchor, _ := strings.Cut(target, "#")
	l.anchor = anchor
	if file == "" {
		l.file = p.name
	} else {
		l.file = path.Join(path.Dir(p.name), file)
	}
	return l
}

const chinese = ".zh-CN.md"

// twin is the page in the other language, whether it is there or not.
func twin(name string) string {
	if base, ok := strings.CutSuffix(name, chinese); ok {
		return base + ".md"
	}
	return strings.TrimSuffix(name, ".md") + chinese
}

func exists(name string) bool {
	_, err := os.Stat(filepath.Join("..", filepath.FromSlash(name)))
	return err == nil
}
