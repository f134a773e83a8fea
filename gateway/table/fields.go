package table

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"libration/internal/text"
)

// Kind is a type of JSON.
type Kind string

// The kinds.
const (
	Integer Kind = "integer"
	Number  Kind = "number"
	Boolean Kind = "boolean"
	String  Kind = "string"
	Array   Kind = "array"
	Object  Kind = "object"
	Any     Kind = "" // several of these, or the Text says which
	Nothing Kind = "null"
)

// Type describes the values of a parameter or of a field of a result.
type Type struct {
	Kind Kind
	// Text says what a value is; it may be empty where every field says it.
	Text   text.Text
	Items  *Type   // of an Array
	Fields []Field // of an Object; none when it may have any
	// Ref is the name of a [Def] that describes the values in place of the above; "": none.
	Ref string
	Go  reflect.Type
}

// Field is a parameter, or a field of a result.
type Field struct {
	// Names are the name, and others that a parameter may have instead.
	Names []string
	Type  *Type
	Text  text.Text
	// Required says that a call without it fails, or that a result always has it.
	Required bool
	// Default is the value of an absent parameter, as written; "" for none.
	Default string
	// Enum are the only values, of a String.
	Enum []string
	// Nullable says that a result may have null instead.
	Nullable bool
	// When says when a field that is not Required is there, of what is sent without a call.
	When text.Text
	// Variant is the one of the dialect's variants that has the field; "": all have it.
	Variant string

	index  []int         // in the struct
	preset reflect.Value // Default; invalid for none
}

// Name returns the first name.
func (f *Field) Name() string { return f.Names[0] }

// The tags that name fields.
const (
	paramTag = "param"
	jsonTag  = "json"
)

// Encoded is a result that was encoded as JSON by hand. T describes it.
type Encoded[T any] json.RawMessage

// MarshalJSON implements json.Marshaler.
func (e Encoded[T]) MarshalJSON() ([]byte, error) { return e, nil }

// JSON returns the result.
func (e Encoded[T]) JSON() []byte { return e }

func (Encoded[T]) described() reflect.Type { return reflect.TypeFor[T]() }

// describe returns the description of a Go type, and what is wrong with it. tag says
// whether it is one of parameters or one of results.
func describe(d Dialect, t reflect.Type, tag string) (*Type, []error) {
	if known, ok := d.Types[t]; ok {
		known.Go = t
		return &known, nil
	}
	for {
		e, ok := reflect.Zero(t).Interface().(interface{ described() reflect.Type })
		if !ok {
			break
		}
		t = e.described()
	}
	described := &Type{Go: t}
	var wrong []error
	switch t.Kind() {
	case reflect.Struct:
		if described.Kind = Object; t.NumField() == 0 {
			described.Kind = Nothing
		}
		described.Fields, wrong = fieldsOf(d, t, tag, nil)
		return described, wrong
	case reflect.Slice:
		described.Kind = Array
		described.Items, wrong = describe(d, t.Elem(), tag)
		return described, wrong
	}
	if tag == paramTag {
		return described, []error{fmt.Errorf("the dialect cannot read a %v", t)}
	}
	switch t.Kind() {
	case reflect.Map:
		described.Kind = Object
	case reflect.Bool:
		described.Kind = Boolean
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		described.Kind = Integer
	case reflect.Float32, reflect.Float64:
		described.Kind = Number
	case reflect.String:
		described.Kind = String
	default:
		return described, []error{fmt.Errorf("no result has a %v", t)}
	}
	return described, nil
}

// fieldsOf describes the fields of a struct; those of embedded ones are its own.
func fieldsOf(d Dialect, t reflect.Type, tag string, index []int) (fields []Field, wrong []error) {
	for i := range t.NumField() {
		sf := t.Field(i)
		at := append(index[:len(index):len(index)], i)
		if sf.Anonymous && sf.Type.Kind() == reflect.Struct {
			inner, errs := fieldsOf(d, sf.Type, tag, at)
			fields, wrong = append(fields, inner...), append(wrong, errs...)
			continue
		}
		f, errs := fieldOf(d, sf, tag)
		f.index = at
		for _, err := range errs {
			wrong = append(wrong, fmt.Errorf("field %s: %w", sf.Name, err))
		}
		for _, other := range fields {
			if other.Name() == f.Name() {
				wrong = append(wrong, fmt.Errorf("field %s: the name %q is taken", sf.Name, f.Name()))
			}
		}
		fields = append(fields, f)
	}
	return fields, wrong
}

func fieldOf(d Dialect, sf reflect.StructField, tag string) (f Field, wrong []error) {
	names, options, _ := strings.Cut(sf.Tag.Get(tag), ",")
	f = Field{Names: strings.Split(names, "|"), Required: true}
	f.Text.EN, f.Text.ZH = sf.Tag.Get("en"), sf.Tag.Get("zh")
	if names == "" || !sf.IsExported() {
		wrong = append(wrong, fmt.Errorf("it needs the tag %s and a capital letter", tag))
	}
	t := sf.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
		f.Required = tag == jsonTag
		f.Nullable = tag == jsonTag
	}
	var errs []error
	f.Type, errs = describe(d, t, tag)
	wrong = append(wrong, errs...)
	if words := sf.Tag.Get("enum"); words != "" {
		f.Enum = strings.Split(words, ",")
		if t.Kind() != reflect.String {
			wrong = append(wrong, fmt.Errorf("a %v has no enum", t))
		}
	}
	switch preset, hasDefault := strings.CutPrefix(options, "default="); {
	case hasDefault:
		f.Required, f.Default = false, preset
		var err error
		if f.preset, err = presetOf(sf.Type, preset); err != nil {
			wrong = append(wrong, err)
		}
	case options == "optional", options == "omitempty":
		f.Required, f.Nullable = false, false
	case options != "":
		wrong = append(wrong, fmt.Errorf("unknown option %q", options))
	}
	if f.Text == (text.Text{}) {
		f.Text = f.Type.Text
	}
	if err := bothLanguages(f.Text); err != nil {
		wrong = append(wrong, err)
	}
	return f, wrong
}

// presetOf reads the default of a field.
func presetOf(t reflect.Type, written string) (reflect.Value, error) {
	v := reflect.New(t).Elem()
	var err error
	switch {
	case v.Kind() == reflect.String:
		v.SetString(written)
	case v.Kind() == reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(written)
		v.SetBool(b)
	case v.CanInt():
		var n int64
		n, err = strconv.ParseInt(written, 10, t.Bits())
		v.SetInt(n)
	case v.CanUint():
		var n uint64
		n, err = strconv.ParseUint(written, 10, t.Bits())
		v.SetUint(n)
	default:
		err = fmt.Errorf("a %v has no default", t)
	}
	if err != nil {
		return reflect.Value{}, fmt.Errorf("default %q: %w", written, err)
	}
	return v, nil
}
