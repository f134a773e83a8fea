package pb

import (
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
)

// Text returns a text from the network as valid UTF-8: each run of invalid bytes
// becomes one U+FFFD. Unmarshal does this to all text fields, so Text is needed for
// text inside bytes fields only. The result has at most 2 len(b) + 1 bytes.
func Text[T ~string | ~[]byte](b T) string {
	s := string(b)
	if utf8.ValidString(s) {
		return s
	}
	var out strings.Builder
	out.Grow(2*len(s) + 1) // strings.ToValidUTF8 would grow often: 9 n bytes in all
	for broken := false; len(s) > 0; {
		r, n := utf8.DecodeRuneInString(s)
		bad := r == utf8.RuneError && n == 1
		if !bad {
			out.WriteString(s[:n])
		} else if !broken {
			out.WriteRune(utf8.RuneError)
		}
		broken, s = bad, s[n:]
	}
	return out.String()
}

// texts looks at each text in v, a value of the type it was made for, and returns
// whether all are valid UTF-8. With mend it makes them so.
type texts func(v reflect.Value, mend bool) bool

// walks keeps the texts of each type of message; making them takes long.
var walks sync.Map // reflect.Type -> texts

func validTexts(m proto.Message, mend bool) bool {
	v := reflect.ValueOf(m)
	walk, ok := walks.Load(v.Type())
	if !ok {
		walk, _ = walks.LoadOrStore(v.Type(), textsOf(v.Type()))
	}
	f := walk.(texts)
	return f == nil || f(v, mend)
}

// textsOf is nil for a type without texts.
func textsOf(t reflect.Type) texts {
	switch t.Kind() {
	case reflect.String:
		return textValid
	case reflect.Pointer:
		if inside := textsOf(t.Elem()); inside != nil {
			return func(v reflect.Value, mend bool) bool { return v.IsNil() || inside(v.Elem(), mend) }
		}
	case reflect.Slice:
		if inside := textsOf(t.Elem()); inside != nil {
			return func(v reflect.Value, mend bool) bool {
				valid := true
				for i := range v.Len() {
					valid = inside(v.Index(i), mend) && valid
				}
				return valid
			}
		}
	case reflect.Map:
		return textsOfMap(textsOf(t.Key()), textsOf(t.Elem()))
	case reflect.Struct:
		return textsOfStruct(t)
	}
	return nil
}

func textValid(v reflect.Value, mend bool) bool {
	if utf8.ValidString(v.String()) {
		return true
	}
	if mend {
		v.SetString(Text(v.String()))
	}
	return false
}

func textsOfStruct(t reflect.Type) texts {
	var at []int
	var inside []texts
	for i := range t.NumField() {
		if !t.Field(i).IsExported() { // of the runtime
			continue
		}
		if f := textsOf(t.Field(i).Type); f != nil {
			at, inside = append(at, i), append(inside, f)
		}
	}
	if at == nil {
		return nil
	}
	return func(v reflect.Value, mend bool) bool {
		valid := true
		for i, f := range inside {
			valid = f(v.Field(at[i]), mend) && valid
		}
		return valid
	}
}

// textsOfMap puts what had to be mended in anew, as the parts of a map cannot be set.
func textsOfMap(key, value texts) texts {
	if key == nil && value == nil {
		return nil
	}
	return func(v reflect.Value, mend bool) bool {
		valid := true
		for entry := v.MapRange(); entry.Next(); {
			k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			k.SetIterKey(entry)
			e.SetIterValue(entry)
			ok := key == nil || key(k, mend)
			ok = (value == nil || value(e, mend)) && ok
			if !ok && mend {
				v.SetMapIndex(entry.Key(), reflect.Value{})
				v.SetMapIndex(k, e)
			}
			valid = valid && ok
		}
		return valid
	}
}
