// Package text holds words that people read, in English and in Chinese. It imports
// nothing of the program.
package text

import (
	"fmt"
	"strings"
)

// Language is the language of a reader.
type Language string

// The languages.
const (
	English Language = "en"
	Chinese Language = "zh"
)

// Text is the same words in both languages. The zero value says nothing.
type Text struct{ EN, ZH string }

// T returns a text. Both arguments are literals where it is called: a test finds a
// missing language.
func T(en, zh string) Text { return Text{EN: en, ZH: zh} }

// Same returns words that are the same for every reader because the program did not
// write them: a name, or the words of a server.
func Same(words string) Text { return Text{EN: words, ZH: words} }

// In returns the words in a language; English for an unknown one.
func (t Text) In(l Language) string {
	if l == Chinese {
		return t.ZH
	}
	return t.EN
}

// Fill returns the text with its verbs replaced, as by fmt.Sprintf. A Text or an error
// among args stands in the language around it.
func (t Text) Fill(args ...any) Text {
	return Text{EN: sprintf(t, English, args), ZH: sprintf(t, Chinese, args)}
}

func sprintf(t Text, l Language, args []any) string {
	words := make([]any, len(args))
	for i, a := range args {
		switch inner := a.(type) {
		case Text:
			a = inner.In(l)
		case error:
			a = Of(inner).In(l)
		}
		words[i] = a
	}
	return fmt.Sprintf(t.In(l), words...)
}

// Error is an error in both languages; [Errorf] makes one. Its own text is English.
type Error struct {
	Text   Text
	causes []error
}

// Errorf returns an *Error, filled as by [Text.Fill]. Errors among args are wrapped.
func Errorf(en, zh string, args ...any) error {
	e := &Error{Text: T(en, zh).Fill(args...)}
	for _, a := range args {
		if err, ok := a.(error); ok {
			e.causes = append(e.causes, err)
		}
	}
	return e
}

func (e *Error) Error() string { return e.Text.EN }

// Unwrap returns the errors that Errorf was given.
func (e *Error) Unwrap() []error { return e.causes }

// Of returns what an error says: an [Error] and every other one with a method Text in
// both languages, one of the system in its words, and those within another one in their
// places.
func Of(err error) Text {
	if e, ok := err.(*Error); ok {
		return e.Text
	}
	switch e := err.(type) {
	case interface{ Text() Text }:
		return e.Text()
	case interface {
		Text() (english, chinese string)
	}: // where programs that are not ours read it
		en, zh := e.Text()
		return Text{EN: en, ZH: zh}
	}
	said := Same(err.Error())
	if words := system(err); words != "" {
		said.ZH = words
		return said
	}
	rest, causes := said.EN, within(err)
	said.ZH = ""
	for n, cause := range causes {
		inner := Of(cause)
		i := strings.Index(rest, inner.EN)
		if n+1 == len(causes) { // what stands before it may say the same
			i = strings.LastIndex(rest, inner.EN)
		}
		if i < 0 || inner.EN == "" {
			continue
		}
		before := rest[:i]
		if inner.EN != inner.ZH {
			if plain, isColon := strings.CutSuffix(before, ": "); isColon {
				before = plain + "："
			}
		}
		said.ZH += before + inner.ZH
		rest = rest[i+len(inner.EN):]
	}
	said.ZH += rest
	return said
}

// Line is Of in one line: the lines of a joined error, with colons between them.
func Line(err error) Text {
	t := Of(err)
	return Text{EN: strings.ReplaceAll(t.EN, "\n", ": "), ZH: strings.ReplaceAll(t.ZH, "\n", "：")}
}

// within returns the errors that an error wraps.
func within(err error) []error {
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return []error{inner}
		}
	case interface{ Unwrap() []error }:
		return e.Unwrap()
	}
	return nil
}
