package app

import (
	"errors"
	"os"
	"strings"

	"libration/internal/config"
	"libration/internal/text"
)

// Locale returns the language of the environment: Chinese when the locale is, else
// English. lookup is os.Getenv, or a test's.
func Locale(lookup func(string) string) text.Language {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := lookup(name); value != "" {
			if strings.HasPrefix(strings.ToLower(value), "zh") {
				return text.Chinese
			}
			return text.English
		}
	}
	return text.English
}

// Language returns the language of a configuration: that of the environment for auto.
func Language(l config.Language) text.Language {
	switch l {
	case config.LanguageChinese:
		return text.Chinese
	case config.LanguageEnglish:
		return text.English
	}
	return EnvironmentLocale()
}

// Explain returns what an error says to a person: in the language of the
// configuration for one that cannot be used, else in that of the environment.
func Explain(err error) string {
	if e, ok := errors.AsType[*config.Error](err); ok {
		return e.Text().In(Language(e.Language))
	}
	return text.Of(err).In(EnvironmentLocale())
}

// EnvironmentLocale is the Locale of the process.
func EnvironmentLocale() text.Language { return Locale(os.Getenv) }
