// Package spec reads the tables of docs/protocol: what there is to be covered. For tests
// only.
package spec

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Operation is a row of the operations in operations.md 3.1 to 3.7.
type Operation struct {
	Section string // "3.1"
	What    string
	// Commands are SSO commands. Uploads are "highway" with the number of their command.
	Commands []string
	// Unconfirmed: something in its rows is marked as uncertain.
	Unconfirmed bool
}

// Page is a row of the web operations in operations.md 6.
type Page struct {
	Number      string // "6.1"
	What        string
	Paths       []string // that are asked for it; what follows a last slash varies
	Unconfirmed bool
}

// Event is one of the catalogue in events.md 5.1.
type Event struct {
	Name        string
	Source      string // the pushes that it is made of, in words
	Unconfirmed bool
}

// Short is an SSO command without what stands before its last dot.
func Short(command string) string { return command[strings.LastIndex(command, ".")+1:] }

// Operations returns the rows of operations.md 3.1 to 3.7.
func Operations(tb testing.TB) (all []Operation) {
	tb.Helper()
	text := read(tb, "operations.md")
	pushes := rows(part(tb, text, "### 7.3", "### 7.4"))
	for _, section := range []string{"3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7"} {
		for _, row := range rows(part(tb, text, "### "+section, "\n### ")) {
			op := Operation{Section: section, What: row[0], Commands: commands(row[1]), Unconfirmed: unconfirmed(row)}
			if op.Commands == nil && strings.HasPrefix(row[1], "same") {
				op.Commands = all[len(all)-1].Commands
			}
			for _, m := range upload.FindAllStringSubmatch(strings.Join(row, "|"), -1) {
				op.Commands = append(op.Commands, "highway "+m[1])
			}
			for _, push := range pushes {
				op.Unconfirmed = op.Unconfirmed || unconfirmed(push) && concerns(push[0], op.Commands)
			}
			all = append(all, op)
		}
	}
	return all
}

// Pages returns the rows of operations.md 6.
func Pages(tb testing.TB) (all []Page) {
	tb.Helper()
	for _, row := range rows(part(tb, read(tb, "operations.md"), "## 6.", "\n## ")) {
		all = append(all, Page{Number: row[0], What: row[1], Paths: pagePath.FindAllString(row[2], -1), Unconfirmed: unconfirmed(row)})
	}
	return all
}

// Uploads returns the commands of the highway, "highway 1003", with what they bring.
func Uploads(tb testing.TB) (all [][2]string) {
	tb.Helper()
	number := regexp.MustCompile(`\d+`)
	for _, row := range rows(part(tb, read(tb, "media.md"), "## 1.", "\n## ")) {
		of := strings.Split(row[0], " / its ")
		for i, n := range number.FindAllString(row[2], -1) {
			all = append(all, [2]string{"highway " + n, of[i]})
		}
	}
	for _, op := range Operations(tb) {
		for _, c := range op.Commands {
			if strings.HasPrefix(c, "highway ") && !slices.ContainsFunc(all, func(a [2]string) bool { return a[0] == c }) {
				all = append(all, [2]string{c, op.What})
			}
		}
	}
	return all
}

// NotOffered returns why operations are left out, by the short names of their commands, the
// numbers of pages and "highway" with a command: internal/rpc/not_offered.txt.
func NotOffered(tb testing.TB) map[string]string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(Root(tb), "internal", "rpc", "not_offered.txt"))
	if err != nil {
		tb.Fatal(err)
	}
	reasons := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, reason, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if reason == "" {
			tb.Errorf("not_offered.txt: %q is no name with its reason", line)
		}
		reasons[name] = reason
	}
	return reasons
}

// oneType has the events of the catalogue that are one type.
var oneType = map[string]string{"group_member_muted": "group_muted", "group_all_muted": "group_muted"}

