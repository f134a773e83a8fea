package main

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestCommandsInGuides: every command of the program that a guide names is one, with flags
// and arguments that it takes.
func TestCommandsInGuides(t *testing.T) {
	t.Parallel()
	found := 0
	walk(t, ".md", func(path, text string) {
		for _, c := range commandsInGuide(text) {
			found++
			if err := parses(c.words, !c.typed); err != nil {
				t.Errorf("%s:%d: %s: %v", path, c.line, strings.Join(c.words, " "), err)
			}
		}
	})
	if found < 100 {
		t.Errorf("found %d commands: the test looks in the wrong place", found)
	}
}

// TestCommandsInTexts: so is every command that the program prints. Texts have commands of
// package paste, which name the program as it was called, and the configuration.
func TestCommandsInTexts(t *testing.T) {
	t.Parallel()
	found := 0
	walk(t, ".go", func(path, source string) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, words := range commandsInCode(path, file) {
			found++
			if err := parses(words, false); err != nil {
				t.Errorf("%s: %s: %v", path, strings.Join(words, " "), err)
			}
		}
		for _, said := range textsInCode(file) {
			for _, m := range inContainer.FindAllStringSubmatch(said, -1) {
				if err := parses(strings.Fields(m[1]), false); err != nil {
					t.Errorf("%s: %s: %v", path, m[0], err)
				}
			}
			if named := writtenOut.FindString(inContainer.ReplaceAllString(said, "")); named != "" {
				t.Errorf("%s: %q: make the command with package paste", path, named)
			}
		}
	})
	if found < 15 {
		t.Errorf("found %d commands: the test looks in the wrong place", found)
	}
}

func TestWrongCommandsAreFound(t *testing.T) {
	t.Parallel()
	for guide, want := range map[string]int{
		"`libration login`":                                                0,
		"`libration logn`":                                                 1,
		"`libration login --acount a`":                                     1,
		"`libration call -c`, `libration packets`":                         0, // words about them
		"```sh\nlibration packets\n```":                                    1,
		"```sh\nlibration packets show N -c bot.yaml   # --nonsense\n```":  0,
		"```sh\nlibration packets show N N\n```":                           1,
		"```sh\nlibration config check && ./libration fly\n```":            1,
		"```sh\nsudo -u libration libration login -c /etc/x.yaml\n```":     0,
		"```sh\nA=1 go run ./cmd/libration demo --nobot\n```":              1,
		"```sh\nlibration sandbox --sso 127.0.0.1:1 \\\n   --nothing\n```": 1,
		"```sh\nlibration config schema > x.json | cat --fly\n```":         0,
	} {
		wrong := 0
		for _, c := range commandsInGuide(guide) {
			if parses(c.words, !c.typed) != nil {
				wrong++
			}
		}
		if wrong != want {
			t.Errorf("%s: %d wrong commands, want %d: %v", guide, wrong, want, commandsInGuide(guide))
		}
	}
	if !writtenOut.MatchString("then: libration login") || writtenOut.MatchString("the running libration has no account") {
		t.Error("commands that are written out are not found")
	}
}

// inContainer is a command for an image, which is called libration.
var inContainer = regexp.MustCompile(`docker run [^;；` + "`" + `]*? libration ([^;；` + "`" + `]*)`)

// writtenOut is a command in a text.
var writtenOut = regexp.MustCompile("libration (" + strings.Join(topCommands(), "|") + `)\b`)

func topCommands() (all []string) {
	for _, c := range newTestParser().Model.Children {
		all = append(all, c.Name)
	}
	return all
}

func newTestParser() *kong.Kong {
	return kong.Must(&commands{}, kong.Name("libration"), kong.Writers(io.Discard, io.Discard), kong.Vars{"version": ""},
		kong.Exit(func(code int) { panic(exited(code)) }), kong.BindTo(context.Background(), (*context.Context)(nil)))
}

