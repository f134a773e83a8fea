package filter

import (
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"
)

// Filter is a compiled filter. It never changes, and is safe for concurrent use.
type Filter struct{ all rule }

// Passes tells whether an event passes, by its JSON. Nothing is kept of it.
func (f *Filter) Passes(event []byte) bool {
	raw := unsafe.String(unsafe.SliceData(event), len(event)) // gjson copies bytes, and a text is not changed
	return f.all.passes(gjson.Result{Type: gjson.JSON, Raw: raw})
}

// rule is one condition on a value of an event. A value that is not there is null.
type rule interface{ passes(v gjson.Result) bool }

// all passes what passes each of them: an object of the file, and .and.
type all []rule

func (a all) passes(v gjson.Result) bool {
	for _, r := range a {
		if !r.passes(v) {
			return false
		}
	}
	return true
}

// some passes what passes one of them: .or.
type some []rule

func (s some) passes(v gjson.Result) bool {
	for _, r := range s {
		if r.passes(v) {
			return true
		}
	}
	return false
}

type not struct{ rule }

func (n not) passes(v gjson.Result) bool { return !n.rule.passes(v) }

// field is a rule about a value in the value, at a path of GJSON.
type field struct {
	path string
	rule rule
}

func (f field) passes(v gjson.Result) bool {
	if v.Type != gjson.JSON {
		return f.rule.passes(gjson.Result{})
	}
	return f.rule.passes(gjson.Get(v.Raw, f.path))
}

// oneOf passes values that are one of some: .eq and .in.
type oneOf struct {
	null  bool
	plain map[string]bool // texts, numbers and booleans, as texts
	other []string        // objects and arrays, as compact JSON
}

func (o *oneOf) passes(v gjson.Result) bool {
	switch v.Type {
	case gjson.Null:
		return o.null
	case gjson.JSON:
		if len(o.other) == 0 {
			return false
		}
		is := normal(v.Raw)
		for _, other := range o.other {
			if is == other {
				return true
			}
		}
		return false
	}
	return o.plain[plain(v)]
}

// within passes texts that are a part of a text: .in with a text.
type within string

func (w within) passes(v gjson.Result) bool {
	return v.Type == gjson.String && strings.Contains(string(w), v.Str)
}

// contains passes texts with a part.
type contains string

func (c contains) passes(v gjson.Result) bool {
	return v.Type == gjson.String && strings.Contains(v.Str, string(c))
}

// matcher passes texts in which a pattern is found.
type matcher struct{ match func(string) bool }

func (m matcher) passes(v gjson.Result) bool { return v.Type == gjson.String && m.match(v.Str) }
