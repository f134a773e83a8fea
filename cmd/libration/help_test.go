package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/alecthomas/kong"

	"libration/internal/app/bot"
	"libration/internal/text"
	"libration/onebot"
)

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func TestEveryHelpHasBothLanguages(t *testing.T) {
	parser, err := kong.New(&commands{}, kong.Name("libration"))
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	judge := func(name, en string, tag *kong.Tag) {
		looked++
		if en == "" || !hasHan(tag.Get("zh")) {
			t.Errorf("%s: help %q, zh %q: one is missing", name, en, tag.Get("zh"))
		}
	}
	err = kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		switch n := node.(type) {
		case *kong.Node:
			judge(n.Path(), n.Help, n.Tag)
		case *kong.Value:
			if n != parser.Model.HelpFlag.Value && (n.Flag == nil || !n.Flag.Hidden) {
				judge(n.Summary(), n.Help, n.Tag)
			}
		}
		return next(nil)
	})
	if err != nil || looked < 50 {
		t.Errorf("looked at %d helps: %v", looked, err)
	}
}

func TestErrorsAreInTheLanguageOfTheSystem(t *testing.T) {
	for args, want := range map[string]string{
		"run -c no.yaml":          "可用 `libration config init no.yaml` 生成",
		"call x y":                "参数 \"y\" 不是 key=value",
		"call get_status --url x": "不是 HTTP 地址",
		"call get_status --url http://127.0.0.1:1": "在 http://127.0.0.1:1 调用 get_status：该地址无人监听",
		"events --url ws://127.0.0.1:1":            "连接 ws://127.0.0.1:1：该地址无人监听",
		"doctor -c no.yaml":                        "存在问题",
		"packets show":                             "（见：libration packets show --help）",
	} {
		t.Setenv("LC_ALL", "zh_CN.UTF-8")
		var out, errOut bytes.Buffer
		if code := run(t.Context(), strings.Fields(args), &out, &errOut); code == 0 || !strings.Contains(errOut.String(), want) {
			t.Errorf("%s: code %d, got %q, want %q in it", args, code, &errOut, want)
		}
	}
}

func TestHelpIsInTheLanguageOfTheSystem(t *testing.T) {
	for _, args := range [][]string{{}, {"--help"}, {"config", "--help"}, {"call", "--help"}} {
		for _, locale := range []string{"C", "zh_CN.UTF-8"} {
			t.Setenv("LC_ALL", locale)
			var out, errOut bytes.Buffer
			if code := run(t.Context(), args, &out, &errOut); code != 0 || errOut.Len() > 0 {
				t.Fatalf("%q: code %d, %s", args, code, &errOut)
			}
			chinese := locale != "C"
			for line := range strings.Lines(out.String()) {
				if strings.ContainsAny(line, ".:：。") && hasHan(line) != chinese && !strings.Contains(line, "$LIBRATION") {
					t.Errorf("%q in %s: the wrong language: %s", args, locale, line)
				}
			}
		}
	}
}

func TestErrorsAreInTheLanguageOfTheConfiguration(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte("language: zh\nadmin: {address: ''}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"packets", "show", "1", "-c", path}, {"login", "-c", path}, {"call", "get_status", "-c", path}, {"notices", "test", "-c", path}} {
		var out, errOut bytes.Buffer
		if code := run(t.Context(), args, &out, &errOut); code == 0 || !hasHan(errOut.String()) {
			t.Errorf("%q: code %d, got %q", args, code, &errOut)
		}
	}
	t.Setenv("LIBRATION_LANGUAGE", "zh")
	var out, errOut bytes.Buffer
	if code := run(t.Context(), []string{"run", "-c", "no.yaml"}, &out, &errOut); code == 0 || !hasHan(errOut.String()) {
		t.Errorf("LIBRATION_LANGUAGE: code %d, got %q", code, &errOut)
	}
}

// TestActionHelp: the help of each action has a command that calls it.
func TestActionHelp(t *testing.T) {
	for _, l := range []text.Language{text.English, text.Chinese} {
		for _, name := range onebot.Table().Names() {
			row := onebot.Table().Find(name)
			e := row.Example()
			if e == nil {
				t.Errorf("%s has no example", name)
				continue
			}
			command := exampleCall(e)
			if help := onebot.Help(name, l, exampleCall); !strings.Contains(help, "\n  "+command+"\n  {") || !strings.HasPrefix(command, "libration call "+row.Name+" -c config.yaml") {
				t.Errorf("%s in %s: no command %q in %s", name, l, command, help)
			}
			params, err := bot.Params(bot.Pairs(e.Params))
			if err != nil || len(params) == 0 && len(e.Params) > 2 {
				t.Errorf("%s: %s became %v, %v", name, e.Params, params, err)
			}
		}
	}
}
