package main

import "testing"

func TestReplace(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ file, text, want string }{
		{"go.mod", "module libration\n\ngo 1.26.0\n", "module a.b/c\n\ngo 1.26.0\n"},
		{"go.mod", "module libration/tools/package\n", "module a.b/c/tools/package\n"},
		{"x.go", "import (\n\tm \"libration/ntqq/message\"\n)", "import (\n\tm \"a.b/c/ntqq/message\"\n)"},
		{"x.go", `"libration/cmd/libration", "libration/..."`, `"a.b/c/cmd/libration", "a.b/c/..."`},
		{"x.go", `info.Main.Path == "libration"`, `info.Main.Path == "a.b/c"`},
		{"x.go", `const module = "libration"`, `const module = "a.b/c"`},
		{"x.go", `TrimPrefix(p, "libration/") + "libration/p"`, `TrimPrefix(p, "a.b/c/") + "a.b/c/p"`},
		{"x.go", `kong.Name("libration"), "/var/lib/libration/internal"`, `kong.Name("libration"), "/var/lib/libration/internal"`},
		{"x.go", "// [libration/ntqq.Client]", "// [a.b/c/ntqq.Client]"},
		{"x.proto", `option go_package = "libration/internal/pb/ssopb";`, `option go_package = "a.b/c/internal/pb/ssopb";`},
		{".golangci.yml", "{pkg: libration, desc: x}\n- libration/ntqq\nprefix(libration)", "{pkg: a.b/c, desc: x}\n- a.b/c/ntqq\nprefix(a.b/c)"},
		{"x.md", "Libration: libration run; /etc/libration/config.yaml; ./libration/docs; go doc libration/ntqq", "Libration: libration run; /etc/libration/config.yaml; ./libration/docs; go doc a.b/c/ntqq"},
	} {
		got := replace(tt.file, tt.text, "libration", "a.b/c")
		if got != tt.want {
			t.Errorf("%s: %q: got %q, want %q", tt.file, tt.text, got, tt.want)
		}
		if back := replace(tt.file, got, "a.b/c", "d.e/f/v2"); back != replace(tt.file, tt.text, "libration", "d.e/f/v2") {
			t.Errorf("%s: a second time: got %q", tt.file, back)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "nodot", "https://a.b/c", "a.b/c/"} {
		if err := rename(t.TempDir(), path); err == nil {
			t.Errorf("%q was taken as the path of a module", path)
		}
	}
}
