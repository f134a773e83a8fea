package control

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestEveryWordOfThePageHasBothLanguages reads page/text.js and whatever uses it.
func TestEveryWordOfThePageHasBothLanguages(t *testing.T) {
	t.Parallel()
	words := wordsOfPage(t)
	en, zh := words["en"], words["zh"]
	if len(en) < 30 {
		t.Fatalf("found %d words", len(en))
	}
	values := regexp.MustCompile(`\{\d\}`)
	sorted := func(s string) []string { return slices.Sorted(slices.Values(values.FindAllString(s, -1))) }
	for key := range zh {
		if en[key] == "" {
			t.Errorf("%s has no English", key)
		}
	}
	for key, word := range en {
		switch {
		case !strings.ContainsFunc(zh[key], func(r rune) bool { return unicode.Is(unicode.Han, r) }):
			t.Errorf("%s has no Chinese: %q", key, zh[key])
		case !slices.Equal(sorted(word), sorted(zh[key])):
			t.Errorf("%s has other values in Chinese: %q, %q", key, word, zh[key])
		}
	}

	used := regexp.MustCompile(`\bt\('(\w+)'|data-(?:text|title)="(\w+)"|\b(?:key|label): '(\w+)'(?:,| \})|\b(?:text|check|people)\('\w+', '(\w+)'`)
	files, _ := filepath.Glob("page/*.[jh]*")
	for _, path := range files {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range used.FindAllStringSubmatch(string(source), -1) {
			if key := strings.Join(m[1:], ""); en[key] == "" {
				t.Errorf("%s uses %s, which has no words", path, key)
			}
		}
	}
}

// wordsOfPage returns the words of page/text.js by language and key.
func wordsOfPage(t *testing.T) map[string]map[string]string {
	t.Helper()
	source, err := os.ReadFile("page/text.js")
	if err != nil {
		t.Fatal(err)
	}
	language, word := regexp.MustCompile(`^  (\w\w): \{$`), regexp.MustCompile(`(\w+): '([^']*)'`)
	words := make(map[string]map[string]string)
	at := ""
	for line := range strings.Lines(string(source)) {
		line = strings.TrimRight(line, "\n")
		if m := language.FindStringSubmatch(line); m != nil {
			at = m[1]
			words[at] = make(map[string]string)
		} else if line == "  }," {
			at = ""
		}
		for _, m := range word.FindAllStringSubmatch(line, -1) {
			if at != "" {
				words[at][m[1]] = m[2]
			}
		}
	}
	return words
}

// TestPageReadsNothingAsHTML keeps what arrives text: the page has no way to make HTML,
// links or code of it. Pictures, voices and videos are made by media.js alone, and links that
// save files, from the addresses that it makes of ids. The one other link is that of logins.js,
// to the sandbox's own page of a captcha.
func TestPageReadsNothingAsHTML(t *testing.T) {
	t.Parallel()
	way := regexp.MustCompile(`\.(inner|outer)HTML|insertAdjacentHTML|DOMParser|document\.write|createContextualFragment|srcdoc|` +
		`\beval\(|new Function|make\('(a|img|iframe|script|style|video|audio|object|embed|svg)'|\b(src|href|poster):|\.(src|href|poster) =`)
	own := map[string]*regexp.Regexp{
		"media.js":  regexp.MustCompile(`make\('(img|audio|video)'|\b(src|poster): address\(|make\('a', \{ href: address\(`),
		"logins.js": regexp.MustCompile(`make\('a', \{ href: captchaPage\(c\.sid\)`),
	}
	files, _ := filepath.Glob("page/*.js")
	if len(files) < 8 {
		t.Fatalf("found %v", files)
	}
	for _, path := range files {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := string(source)
		if own := own[filepath.Base(path)]; own != nil {
			text = own.ReplaceAllString(text, "")
		}
		if found := way.FindAllString(text, -1); found != nil {
			t.Errorf("%s has %q", path, found)
		}
	}
}

// TestPageKnowsHowMuchIsTaken: what is too large is refused before it is sent.
func TestPageKnowsHowMuchIsTaken(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"page/api.js":    fmt.Sprintf("const maxFile = %d * 2 ** 30;", maxUpload>>30),
		"page/attach.js": fmt.Sprintf("const maxMedium = %d * 2 ** 20;", maxVideo>>20),
	} {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(source), want) {
			t.Errorf("%s has no %q", name, want)
		}
	}
}

// TestPageAsksForWhatThereIs compares the addresses in the page with the routes.
func TestPageAsksForWhatThereIs(t *testing.T) {
	t.Parallel()
	known := regexp.MustCompile(`\{\w+\}`)
	var paths []string
	for _, r := range append(routes(nil, nil), route{pattern: eventsPattern}, route{pattern: mediaPattern}) {
		_, path, _ := strings.Cut(r.pattern, " ")
		paths = append(paths, known.ReplaceAllString(path, "x"))
	}
	asked, filled := regexp.MustCompile("['`](api/[^'`?]*)"), regexp.MustCompile(`(\$\{[^}]*\}+)+`)
	found := 0
	files, _ := filepath.Glob("page/*.js")
	for _, path := range files {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range asked.FindAllStringSubmatch(string(source), -1) {
			found++
			if want := "/" + filled.ReplaceAllString(m[1], "x"); !slices.Contains(paths, want) {
				t.Errorf("%s asks for %s, which is no route", path, want)
			}
		}
	}
	if found < 40 {
		t.Errorf("found %d addresses: the test looks in the wrong place", found)
	}
}
