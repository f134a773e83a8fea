package safeyaml

import (
	"strings"
	"testing"
)

func TestBadTexts(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"a tag before a single value", "list: !tag 0", "the parser gave up"},
		{"brackets", strings.Repeat("[", 1<<20), "nested too deeply"},
		{"list marks", strings.Repeat("- ", 1<<20), "nested too deeply"},
		{"unknown key", "lists: []", "unknown field"},
	} {
		var v struct{ List []string }
		if err := decode([]byte(tt.text), &v); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

// decode parses a text and reads it into v.
func decode(text []byte, v any) error {
	file, err := Parse(text)
	if err != nil {
		return err
	}
	return Decode(file, v)
}

func TestDecode(t *testing.T) {
	var v struct{ List []string }
	if err := decode(nil, &v); err != nil || v.List != nil {
		t.Errorf("an empty text: got %v, %v", v, err)
	}
	if err := decode([]byte("\ufefflist: [a, b]\n"), &v); err != nil || len(v.List) != 2 {
		t.Errorf("with a mark: got %v, %v", v, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("list: !tag 0"))
	f.Add([]byte("list: &a [1, 2]\nmap: {x: *a}\ntext: >\n  folded\n"))
	f.Add([]byte("? [a]\n: - b\n---\n...\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var v struct {
			List []int
			Map  map[string][]int
			Text string
		}
		_ = decode(text, &v)
	})
}
