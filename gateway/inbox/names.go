package inbox

import (
	"cmp"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostName bounds the name of a file, in bytes.
const mostName = 255

// ours are the names of the files in the folder.
var ours = regexp.MustCompile(`^[a-z2-7]{26}(\.[A-Za-z0-9]{1,8})?(\.part)?$`)

// cleanName is a name that others may see and files may have. Its sender may have written a
// path.
func cleanName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) {
			return -1
		}
		return r
	}, name)
	for len(name) > mostName { // the end has the extension
		_, first := utf8.DecodeRuneInString(name)
		name = name[first:]
	}
	if name = strings.TrimSpace(name); name == "." || name == ".." {
		name = ""
	}
	return cmp.Or(name, "file")
}

// extension is the one of a name that a path may have.
func extension(name string) string {
	e := filepath.Ext(name)
	if len(e) < 2 || len(e) > 9 || slices.ContainsFunc([]byte(e[1:]), func(c byte) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	}) || strings.EqualFold(e, ".part") {
		return ""
	}
	return e
}
