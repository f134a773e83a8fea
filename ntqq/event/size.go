package event

import "reflect"

// Size returns about how many bytes of memory an event keeps.
func Size(e Event) int {
	if e, ok := e.(interface{ Size() int }); ok {
		return e.Size()
	}
	return keeps(reflect.ValueOf(e).Elem())
}

// keeps is the size of a value with the texts and lists in it.
func keeps(v reflect.Value) int {
	size := int(v.Type().Size())
	switch v.Kind() {
	case reflect.String:
		size += v.Len()
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return size + v.Len()
		}
		for i := range v.Len() {
			size += keeps(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			size += keeps(v.Field(i)) - int(v.Field(i).Type().Size())
		}
	}
	return size
}
