package table

import (
	"strings"

	"libration/internal/text"
)

// kinds are the words for kinds of JSON.
var kinds = map[Kind]text.Text{
	Integer: text.T("integer", "整数"),
	Number:  text.T("number", "数字"),
	Boolean: text.T("boolean", "布尔值"),
	String:  text.T("text", "字符串"),
	Array:   text.T("list", "数组"),
	Object:  text.T("object", "对象"),
	Any:     text.T("value", "值"),
	Nothing: text.T("nothing", "无"),
}

// words returns the name of a type: a list says of what.
func (t *Type) words() text.Text {
	if t.Ref != "" {
		return kinds[Any]
	}
	if t.Kind == Array && t.Items != nil {
		return text.T("list: %s", "数组：%s").Fill(t.Items.words())
	}
	return kinds[t.Kind]
}

// need says whether a parameter may be left out.
func (f *Field) need() text.Text {
	switch {
	case f.Required:
		return text.T("required", "必需")
	case f.Default != "":
		return text.T("default: %s", "默认：%s").Fill(f.Default)
	}
	return text.T("optional", "可选")
}

// values lists the only values that a field may have.
func (f *Field) values() text.Text {
	switch len(f.Enum) {
	case 0:
		return text.Text{}
	case 1:
		return text.T(" Always `%s`.", "固定为 `%s`。").Fill(f.Enum[0])
	}
	return text.T(" One of: %s.", "可选值：%s。").Fill(strings.Join(f.Enum, ", "))
}

// line is a field of a parameter or of a result, with its depth in objects and lists.
type line struct {
	*Field
	depth int
}

// lines lists fields, those within after the field they are in.
func lines(t *Type, depth int) []line {
	for t.Kind == Array && t.Items != nil {
		t = t.Items
	}
	var all []line
	for i := range t.Fields {
		all = append(append(all, line{&t.Fields[i], depth}), lines(t.Fields[i].Type, depth+1)...)
	}
	return all
}
