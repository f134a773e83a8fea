package e2e

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"libration/internal/rpc"
	"libration/internal/spec"
	"libration/internal/vectors"
	"libration/ntqq/event"
)

// known is what the page has of other places than the tests.
type known struct {
	operations []spec.Operation
	pages      []spec.Page
	uploads    [][2]string
	events     map[string]spec.Event
	notOffered map[string]string
	what       map[string]string // of operations that docs/protocol has elsewhere
	vectors    map[string]int    // by operation and by event
	files      []vectors.Used
	handled    map[string]bool // by the sandbox, of TestOperations
}

func (k *known) read(t *testing.T) {
	k.operations, k.pages, k.uploads = spec.Operations(t), spec.Pages(t), spec.Uploads(t)
	k.events, k.notOffered, k.what = map[string]spec.Event{}, spec.NotOffered(t), map[string]string{}
	for _, e := range spec.Events(t) {
		k.events[e.Name] = e
	}
	for _, op := range rpc.All() {
		k.what[op.Name] = spec.What(t, op.Ref, op.Name)
	}
	k.vectors, k.files = vectorsOf(t), vectors.Count(t)
	for _, v := range vectors.Read[struct{ Kind, Command, Body string }](t, "push_events.json") {
		k.count(t, v.Command, v.Body)
	}
	for _, v := range vectors.Read[struct{ Kind, Body string }](t, "captures.json") {
		if v.Kind == "push" {
			k.count(t, event.CommandMsgPush, v.Body)
		}
	}
}

// count counts a push as a vector of its events.
func (k *known) count(t *testing.T, command, body string) {
	payload, err := hex.DecodeString(body)
	if err != nil {
		t.Fatal(err)
	}
	self := func() event.Person { return event.Person{UIN: bot, UID: "u_selfselfselfselfselfAA"} }
	for _, e := range event.NewDecoder(self).Decode(command, payload) {
		k.vectors[e.Name()]++
	}
}

// oldPage reads the tables of a page: cells by the first one of their row.
func oldPage(page []byte) map[string][]string {
	old := map[string][]string{}
	for line := range strings.Lines(string(page)) {
		if cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|"); len(cells) > 1 {
			old[strings.TrimSpace(cells[0])] = cells
		}
	}
	return old
}

// chooser picks the names of a cell. Those of the page stay as long as they are seen, so
// that the page does not change when tests see more than before.
type chooser struct {
	old    map[string][]string
	weight map[string]int // how many things a name is seen with
}

var codeSpan = regexp.MustCompile("`([^`]+)`")

func (c *chooser) pick(row string, column int, of nameSet, most int) string {
	var picked []string
	if cells := c.old[row]; len(cells) > column {
		for _, m := range codeSpan.FindAllStringSubmatch(cells[column], -1) {
			if of[m[1]] {
				picked = append(picked, m[1])
			}
		}
	}
	// Who does little beside it shows it best.
	best := slices.SortedFunc(maps.Keys(of), func(a, b string) int {
		return cmp.Or(cmp.Compare(c.weight[a], c.weight[b]), cmp.Compare(a, b))
	})
	for _, name := range best {
		if len(picked) < most && !slices.Contains(picked, name) {
			picked = append(picked, name)
		}
	}
	slices.Sort(picked)
	for i, name := range picked {
		picked[i] = "`" + name + "`"
	}
	text := strings.Join(picked, ", ")
	if len(of) > most && most > 1 {
		text += " …"
	}
	return text
}

// pickCached is pick for what asks for things that the client keeps: who finds them there
// leads to no request. Names stay while they are called at all.
func (c *chooser) pickCached(row string, column int, of, called nameSet, most int) string {
	all, old := maps.Clone(of), ""
	if cells := c.old[row]; len(cells) > column {
		old = cells[column]
	}
	for _, m := range codeSpan.FindAllStringSubmatch(old, -1) {
		if called[m[1]] && all != nil {
			all[m[1]] = true
		}
	}
	text := c.pick(row, column, all, most)
	if strings.Contains(old, "…") && strings.Count(text, "`") == 2*most && !strings.HasSuffix(text, "…") {
		text += " …"
	}
	return text
}

// page makes docs/coverage.md.
func (r *record) page(old map[string][]string) []byte {
	c := &chooser{old, map[string]int{}}
	for _, of := range []map[string]nameSet{r.answered, r.refused, r.actions, r.methods, r.told} {
		for _, by := range of {
			for name := range by {
				c.weight[name]++
			}
		}
	}
	b := &strings.Builder{}
	b.WriteString(coverageHead)
	r.operationTables(b, c)
	r.webTable(b, c)
	r.uploadTable(b, c)
	r.eventTable(b, c)
	r.vectorTable(b)
	return []byte(b.String())
}

