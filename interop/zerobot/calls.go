package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/tidwall/gjson"
	zero "github.com/wdvxdr1123/ZeroBot"
)

// The codes that calls got since the last one of do.
var noted struct {
	sync.Mutex
	codes []string
}

func note(action string, code int64, err error) {
	noted.Lock()
	defer noted.Unlock()
	if err != nil {
		say("FAILED CALL", action, err)
	}
	noted.codes = append(noted.codes, fmt.Sprintf("%s:%d", action, code))
}

// do calls a method of the context, "NUMBER METHOD ARGUMENTS" with the arguments as JSON, and
// prints what it returned and which codes its actions got.
func do(ctx *zero.Ctx, text string) {
	number, rest, _ := strings.Cut(text, " ")
	name, args, _ := strings.Cut(rest, " ")
	if name == ":methods" {
		var names []string
		for i := range reflect.TypeOf(ctx).NumMethod() {
			names = append(names, reflect.TypeOf(ctx).Method(i).Name)
		}
		reply(number, names, nil)
		return
	}
	var given []json.RawMessage
	if err := json.Unmarshal([]byte(args), &given); err != nil {
		say("WRONG", err)
		return
	}
	method := reflect.ValueOf(ctx).MethodByName(name)
	in := make([]reflect.Value, len(given))
	for i, arg := range given {
		value := reflect.New(method.Type().In(i))
		if err := json.Unmarshal(arg, value.Interface()); err != nil {
			say("WRONG", name, err)
			return
		}
		in[i] = value.Elem()
	}
	noted.Lock()
	noted.codes = nil
	noted.Unlock()
	var results []any
	for _, out := range method.Call(in) {
		results = append(results, plain(out.Interface()))
	}
	noted.Lock()
	defer noted.Unlock()
	reply(number, results, noted.codes)
}

func reply(number string, results any, codes []string) {
	line, err := json.Marshal([]any{results, codes})
	if err != nil {
		say("WRONG", err)
	}
	say("DID", number, string(line))
}

// plain is what a method returned, as JSON has it.
func plain(value any) any {
	switch v := value.(type) {
	case gjson.Result:
		return v.Value()
	case zero.APIResponse:
		return v.Data.Value()
	case error:
		return v.Error()
	}
	return value
}
