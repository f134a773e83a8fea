package completion

import (
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// grammar has every kind of command, flag and argument.
type grammar struct {
	Run struct {
		Config string   `short:"c" placeholder:"FILE" help:"The file."`
		Quiet  bool     `short:"q" help:"Say nothing.\nReally."`
		Level  string   `enum:"debug,info" default:"info"`
		Fault  []string `sep:"none"`
	} `cmd:"" help:"Run it."`
	Login struct {
		Start struct {
			Account string
		} `cmd:"" default:"withargs"`
		Captcha struct {
			Ticket string `arg:""`
		} `cmd:""`
	} `cmd:""`
	Call struct {
		Action string   `arg:"" optional:""`
		Params []string `arg:"" optional:"" name:"key=value"`
	} `cmd:""`
	Check struct {
		Path string `arg:"" optional:""`
	} `cmd:"" aliases:"test"`
	Secret struct{} `cmd:"" hidden:""`
}

func model(t testing.TB) *kong.Node {
	t.Helper()
	parser, err := kong.New(&grammar{}, kong.Name("libration"))
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model.Node
}

// known answers for everything with its name, the line and, of a flag, the config.
func known(v *kong.Value, line Line) []Candidate {
	return []Candidate{{Word: strings.Join(append([]string{"<" + v.Name + line.Flags["config"]}, line.Args...), " ") + ">"}}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	root := model(t)
	for line, want := range map[string]string{
		"":                                "run login call check",
		"r":                               "run",
		"sec":                             "",
		"-":                               "--help",
		"run ":                            "",
		"run -":                           "--config --quiet --level --fault --help",
		"run --l":                         "--level",
		"run -q --":                       "--config --level --fault --help",
		"run -qx --":                      "--config --level --fault --help",
		"run --fault a --f":               "--fault",
		"run --config ":                   ":files",
		"run -c ":                         ":files",
		"run --config=":                   ":files",
		"run -cx --level ":                "debug info",
		"run --level d":                   "debug",
		"run --level=d":                   "--level=debug",
		"run --quiet=":                    "",
		"run --none ":                     "",
		"run --none=":                     "",
		"run --fault ":                    "<fault>",
		"run --config x --fault=":         "--fault=<faultx>",
		"login ":                          "start captcha",
		"login --a":                       "--account",
		"login captcha ":                  "<ticket>",
		"login captcha x ":                "",
		"login start --account=a --":      "--help",
		"call ":                           "<action>",
		"call get_status ":                "<key=value get_status>",
		"call get_status a=1 b=2 ":        "<key=value get_status a=1 b=2>",
		"call -- --help ":                 "<key=value --help>",
		"call -- -":                       "",
		"check ":                          ":files",
		"test ":                           ":files",
		"check x ":                        "",
		"run run ":                        "",
		"nothing ":                        "",
		"run --config":                    "--config",
		"run --quiet --no-such -- - -- x": "",
	} {
		var got []string
		result := Complete(root, strings.Split(line, " "), known)
		for _, c := range result.Candidates {
			got = append(got, c.Word)
		}
		if result.Files {
			got = append(got, ":files")
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
	if got := Complete(root, nil, nil); len(got.Candidates) != 4 {
		t.Errorf("no words: got %+v", got)
	}
	if got := Complete(root, []string{"run", "--q"}, nil); got.Candidates[0].Help != "Say nothing." {
		t.Errorf("help: got %q", got.Candidates[0].Help)
	}
}

func FuzzComplete(f *testing.F) {
	root := model(f)
	f.Add("run --level=d")
	f.Add("call -- -\xff --")
	f.Fuzz(func(t *testing.T, line string) {
		words := strings.Split(line, " ")
		for _, c := range Complete(root, words, known).Candidates {
			if !strings.HasPrefix(c.Word, words[len(words)-1]) {
				t.Errorf("%q: %q does not continue it", line, c.Word)
			}
		}
		joined, prefix := Join(words)
		if strings.Join(joined, "") != strings.Join(words, "") || !strings.HasSuffix(joined[len(joined)-1], strings.TrimPrefix(joined[len(joined)-1], prefix)) {
			t.Errorf("%q: joined to %q", line, joined)
		}
	})
}

func TestJoin(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{
		"run --level":         "run --level ",
		"run --level = d":     "run --level=d --level=",
		"run --level =":       "run --level= --level=",
		"x 127.0.0.1 : 80 y":  "x 127.0.0.1:80 y ",
		"x delay : on = send": "x delay:on=send delay:on=",
		"= x":                 "=x =",
	} {
		joined, prefix := Join(strings.Fields(words))
		if got := strings.Join(append(slices.Clone(joined), prefix), " "); got != want {
			t.Errorf("%q: got %q, want %q", words, got, want)
		}
	}
}

func TestScripts(t *testing.T) {
	t.Parallel()
	for _, shell := range Shells() {
		if s := Script(shell); !strings.Contains(s, "completion words") {
			t.Errorf("%s: got %q", shell, s)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a script for a shell that is not there")
		}
	}()
	Script("csh")
}
