package table

import (
	"reflect"
	"slices"
	"strings"

	"libration/internal/text"
)

// Source has the parameters of one call, and reads them as its dialect demands.
type Source interface {
	// Read puts the parameter with this name into v, whose type f.Type describes. A
	// pointer's target is already there. found is false when it is absent: v then stays
	// as it is. A value that cannot be used is a *Wrong.
	Read(name string, f *Field, v reflect.Value) (found bool, err error)
}

// Wrong is the failure of a parameter that is missing or cannot be used.
type Wrong struct {
	Name string
	What text.Text // such as "is missing"
}

func (e *Wrong) Error() string { return "parameter " + e.Name + " " + e.What.EN }

// read fills a struct. The first thing that is wrong ends it.
func read(fields []Field, from Source, into reflect.Value) error {
	for i := range fields {
		if err := fields[i].read(from, into); err != nil {
			return err
		}
	}
	return nil
}

// ReadObject fills a struct, described by t, that is a parameter itself.
func ReadObject(t *Type, from Source, into reflect.Value) error { return read(t.Fields, from, into) }

func (f *Field) read(from Source, into reflect.Value) error {
	v := into
	for _, i := range f.index {
		v = v.Field(i)
	}
	target := v
	if v.Kind() == reflect.Pointer {
		target = reflect.New(v.Type().Elem()).Elem()
	}
	found := false
	for _, name := range f.Names {
		var err error
		if found, err = from.Read(name, f, target); err != nil {
			return err
		}
		if found {
			break
		}
	}
	switch {
	case !found && f.Required:
		return &Wrong{f.Name(), text.T("is missing", "缺失")}
	case !found && f.preset.IsValid():
		v.Set(f.preset)
	case found && f.Enum != nil && !slices.Contains(f.Enum, target.String()):
		return &Wrong{f.Name(), text.T("must be %s", "必须是 %s").Fill(text.T(oneOf(f.Enum, " or "), oneOf(f.Enum, " 或 ")))}
	case found && target != v:
		v.Set(target.Addr())
	}
	return nil
}

func oneOf(words []string, or string) string { return `"` + strings.Join(words, `"`+or+`"`) + `"` }