const coverageHead = `# Coverage

What there is in [docs/protocol](protocol/README.md), and what is done about it. This page is made by the tests: ` + "`go test ./internal/e2e`" + ` records what client and sandbox do in them, and fails when the page says something else; with ` + "`-update`" + ` it writes the page.

- **client**: methods of ` + "`ntqq.Client`" + ` that lead to the operation; *by itself*: the client asks for it without being told to.
- **OneBot**: actions that lead to it, or notices that an event becomes. A … stands for more.
- **vectors**: how many of ` + "`testdata/vectors`" + ` are about it.
- **test**, **refused**: a test in ` + "`internal/e2e`" + ` in which the sandbox did it, and one in which it refused.
- *unconfirmed*: docs/protocol says that something about it is uncertain, and what.

`

// doubt marks what the spec is not sure of.
func doubt(unconfirmed bool) string {
	if unconfirmed {
		return " *unconfirmed*"
	}
	return ""
}

// operationTables writes a table for each place in docs/protocol.
func (r *record) operationTables(b *strings.Builder, c *chooser) {
	head := "| command | operation | client | sandbox | OneBot | vectors | test | refused |\n|---|---|---|---|---|---|---|---|\n"
	section, written := "", nameSet{}
	b.WriteString("## Operations\n")
	for _, op := range r.known.operations {
		if op.Section != section {
			section = op.Section
			fmt.Fprintf(b, "\n### operations.md %s\n\n%s", section, head)
		}
		for _, command := range op.Commands {
			if !written[command] && !strings.HasPrefix(command, "highway ") {
				written[command] = true
				r.operation(b, c, command, r.whats(command), r.doubtful(command))
			}
		}
	}
	for _, file := range []string{"operations.md", "messages.md", "media.md", "login.md"} {
		first := true
		for _, op := range rpc.All() {
			if !strings.HasPrefix(op.Ref, file+" ") || written[op.Name] {
				continue
			}
			if first {
				fmt.Fprintf(b, "\n### %s\n\n%s", cmp.Or(map[string]string{"operations.md": "operations.md, elsewhere"}[file], file), head)
				first = false
			}
			written[op.Name] = true
			r.operation(b, c, op.Name, r.known.what[op.Name], false)
		}
	}
}

// whats are the operations of a command in docs/protocol.
func (r *record) whats(command string) string {
	var all []string
	for _, op := range r.known.operations {
		if slices.Contains(op.Commands, command) {
			all = append(all, op.What)
		}
	}
	return strings.Join(all, "; ")
}

func (r *record) doubtful(command string) bool {
	return slices.ContainsFunc(r.known.operations, func(op spec.Operation) bool { return op.Unconfirmed && slices.Contains(op.Commands, command) })
}

// operation writes the row of an operation.
func (r *record) operation(b *strings.Builder, c *chooser, command, what string, unconfirmed bool) {
	key := "`" + strings.TrimPrefix(command, "OidbSvcTrpcTcp.") + "`"
	fmt.Fprintf(b, "| %s | %s%s | ", key, what, doubt(unconfirmed))
	if reason := r.known.notOffered[spec.Short(command)]; reason != "" {
		fmt.Fprintf(b, "*not offered*: %s | | | | | |\n", reason)
		return
	}
	client, actions := c.pick(key, 2, r.methods[command], 2), c.pick(key, 4, r.actions[command], 3)
	for _, op := range rpc.All() {
		if op.Name == command && client == "" {
			client = cmp.Or(op.Uncalled, "*by itself*")
		}
		if op.Name == command && op.Repeat {
			actions = c.pickCached(key, 4, r.actions[command], r.called, 3)
		}
	}
	sandbox := ""
	if r.known.handled[command] {
		sandbox = "yes"
	}
	fmt.Fprintf(b, "%s | %s | %s | %s | %s | %s |\n", client, sandbox, actions, number(r.known.vectors[command]),
		c.pick(key, 6, r.shown(r.answered, command), 1), c.pick(key, 7, r.shown(r.refused, command), 1))
}

// shown are the tests of an operation, but for those in which it only happens to come in
// the background, where there are others.
func (r *record) shown(of map[string]nameSet, command string) nameSet {
	meant := maps.Clone(of[command])
	maps.DeleteFunc(meant, func(test string, _ bool) bool { return !r.meant[command][test] })
	if len(meant) > 0 {
		return meant
	}
	return of[command]
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
