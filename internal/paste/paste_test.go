package paste

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestCommand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		service Service
		words   []string
		want    string
	}{
		{Service{}, []string{"login"}, "libration login"},
		{Service{Config: DefaultConfig}, []string{"login"}, "libration login"},
		{Service{Config: "bot.yaml"}, []string{"login", "--account", "a"}, "libration login --account a -c bot.yaml"},
		{Service{Config: "bot.yaml", Admin: "127.0.0.1:1"}, []string{"doctor"}, "libration doctor -c bot.yaml"},
		{Service{Admin: "127.0.0.1:1"}, []string{"login"}, "libration login --admin 127.0.0.1:1"},
	} {
		if got := c.service.Command(c.words...); got != c.want {
			t.Errorf("%+v: %s, want %s", c.service, got, c.want)
		}
	}
}

func TestCalled(t *testing.T) {
	t.Parallel()
	none := func(string) (string, error) { return "", errors.New("not found") }
	installed := func(string) (string, error) { return "/usr/bin/libration", nil }
	for _, c := range []struct {
		name string
		look func(string) (string, error)
		want string
	}{
		{"libration", none, "libration"},
		{"./libration", none, "./libration"},
		{"./libration", installed, "./libration"},
		{"/usr/bin/libration", installed, "libration"},
		{"/usr/bin/libration", none, "/usr/bin/libration"},
		{"/tmp/go-build1/b001/exe/libration", none, "go run ./cmd/libration"},
		{"/tmp/go-build1/b001/app.test", none, "libration"},
	} {
		if got := called(c.name, c.look); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestAnywhere(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		service Service
		want    string
	}{
		{Service{Config: DefaultConfig}, "libration login -c " + Word(filepath.Join(here, DefaultConfig))},
		{Service{Config: "/etc/bot.yaml"}, "libration login -c " + Word(whole("/etc/bot.yaml"))},
		{Service{Admin: "127.0.0.1:1"}, "libration login --admin 127.0.0.1:1"},
	} {
		if got := c.service.Anywhere().Command("login"); got != c.want {
			t.Errorf("%+v: %s, want %s", c.service, got, c.want)
		}
	}
	for _, c := range []struct{ program, name, want string }{
		{"libration", "libration", "libration"},
		{"libration", "/usr/bin/libration", "libration"},
		{"./libration", "./libration", Word(filepath.Join(here, "libration"))},
		{"go run ./cmd/libration", "/tmp/go-build1/b001/exe/libration", "go run ./cmd/libration"},
	} {
		if got := calledAnywhere(c.program, c.name); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// TestShellReadsWords has a shell read what Word wrote.
func TestShellReadsWords(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no shell")
	}
	for _, word := range []string{"", "plain", "a b", "it's", `$HOME "x"`, "配置.yaml", "a;b", "*"} {
		out, err := exec.Command("sh", "-c", "printf %s "+Word(word)).Output()
		if err != nil || string(out) != word {
			t.Errorf("%q was read as %q (%v)", word, out, err)
		}
		if strings.ContainsAny(Word(word), "\n") {
			t.Errorf("%q takes lines", word)
		}
	}
}
