package app

import (
	"os"
	"strings"

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

// EnvironmentLocale is the Locale of the process.
func EnvironmentLocale() text.Language { return Locale(os.Getenv) }
