package table

import (
	"fmt"
	"strings"

	"libration/internal/text"
)

// Def describes something that is no action's: an event, a part of a message. Of Type and
// OneOf one is set.
type Def struct {
	Name  string // in $defs of the schema
	Text  text.Text
	Type  *Type
	OneOf []*Type
}

func (d *Def) schema(l text.Language) member {
	s := object{{"description", d.Text.In(l)}}
	if d.OneOf == nil {
		return member{d.Name, append(s, d.Type.schema(l)...)}
	}
	var any []object
	for _, t := range d.OneOf {
		any = append(any, t.schema(l))
	}
	return member{d.Name, append(s, member{"oneOf", any})}
}

func ref(name string) member { return member{"$ref", "#/$defs/" + name} }

// Sent returns a Markdown table of the fields of what a dialect sends: with when each is
// there.
func (t *Type) Sent(l text.Language) string {
	var b strings.Builder
	b.WriteString(text.T(
		"| field | type | when | meaning |\n|---|---|---|---|\n",
		"| 字段 | 类型 | 何时有 | 含义 |\n|---|---|---|---|\n").In(l))
	for _, f := range lines(t, 0) {
		kind := f.Type.words()
		if f.Type.Kind == Nothing {
			kind = text.Same("null")
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", f.nested("`"), kind.In(l), f.there().In(l), strings.TrimSpace(f.Text.In(l)+f.values().In(l)))
	}
	return b.String()
}

// there says when a field is there.
func (f *Field) there() text.Text {
	always := f.When
	switch {
	case f.Required:
		always = text.T("always", "总有")
	case always == (text.Text{}):
		always = text.T("at times", "有时")
	}
	if f.Variant == "" {
		return always
	}
	of := text.T("flavour `%s`", "flavour 为 `%s`").Fill(f.Variant)
	if f.Required {
		return of
	}
	return text.T("%s, %s", "%s，%s").Fill(of, f.When)
}

// Taken returns a Markdown table of the fields of what a dialect reads.
func (t *Type) Taken(l text.Language) string {
	var b strings.Builder
	b.WriteString(text.T(
		"| field | type | | meaning |\n|---|---|---|---|\n",
		"| 字段 | 类型 | | 含义 |\n|---|---|---|---|\n").In(l))
	for _, f := range lines(t, 0) {
		fmt.Fprintf(&b, "| %s | %s | %s | %s%s |\n", f.nested("`"), f.Type.words().In(l), f.need().In(l), f.Text.In(l), f.values().In(l))
	}
	return b.String()
}
