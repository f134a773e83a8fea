package control

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"libration/internal/text"
	"libration/sandbox/world"
)

// languageOf returns what the reader of an answer prefers: Chinese where Accept-Language
// begins with it, else English.
func languageOf(r *http.Request) text.Language {
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), string(text.Chinese)) {
		return text.Chinese
	}
	return text.English
}

// explain returns what an error says in a language. What has no words in it stays English.
func explain(err error, l text.Language) string {
	var failed *failure
	var refused *world.Refusal
	switch {
	case l == text.English:
		return err.Error()
	case errors.As(err, &failed):
		return inChinese(failed.format, failed.args)
	case errors.As(err, &refused) && refused.Format == "":
		return inChinese("%s", []any{refused.Text})
	case errors.As(err, &refused):
		return inChinese(refused.Format, refused.Args)
	}
	return chineseOf(text.Of(err).In(l))
}

// Chinese returns what a refusal says, in Chinese.
func Chinese(err error) string { return explain(err, text.Chinese) }

// inChinese fills a format of [wordings], and what is said within.
func inChinese(format string, args []any) string {
	args = slices.Clone(args)
	for i, a := range args {
		switch inner := a.(type) {
		case error:
			args[i] = explain(inner, text.Chinese)
		case string:
			args[i] = chineseOf(inner)
		}
	}
	return fmt.Sprintf(chineseOf(format), args...)
}

// chineseOf returns the Chinese of words or of a format; as they are where there is none.
func chineseOf(words string) string {
	for _, t := range wordings() {
		if t.EN == words {
			return t.ZH
		}
	}
	return words
}
