package app

import (
	"errors"
	"os"
	"strings"

	"libration/internal/config"
	"libration/internal/text"
)

// Locale returns the language of the environment: the one chosen for the configuration
// there, else Chinese when the locale is, else English. lookup is os.Getenv, or a test's.
func Locale(lookup func(string) string) text.Language {
	for _, name := range []string{"LIBRATION_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := lookup(name); value != "" && value != string(config.LanguageAuto) {
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
// configuration file at path, if there is one, else in that of the environment.
func Explain(err error, path string) string {
	if e, ok := errors.AsType[*config.Error](err); ok {
		return e.Text().In(Language(e.Language))
	}
	l := EnvironmentLocale()
	if c, unreadable := config.Load(path); unreadable == nil {
		l = Language(c.Language)
	}
	return text.Of(err).In(l)
}

// EnvironmentLocale is the Locale of the process.
func EnvironmentLocale() text.Language { return Locale(os.Getenv) }
