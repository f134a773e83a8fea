package e2e

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"libration/internal/rpc"
	"libration/internal/spec"
	"libration/ntqq/event"
)

// What the tests of this package do is recorded, by what client and sandbox log. At the
// end of a run of all of them docs/coverage.md is made of it and compared, or written.

var update = flag.Bool("update", false, "write docs/coverage.md, in a run of all tests")

const coveragePath = "../../docs/coverage.md"

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if code == 0 && wholeRun() {
			if err := seen.publish(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
		}
		os.Exit(code)
	}))
}

// wholeRun tells whether all tests ran that the page names, but for those that the system
// does not have. Those with the tag endurance would add to it.
func wholeRun() bool {
	for _, filter := range []string{"run", "skip", "list", "fuzz"} {
		if flag.Lookup("test."+filter).Value.String() != "" {
			return false
		}
	}
	build, _ := debug.ReadBuildInfo()
	tagged := build != nil && slices.ContainsFunc(build.Settings, func(s debug.BuildSetting) bool { return s.Key == "-tags" && s.Value != "" })
	return !testing.Short() && !tagged && runtime.GOOS == "linux"
}

// nameSet is a set of names.
type nameSet map[string]bool

// record is what happened, and in which tests.
type record struct {
	mu       sync.Mutex
	answered map[string]nameSet // by the sandbox: tests by operation
	refused  map[string]nameSet // the same with a result that is not 0
	meant    map[string]nameSet // asked for by a test, not by what runs in the background
	called   nameSet            // actions
	actions  map[string]nameSet // that led to an operation
	methods  map[string]nameSet // of the client, the same
	told     map[string]nameSet // by the client: tests by event
	known    *known             // of TestCoverage and TestOperations
}

var seen = &record{
	answered: map[string]nameSet{}, refused: map[string]nameSet{}, meant: map[string]nameSet{}, actions: map[string]nameSet{}, methods: map[string]nameSet{},
	told: map[string]nameSet{}, called: nameSet{}, known: &known{},
}

// noEvidence are tests of which the page is not made: they send made-up requests, or
// draw at random what they do.
var noEvidence = nameSet{"TestOperations": true, "TestModelWorld": true, "TestTogether": true}

func (r *record) note(of map[string]nameSet, what, by string) {
	by, _, _ = strings.Cut(by, "/") // of a test, without its part
	if noEvidence[by] {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if of[what] == nil {
		of[what] = nameSet{}
	}
	of[what][by] = true
}

func (r *record) call(action string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.called[action] = true
}

func (r *record) event(t testing.TB, e event.Event) { r.note(r.told, e.Name(), t.Name()) }

// background is the key of contexts of what runs as long as a test.
type background struct{}

// byAction and byMethod are in contexts what a client's requests come from. The types are the
// keys, too.
type (
	byAction string
	byMethod string
)

func by[T ~string](ctx context.Context, name T) context.Context {
	var key T
	return context.WithValue(ctx, key, name)
}

// witness records what a log says.
type witness struct {
	slog.Handler
	test string
}

func (w witness) Enabled(context.Context, slog.Level) bool { return true }

func (w witness) WithAttrs(a []slog.Attr) slog.Handler {
	return witness{w.Handler.WithAttrs(a), w.test}
}
func (w witness) WithGroup(name string) slog.Handler {
	return witness{w.Handler.WithGroup(name), w.test}
}

func (w witness) Handle(ctx context.Context, r slog.Record) error {
	fields := map[string]slog.Value{}
	switch r.Message {
	case "answered", "asked":
		r.Attrs(func(a slog.Attr) bool {
			fields[a.Key] = a.Value
			return true
		})
	}
	switch {
	case r.Message == "asked":
		if ctx.Value(background{}) == nil {
			seen.note(seen.meant, fields["command"].String(), w.test)
		}
		if a, ok := ctx.Value(byAction("")).(byAction); ok {
			seen.note(seen.actions, fields["command"].String(), string(a))
		}
		if m, ok := ctx.Value(byMethod("")).(byMethod); ok {
			seen.note(seen.methods, fields["command"].String(), string(m))
		}
	case r.Message == "answered" && fields["code"].Int64() == 0:
		seen.note(seen.answered, fields["operation"].String(), w.test)
	case r.Message == "answered":
		seen.note(seen.refused, fields["operation"].String(), w.test)
	}
	if !w.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return w.Handler.Handle(ctx, r)
}

// TestCoverage finds what the page cannot be made without. The page itself is compared when
// all tests have run.
func TestCoverage(t *testing.T) {
	seen.known.read(t)
	specified := nameSet{}
	for _, op := range seen.known.operations {
		for _, command := range op.Commands {
			specified[command] = true
		}
	}
	for _, op := range rpc.All() {
		if strings.HasPrefix(op.Ref, "operations.md 3") && !specified[op.Name] {
			t.Errorf("operation %s: operations.md 3.1 to 3.7 have no row of it", spec.Short(op.Name))
		}
	}
}

// publish compares the page with what was recorded, or writes it.
func (r *record) publish() error {
	old, err := os.ReadFile(coveragePath)
	if err != nil && !*update {
		return err
	}
	made := r.page(oldPage(old))
	if err := r.forgotten(); err != nil {
		return err
	}
	switch {
	case *update:
		return os.WriteFile(coveragePath, made, 0o644)
	case bytes.Equal(old, made):
		return nil
	}
	was := strings.Split(string(old), "\n")
	for line := range strings.Lines(string(made)) {
		if line = strings.TrimSuffix(line, "\n"); !slices.Contains(was, line) {
			fmt.Fprintln(os.Stderr, "+ "+line)
		}
	}
	return fmt.Errorf("docs/coverage.md is out of date: run go test ./internal/e2e -update")
}

// TestNamesStay: a page keeps the names that are still true, whatever else was seen.
func TestNamesStay(t *testing.T) {
	c := &chooser{oldPage([]byte("| `a` | `TestOld`, `TestGone` |\n")), map[string]int{"TestOld": 9, "TestNew": 2, "TestBest": 1}}
	all := nameSet{"TestOld": true, "TestNew": true, "TestBest": true}
	for row, want := range map[string]string{"`a`": "`TestBest`, `TestOld` …", "`b`": "`TestBest`, `TestNew` …"} {
		if got := c.pick(row, 1, all, 2); got != want {
			t.Errorf("%s: got %s, want %s", row, got, want)
		}
	}
	if got := c.pick("`a`", 1, nameSet{"TestNew": true}, 1); got != "`TestNew`" {
		t.Errorf("got %s in place of what is no longer true", got)
	}
}
