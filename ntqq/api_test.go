package ntqq_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// internalTypes are the internal types that a package's exported names may show, each
// with its reason. Nobody outside the module can name them.
var internalTypes = map[string]string{
	"sandbox webguard.Guard":            "by Server, which Sandbox embeds; Sandbox.Handler serves the signer",
	"sandbox/server webguard.Guard":     "Sandbox.Handler serves the signer",
	"sandbox/control webguard.Guard":    "Sandbox.Handler serves the control API",
	"gateway store.Event":               "of Journal, which only the program's store implements",
	"gateway text.Text":                 "dialects are the program's; a refusal is in the reader's language",
	"gateway/transport inbound.Pool":    "nil is one of its own; the program shares one",
	"gateway/transport network.Network": "its zero value is the system's; tests give another",
	"gateway/transport webguard.Reason": "its underlying type is string: the program counts by it",
	"gateway/table text.Language":       "rows are the program's",
	"gateway/table text.Text":           "rows are the program's",
	"sandbox/fault text.Text":           "of Kind and Param, whose words the program and the page show",
	"onebot text.Language":              "onebot.Language is its name",
	"onebot text.Text":                  "of Hints, which name keys of the program's configuration",
}

// No exported name of a package that others can import shows an internal type: in a
// signature, a field, a method, or what an alias stands for.
func TestNoInternalTypes(t *testing.T) {
	listed, load := packages(t)
	a := api{public: map[string]bool{}, seen: map[types.Type]bool{}, found: map[string][]string{}}
	for _, p := range listed {
		if !internal(p) {
			a.public[p] = true
		}
	}
	for _, must := range []string{"ntqq", "ntqq/event", "ntqq/message", "ntqq/session", "ntqq/session/signer", "ntqq/clock",
		"sandbox", "sandbox/world", "sandbox/fault", "sandbox/scenario", "sandbox/server", "gateway", "onebot"} {
		if !a.public["libration/"+must] {
			t.Fatalf("%s is not among the packages: %q", must, slices.Sorted(maps.Keys(a.public)))
		}
	}
	for path := range a.public {
		p, err := load.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range p.Scope().Names() {
			if o := p.Scope().Lookup(name); o.Exported() {
				a.object(strings.TrimPrefix(path, "libration/")+"."+name, o)
			}
		}
	}
	for name, where := range a.found {
		if internalTypes[name] == "" {
			slices.Sort(where)
			t.Errorf("%s: the type is internal, and shown by\n\t%s", name, strings.Join(where, "\n\t"))
		}
	}
	for name := range internalTypes {
		if a.found[name] == nil {
			t.Errorf("%s is not shown any more: take it out of the exceptions", name)
		}
	}
}

// The check finds an internal type wherever one can stand.
func TestInternalTypesAreFound(t *testing.T) {
	inside := types.NewPackage("libration/internal/x", "x")
	hidden := types.NewNamed(types.NewTypeName(0, inside, "T", nil), types.NewStruct(nil, nil), nil)
	p := types.NewPackage("libration/p", "p")
	field := func(name string, of types.Type) *types.Struct {
		return types.NewStruct([]*types.Var{types.NewField(0, p, name, of, name == "T")}, nil)
	}
	takes := func(of types.Type) *types.Signature {
		return types.NewSignatureType(nil, nil, nil, types.NewTuple(types.NewVar(0, p, "", of)), nil, false)
	}
	named := func(under types.Type) *types.Named {
		return types.NewNamed(types.NewTypeName(0, p, "N", nil), under, nil)
	}
	method := named(types.NewStruct(nil, nil))
	method.AddMethod(types.NewFunc(0, p, "M", takesOn(method, hidden, p)))
	for name, c := range map[string]struct {
		of   types.Type
		want int
	}{
		"field":               {named(field("F", hidden)), 1},
		"hidden field":        {named(field("f", hidden)), 0},
		"embedded":            {named(field("T", hidden)), 1},
		"parameter":           {takes(types.NewSlice(types.NewPointer(hidden))), 1},
		"map of functions":    {types.NewMap(types.Typ[types.String], takes(hidden)), 1},
		"channel":             {types.NewChan(types.SendRecv, hidden), 1},
		"method":              {method, 1},
		"interface":           {named(types.NewInterfaceType([]*types.Func{types.NewFunc(0, p, "M", takes(hidden))}, nil).Complete()), 1},
		"hidden type's field": {types.NewPointer(types.NewNamed(types.NewTypeName(0, p, "n", nil), field("F", hidden), nil)), 1},
		"alias":               {types.NewAlias(types.NewTypeName(0, p, "A", nil), hidden), 1},
	} {
		a := api{public: map[string]bool{"libration/p": true}, seen: map[types.Type]bool{}, found: map[string][]string{}}
		o := types.NewTypeName(0, p, "X", c.of)
		if n, ok := c.of.(*types.Named); ok {
			o = n.Obj()
		}
		a.object("p.X", o)
		if len(a.found) != c.want {
			t.Errorf("%s: found %v, want %d", name, a.found, c.want)
		}
	}
}