// parses has the program's own parser read a command, of which words in capitals, and
// "..." within a word, stand for others. Words about a command, in prose, may leave out what belongs behind them.
func parses(words []string, prose bool) error {
	tries := [][]string{words}
	numbers := slices.Clone(words)
	for i, w := range numbers {
		numbers[i] = strings.ReplaceAll(w, "...", "xyz") // something that is cut short
		if placeholder.MatchString(w) {
			numbers[i] = "1"
		}
	}
	tries = append(tries, numbers)
	if prose {
		tries = append(tries, append(slices.Clone(words), "FILE"), append(slices.Clone(words), "--help"))
	}
	var first error
	for _, try := range tries {
		err := parse(try)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

var placeholder = regexp.MustCompile(`^[A-Z][A-Z_]*$`)

func parse(words []string) (err error) {
	defer func() {
		if v := recover(); v != nil {
			if _, ok := v.(exited); !ok { // of --help
				panic(v)
			}
		}
	}()
	_, err = newTestParser().Parse(words)
	return err
}

// command is one in a guide.
type command struct {
	words []string
	line  int
	typed bool // in a block, to be typed as it is
}

// commandsInGuide finds the commands in blocks and in code spans.
func commandsInGuide(text string) (all []command) {
	span := regexp.MustCompile("`([^`\n]+)`")
	fenced, joined := false, ""
	for i, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced, joined = !fenced, ""
			continue
		}
		if !fenced {
			for _, m := range span.FindAllStringSubmatch(line, -1) {
				for _, words := range commandsIn(m[1]) {
					all = append(all, command{words, i + 1, false})
				}
			}
			continue
		}
		joined += line
		if more, ok := strings.CutSuffix(joined, `\`); ok {
			joined = more
			continue
		}
		for _, words := range commandsIn(joined) {
			all = append(all, command{words, i + 1, true})
		}
		joined = ""
	}
	return all
}

// commandsIn takes a line of a shell apart, and returns the words behind the program's
// name of each command that runs it.
func commandsIn(line string) (all [][]string) {
	program := regexp.MustCompile(`^(\./|/[\w./-]*/|\.venv/bin/|/)?libration(\.exe)?$`)
	for _, words := range shellCommands(line) {
		for len(words) > 0 && regexp.MustCompile(`^([A-Z_0-9]+=.*|\$|>|exec|nohup|time|docker|podman)$`).MatchString(words[0]) {
			words = words[1:]
		}
		if len(words) > 0 && words[0] == "sudo" {
			words = words[1:]
			for len(words) > 1 && strings.HasPrefix(words[0], "-") {
				words = words[2:] // -u NAME
			}
		}
		switch {
		case len(words) > 3 && words[0] == "go" && words[1] == "run" && strings.HasSuffix(words[2], "cmd/libration"):
			all = append(all, words[3:])
		case len(words) > 1 && program.MatchString(words[0]):
			all = append(all, words[1:])
		}
	}
	return all
}

// shellCommands splits a line into commands, and these into words, without redirections,
// comments, the brackets of what may be left out, and "...".
func shellCommands(line string) (all [][]string) {
	var words []string
	word, quote, started := "", rune(0), false
	endWord := func() {
		if word = strings.Trim(word, "[]"); started && word != "" && word != "..." && word != "…" {
			words = append(words, word)
		}
		word, started = "", false
	}
	endCommand := func() {
		endWord()
		if len(words) > 0 {
			all = append(all, words)
		}
		words = nil
	}
	skipped := false // behind a redirection
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word += string(r)
		case r == '\'' || r == '"':
			quote, started = r, true
		case r == '#' && !started:
			endCommand()
			return all
		case strings.ContainsRune("|&;()", r):
			endCommand()
			skipped = false
		case r == '>' || r == '<':
			if regexp.MustCompile(`^\d$`).MatchString(word) {
				word, started = "", false
			}
			endWord()
			skipped = true
		case r == ' ' || r == '\t':
			if skipped && started {
				word, started, skipped = "", false, false
			}
			endWord()
		default:
			word += string(r)
			started = true
		}
	}
	if skipped {
		word, started = "", false
	}
	endCommand()
	return all
}

// commandsInCode finds calls that make commands, and lists of words that begin as one: what
// is no literal is a placeholder. Those about an installation get its file.
func commandsInCode(path string, file *ast.File) (all [][]string) {
	if !strings.Contains(path, "/internal/app/") &&
		!slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"libration/internal/paste"` }) {
		return nil
	}
	top := topCommands()
	words := func(nodes []ast.Expr) []string {
		var all []string
		for _, n := range nodes {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil {
					all = append(all, s)
					continue
				}
			}
			all = append(all, "X")
		}
		return all
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			of, name := "", ""
			switch f := n.Fun.(type) {
			case *ast.Ident:
				name = f.Name
			case *ast.SelectorExpr:
				name = f.Sel.Name
				if x, ok := f.X.(*ast.Ident); ok {
					of = x.Name
				}
			}
			if !strings.HasSuffix(strings.ToLower(name), "command") || len(n.Args) == 0 {
				return true
			}
			said := words(n.Args)
			if !slices.Contains(top, said[0]) {
				return true
			}
			if of != "paste" {
				said = append(said, "-c", "FILE")
			}
			all = append(all, said)
		case *ast.CompositeLit:
			lists := strings.Contains(path, "/app/doctor/") || strings.HasSuffix(path, "/app/packets.go") // elsewhere they are other words
			if said := words(n.Elts); lists && len(said) > 0 && slices.Contains(top, said[0]) {
				if a, ok := n.Type.(*ast.ArrayType); ok && a.Len == nil {
					all = append(all, append(said, "-c", "FILE"))
				}
			}
		}
		return true
	})
	return all
}

// textsInCode returns the literals of the texts of a file.
func textsInCode(file *ast.File) (all []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		f, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || f.Sel.Name != "T" && f.Sel.Name != "Errorf" {
			return true
		}
		for _, a := range call.Args {
			if lit, ok := a.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil {
					all = append(all, s)
				}
			}
		}
		return true
	})
	return all
}

// walk reads all files of the repository whose names end so.
func walk(t *testing.T, ext string, look func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules" || d.Name() != ".." && strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ext {
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil {
			look(filepath.ToSlash(path), string(text))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
