package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// TestCompose: what the compose files set is a configuration that can be used, as it is
// and over the sandbox's.
func TestCompose(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "packaging", "compose")
	sandbox := composed(t, filepath.Join(folder, "sandbox.yaml"))
	files, err := filepath.Glob(filepath.Join(folder, "*", "compose.yaml"))
	if err != nil || len(files) < 2 {
		t.Fatalf("found %v, %v", files, err)
	}
	for _, file := range files {
		real := composed(t, file)
		if !connects(real) {
			t.Errorf("%s: has no connection, so that the program wants a file", file)
		}
		for name, environ := range map[string][]string{"real": real, "sandbox": append(real, sandbox...)} {
			c, problems := Parse(nil, environ)
			for _, p := range problems {
				if !p.Warning || !strings.HasPrefix(p.Key, "signer.urls") {
					t.Errorf("%s, %s: %s", file, name, p)
				}
			}
			if string(c.Server.Mode) != name || len(c.OneBot.Connections) != 1 || c.Account.UIN != 0 {
				t.Errorf("%s, %s: got %+v", file, name, c)
			}
		}
	}
}

// composed returns the environment of the service libration, as with an .env that sets the
// token alone.
func composed(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct {
			Environment map[string]string `yaml:"environment"`
		} `yaml:"services"`
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	filled := regexp.MustCompile(`\$\{(\w+)(?::([-?])([^}]*))?\}`)
	var environ []string
	for name, value := range file.Services["libration"].Environment {
		value = filled.ReplaceAllStringFunc(value, func(s string) string {
			switch m := filled.FindStringSubmatch(s); {
			case m[1] == "TOKEN":
				return "0123456789abcdef"
			case m[2] == "-":
				return m[3]
			}
			t.Errorf("%s: %s has no default", path, s)
			return ""
		})
		environ = append(environ, fmt.Sprintf("%s=%s", name, value))
	}
	return environ
}