// Events returns the events of events.md 5.1, by the names of their types.
func Events(tb testing.TB) (all []Event) {
	tb.Helper()
	name := regexp.MustCompile("`([a-z_]+)`")
	for _, row := range rows(part(tb, read(tb, "events.md"), "### 5.1", "\n### ")) {
		for _, m := range name.FindAllStringSubmatch(row[0], -1) {
			e := Event{Name: m[1], Source: row[len(row)-1], Unconfirmed: unconfirmed(row)}
			if one := oneType[e.Name]; one != "" {
				e.Name = one
			}
			if i := slices.IndexFunc(all, func(other Event) bool { return other.Name == e.Name }); i >= 0 {
				all[i].Source, all[i].Unconfirmed = all[i].Source+"; "+e.Source, all[i].Unconfirmed || e.Unconfirmed
				continue
			}
			all = append(all, e)
		}
	}
	return all
}

// What says in words what an SSO command is for, which no table of operations.md has: by the
// table of media.md 1, else by the heading of ref, a file with its section.
func What(tb testing.TB, ref, command string) string {
	tb.Helper()
	name := Short(command)
	for _, row := range rows(part(tb, read(tb, "media.md"), "## 1.", "\n## ")) {
		if place := row[1]; name == place || name == place+"_100" {
			return row[0]
		}
		if address := regexp.MustCompile(`^` + name + `\b`); address.MatchString(row[4]) {
			return row[0] + ", address"
		}
	}
	file, section, _ := strings.Cut(ref, " ")
	heading := regexp.MustCompile(`(?m)^#+ ` + regexp.QuoteMeta(section) + `\.? (.*)$`)
	if m := heading.FindStringSubmatch(read(tb, file)); m != nil {
		return m[1]
	}
	return ""
}

var (
	upload  = regexp.MustCompile(`highway commandId (\d+)`)
	quoted  = regexp.MustCompile("`(\\.?[A-Za-z0-9_]+(?:\\.[A-Za-z0-9_]+)*)`")
	numbers = regexp.MustCompile(`0x([0-9a-f]+)(?:_(\d+))?((?: ?/ ?_\d+)*)`)
	// pagePath is a path behind the host.
	pagePath = regexp.MustCompile(`/[\w-]+(?:/[\w.-]+)+/?`)
	sub      = regexp.MustCompile(`\d+`)
)

// commands reads the column with the commands of an operation.
func commands(column string) (all []string) {
	if strings.HasPrefix(column, "SSO ") {
		for _, m := range quoted.FindAllStringSubmatch(column, -1) {
			name := m[1]
			if strings.HasPrefix(name, ".") {
				name = all[0][:strings.LastIndex(all[0], ".")] + name
			}
			all = append(all, name)
		}
		return all
	}
	for _, m := range numbers.FindAllStringSubmatch(column, -1) {
		for _, s := range append([]string{m[2]}, sub.FindAllString(m[3], -1)...) {
			all = append(all, "OidbSvcTrpcTcp.0x"+m[1]+"_"+s)
		}
	}
	return all
}

// concerns tells whether a row of 7.3 is about one of the commands. It may leave out the
// number behind the line.
func concerns(column string, of []string) bool {
	for _, named := range commands(column) {
		for _, c := range of {
			if c == named || strings.HasSuffix(named, "_") && strings.HasPrefix(c, named) {
				return true
			}
		}
	}
	return false
}

func unconfirmed(row []string) bool {
	text := strings.Join(row, "|")
	return strings.Contains(text, "uncertain") || strings.Contains(text, "unconfirmed")
}

func read(tb testing.TB, file string) string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(Root(tb), "docs", "protocol", file))
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// Root is the folder of go.mod: tests run in the folder of their package.
func Root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			tb.Fatal("no go.mod above the package")
		}
		dir = parent
	}
}

// part is what stands between two headings.
func part(tb testing.TB, text, from, to string) string {
	tb.Helper()
	_, after, found := strings.Cut(text, "\n"+from)
	if !found {
		tb.Fatalf("docs/protocol has no %q", from)
	}
	between, _, _ := strings.Cut(after, to)
	return between
}

// rows returns the cells of tables, without their heads.
func rows(text string) (all [][]string) {
	head := true
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case !strings.HasPrefix(line, "|"):
			head = true
		case strings.HasPrefix(line, "|---"):
			head = false
		case !head:
			cells := strings.Split(strings.ReplaceAll(strings.Trim(line, "|"), `\|`, "\x00"), "|")
			for i, c := range cells {
				cells[i] = strings.TrimSpace(strings.ReplaceAll(c, "\x00", `\|`))
			}
			all = append(all, cells)
		}
	}
	return all
}
