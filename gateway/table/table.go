package table

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"

	"libration/internal/text"
)

// Lane says whom an action may keep waiting: each lane of a connection has places of
// its own for actions that run.
type Lane uint8

// The lanes. An action changes something when its lane is Sends.
const (
	Local   Lane = iota // answered from memory or the store; never waits
	Lookups             // may ask the server
	Sends               // changes something at the server
	Lanes               // how many there are
)

// Tier is which services have an action. A dialect names its tiers.
type Tier = text.Text

// Cause is a reason why actions fail. It has one code and one text, whatever the
// action.
type Cause struct {
	Code string
	Text text.Text
}

// None is what an action without parameters takes, and one without a result returns.
type None = struct{}

// Info is what is known of an action.
type Info struct {
	Name    string
	Aliases []string
	Tier    Tier
	Text    text.Text // what it does, as a sentence; why it is not offered, in rows without a function
	Lane    Lane
	// Failure is the code of a failure that has no cause of its own.
	Failure *Cause
	// Causes are those that this action has besides the ones of every action.
	Causes []*Cause
	// Subject is what its group of actions is about.
	Subject text.Text

	params, result reflect.Type
	describeParams func() (*Type, []error)
	describeResult func() (*Type, []error)
	examples       func(name string) *Example
}

// Example returns a call of the action, nil when none is known.
func (i *Info) Example() *Example {
	if i.examples == nil {
		return nil
	}
	return i.examples(i.Name)
}

// Params describes what the function takes, nil in rows without a function. It is made when
// somebody asks first, as is Result: a program calls few of the actions.
func (i *Info) Params() *Type { return described(i.describeParams) }

// Result describes what the function returns, nil in rows without a function.
func (i *Info) Result() *Type { return described(i.describeResult) }

func described(describe func() (*Type, []error)) *Type {
	if describe == nil {
		return nil
	}
	t, _ := describe() // Check reports the errors
	return t
}

// ReadOnly reports whether the action changes nothing.
func (i *Info) ReadOnly() bool { return i.Lane != Sends }

// Names returns the name and the aliases.
func (i *Info) Names() []string { return append([]string{i.Name}, i.Aliases...) }

// Row is one action, run on an S. [Of] and [Known] make rows, [New] completes them.
type Row[S any] struct {
	Info
	run func(ctx context.Context, s S, fields []Field, from Source) (any, error)
}

// Option adds to a row.
type Option func(*Info)

// Alias gives an action more names.
func Alias(names ...string) Option { return func(i *Info) { i.Aliases = names } }

// Fails says how an action fails: what its Failure is, and the causes it has besides.
func Fails(failure *Cause, causes ...*Cause) Option {
	return func(i *Info) { i.Failure, i.Causes = failure, causes }
}

// Of returns the row of an action. P is a struct whose fields have the tag param:
// `param:"group_id"`, `param:"card,optional"`, `param:"times,default=1"`,
// `param:"message_id|id"` where it has several names. R is described by its tags json.
// Both have texts in the tags en and zh, where the type does not say enough.
func Of[S, P, R any](name string, tier Tier, lane Lane, what text.Text, run func(context.Context, S, P) (R, error), more ...Option) Row[S] {
	row := Row[S]{Info: Info{
		Name: name, Tier: tier, Lane: lane, Text: what,
		params: reflect.TypeFor[P](), result: reflect.TypeFor[R](),
	}}
	for _, add := range more {
		add(&row.Info)
	}
	row.run = func(ctx context.Context, s S, fields []Field, from Source) (any, error) {
		p := new(P)
		if err := read(fields, from, reflect.ValueOf(p).Elem()); err != nil {
			return nil, err
		}
		r, err := run(ctx, s, *p)
		if err != nil || row.result == reflect.TypeFor[None]() {
			return nil, err
		}
		return r, nil
	}
	return row
}

// About returns rows together, and says what they are about.
func About[S any](subject text.Text, rows ...[]Row[S]) []Row[S] {
	all := slices.Concat(rows...)
	for i := range all {
		all[i].Subject = subject
	}
	return all
}

// Known returns rows without a function, of names parted by spaces, and why there is none:
// actions that others have. New leaves out those that have a row before.
func Known[S any](tier Tier, why text.Text, names string) []Row[S] {
	var rows []Row[S]
	for _, name := range strings.Fields(names) {
		rows = append(rows, Row[S]{Info: Info{Name: name, Tier: tier, Text: why}})
	}
	return rows
}

// Works reports whether the row has a function.
func (r *Row[S]) Works() bool { return r.run != nil }

// Run reads the parameters and runs the action. The result is nil without one. Errors
// are those of the source, *Wrong for a parameter, and the action's own.
func (r *Row[S]) Run(ctx context.Context, s S, from Source) (any, error) {
	return r.run(ctx, s, r.Params().Fields, from)
}