func takesOn(recv *types.Named, of types.Type, p *types.Package) *types.Signature {
	return types.NewSignatureType(types.NewVar(0, p, "", recv), nil, nil, types.NewTuple(types.NewVar(0, p, "", of)), nil, false)
}

func internal(path string) bool {
	return strings.Contains(path+"/", "/internal/")
}

// packages lists the packages of this module that are no programs, and reads what the
// compiler wrote of them.
func packages(t *testing.T) (listed []string, load types.Importer) {
	t.Helper()
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export,Name,Module", "libration/...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	exports := map[string]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath, Export, Name string
			Module                   *struct{ Main bool }
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
		if p.Module != nil && p.Module.Main && p.Name != "main" && p.Export != "" {
			listed = append(listed, p.ImportPath)
		}
	}
	return listed, importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(exports[path])
	})
}

// api walks through what exported names show.
type api struct {
	public map[string]bool // packages whose exported names are walked through
	seen   map[types.Type]bool
	found  map[string][]string // internal types, and who shows them
}

func (a *api) object(where string, o types.Object) {
	name, ok := o.(*types.TypeName)
	if !ok {
		a.typ(where, o.Type())
		return
	}
	if n, ok := o.Type().(*types.Named); ok && n.Obj() == name {
		a.declared(where, n)
		return
	}
	a.typ(where, types.Unalias(o.Type()))
}

// shower is the package of a name.
func shower(where string) string {
	slash := strings.LastIndexByte(where, '/') + 1
	name, _, _ := strings.Cut(where[slash:], ".")
	return where[:slash] + name
}

// declared is a type itself: what is under it, and its methods, those of embedded types
// included.
func (a *api) declared(where string, t *types.Named) {
	if a.seen[t] {
		return
	}
	a.seen[t] = true
	for i := range t.TypeParams().Len() {
		a.typ(where, t.TypeParams().At(i).Constraint())
	}
	a.typ(where, t.Underlying())
	if types.IsInterface(t) {
		return
	}
	set := types.NewMethodSet(types.NewPointer(t))
	for i := range set.Len() {
		if m := set.At(i).Obj(); m.Exported() {
			a.typ(where+"."+m.Name(), m.Type())
		}
	}
}

// typ is a type that is used. A type of another package that anybody can import is walked
// through there.
func (a *api) typ(where string, t types.Type) {
	switch t := t.(type) {
	case *types.Alias:
		a.typ(where, types.Unalias(t))
	case *types.Named:
		for i := range t.TypeArgs().Len() {
			a.typ(where, t.TypeArgs().At(i))
		}
		p := t.Obj().Pkg()
		switch {
		case p == nil:
		case internal(p.Path()) && strings.HasPrefix(p.Path(), "libration/"):
			name := shower(where) + " " + p.Name() + "." + t.Obj().Name()
			a.found[name] = append(a.found[name], where)
		case a.public[p.Path()] && !t.Obj().Exported():
			a.declared(where, t) // nobody else can name it, but what it has can be used
		}
	case *types.Pointer:
		a.typ(where, t.Elem())
	case *types.Slice:
		a.typ(where, t.Elem())
	case *types.Array:
		a.typ(where, t.Elem())
	case *types.Chan:
		a.typ(where, t.Elem())
	case *types.Map:
		a.typ(where, t.Key())
		a.typ(where, t.Elem())
	case *types.Tuple:
		for v := range t.Variables() {
			a.typ(where, v.Type())
		}
	case *types.Signature:
		for p := range t.TypeParams().TypeParams() {
			a.typ(where, p.Constraint())
		}
		a.typ(where, t.Params())
		a.typ(where, t.Results())
	case *types.Struct:
		for f := range t.Fields() {
			if f.Exported() || f.Embedded() {
				a.typ(where+"."+f.Name(), f.Type())
			}
		}
	case *types.Interface:
		for m := range t.Methods() {
			if m.Exported() {
				a.typ(where+"."+m.Name(), m.Type())
			}
		}
		for e := range t.EmbeddedTypes() {
			a.typ(where, e)
		}
	case *types.Union:
		for term := range t.Terms() {
			a.typ(where, term.Type())
		}
	}
}