// Dialect is what the rows of one dialect share.
type Dialect struct {
	// Name is for titles, such as "OneBot v11".
	Name string
	// Types are the types of parameters that the dialect's Source reads. Structs and
	// slices of them, and pointers to them, it reads too. In results it describes the
	// types that encode themselves.
	Types map[reflect.Type]Type
	Tiers []Tier
	// Failure is that of rows that name no other.
	Failure *Cause
	// Causes are those that every action may have.
	Causes []*Cause
	// Example returns a call of the action with a name that was made, nil where there is
	// none. Nil: there is none of any.
	Example func(name string) *Example
}

// Table has all actions of a dialect. It never changes.
type Table[S any] struct {
	dialect Dialect
	rows    []*Row[S] // as given
	names   map[string]*Row[S]
}

// New checks the rows and makes a table. The error names all rows that are wrong, and
// why. What is wrong with types of parameters and results only [Table.Check] finds.
func New[S any](d Dialect, rows ...Row[S]) (*Table[S], error) {
	t := &Table[S]{dialect: d, names: map[string]*Row[S]{}}
	var wrong []error
	for _, row := range rows {
		r := &row
		if !r.Works() && t.names[r.Name] != nil {
			continue
		}
		for _, err := range r.complete(d) {
			wrong = append(wrong, fmt.Errorf("action %q: %w", r.Name, err))
		}
		for _, name := range r.Names() {
			if t.names[name] != nil {
				wrong = append(wrong, fmt.Errorf("action %q: the name %q is taken", r.Name, name))
			}
			t.names[name] = r
		}
		t.rows = append(t.rows, r)
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	return t, nil
}

// complete fills in what the dialect knows and returns what is wrong.
func (r *Row[S]) complete(d Dialect) (wrong []error) {
	if r.Name == "" || strings.ContainsAny(r.Name, " /\n") {
		wrong = append(wrong, errors.New("this is no name"))
	}
	if !slices.Contains(d.Tiers, r.Tier) {
		wrong = append(wrong, fmt.Errorf("unknown tier %q", r.Tier.EN))
	}
	if err := bothLanguages(r.Text); err != nil {
		wrong = append(wrong, err)
	}
	if r.run == nil {
		return wrong
	}
	if r.Lane >= Lanes {
		wrong = append(wrong, fmt.Errorf("unknown lane %d", r.Lane))
	}
	if r.Failure == nil {
		r.Failure = d.Failure
	}
	r.examples = d.Example
	for _, c := range append([]*Cause{r.Failure}, r.Causes...) {
		switch {
		case c == nil || c.Code == "":
			wrong = append(wrong, errors.New("a failure has no code"))
		default:
			if err := bothLanguages(c.Text); err != nil {
				wrong = append(wrong, fmt.Errorf("failure %s %w", c.Code, err))
			}
		}
	}
	r.describeParams = sync.OnceValues(func() (*Type, []error) {
		t, errs := describe(d, r.params, paramTag)
		t.Kind = Object // also one without fields
		return t, errs
	})
	r.describeResult = sync.OnceValues(func() (*Type, []error) { return describe(d, r.result, jsonTag) })
	if r.params.Kind() != reflect.Struct {
		wrong = append(wrong, fmt.Errorf("its parameters are no struct but %v", r.params))
	}
	return wrong
}

// Check describes all parameters and results. The error names all that are wrong, and why.
// It is for tests: New leaves it out, as it takes longer than all the rest of a start.
func (t *Table[S]) Check() error {
	var wrong []error
	for _, r := range t.rows {
		if !r.Works() {
			continue
		}
		_, params := r.describeParams()
		_, result := r.describeResult()
		for _, err := range append(slices.Clip(params), result...) {
			wrong = append(wrong, fmt.Errorf("action %q: %w", r.Name, err))
		}
	}
	return errors.Join(wrong...)
}

func bothLanguages(t text.Text) error {
	han := func(r rune) bool { return unicode.Is(unicode.Han, r) }
	switch {
	case t.EN == "", strings.ContainsFunc(t.EN, han):
		return errors.New("has no English text")
	case !strings.ContainsFunc(t.ZH, han):
		return errors.New("has no Chinese text")
	}
	return nil
}

// Find returns the row with a name or an alias, nil when there is none.
func (t *Table[S]) Find(name string) *Row[S] { return t.names[name] }

// Names returns the names and aliases of all actions that work, sorted.
func (t *Table[S]) Names() []string {
	var names []string
	for name, r := range t.names {
		if r.Works() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Nearest returns the known name that was probably meant, or "".
func (t *Table[S]) Nearest(name string) string {
	known := t.Names() // of two that are as near, one that works
	for _, r := range t.rows {
		if !r.Works() {
			known = append(known, r.Name)
		}
	}
	return text.Nearest(name, known)
}
