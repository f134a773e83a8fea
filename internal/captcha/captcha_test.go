package captcha

import (
	"strings"
	"testing"
)

const ticket = "t03XaCUZPAlPdIMqv17yvcfdXCzkqvLE09AbCA4ghlWfD8hkySfbU2TZVCyoOCjNI84pAYEMop-8e_9EkFQzvrrwsZOTKQ**"

func TestRead(t *testing.T) {
	t.Parallel()
	for name, copied := range map[string]string{
		"two values":            "TICKET @Vki",
		"spaces around":         "  TICKET \t @Vki \r\n",
		"swapped":               "@Vki TICKET",
		"two lines":             "TICKET\n@Vki\n",
		"quotes":                `"TICKET" '@Vki'`,
		"quotes of an editor":   `“TICKET” “@Vki”`,
		"a comma":               `"TICKET", "@Vki"`,
		"JSON":                  `{"ticket":"TICKET","randstr":"@Vki"}`,
		"the page's answer":     `{"errorCode":"0","randstr":"@Vki","ticket":"TICKET","errMessage":"","sess":"s0xyz"}`,
		"laid out":              "{\n  \"errorCode\": \"0\",\n  \"randstr\": \"@Vki\",\n  \"ticket\": \"TICKET\"\n}",
		"the console's":         `{ret: 0, ticket: "TICKET", randstr: "@Vki", appid: '16'}`,
		"what a shell leaves":   `ticket:TICKET randstr:@Vki`,
		"of PowerShell":         `{ticket:TICKET,randstr:@Vki}`,
		"lines of the sandbox":  "ticket: TICKET\nrandstr: @Vki",
		"a form":                `sid=7&ticket=TICKET&randstr=@Vki`,
		"rows of a preview":     "randstr: \"@Vki\"\nticket: \"TICKET\"",
		"full-width":            "ticket：TICKET，randstr：@Vki",
		"another spelling":      `{"ticket":"TICKET","rand_str":"@Vki"}`,
		"capitals":              `{"Ticket":"TICKET","randStr":"@Vki"}`,
		"text around":           `jsbridge {"ticket":"TICKET","randstr":"@Vki"} done`,
		"a callback":            `callback({"ret":0,"ticket":"TICKET","randstr":"@Vki"})`,
		"escaped as the server": `{"ticket":"TICKET","randstr":"\u0040Vki"}`,
	} {
		got, err := Read(strings.ReplaceAll(copied, "TICKET", ticket))
		if err != nil || got.Ticket != ticket || got.RandStr != "@Vki" {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	if got, err := Read("one two"); err != nil || got != (Answer{"one", "two"}) { // no @: in the order of the page
		t.Errorf("without an @: got %+v, %v", got, err)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for copied, want := range map[string]string{
		"":                                   "two parts",
		"what?":                              "two parts",
		"a b c":                              "two parts",
		"{a b}":                              "two parts",
		"\xff @b":                            "two parts",
		strings.Repeat("t", MaxSize):         "two parts",
		"{}":                                 "no ticket and no randstr",
		`{"ticket":"t03"}`:                   "randstr is missing",
		`{"errorCode":"50","ticket":""}`:     "no ticket and no randstr",
		`{"randstr":"@a","ticket":""}`:       "ticket is missing",
		"@a @b":                              "ticket is missing",
		`{ticket: "t03abc…", randstr: "@a"}`: "cut short",
	} {
		if got, err := Read(copied); err == nil || !strings.Contains(err.Error(), want) || got != (Answer{}) {
			t.Errorf("%.40q: got %+v, %v; want %q", copied, got, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"ticket":"t03","randstr":"@a"}`)
	f.Add("t03 @a")
	f.Add("ticket=t03&randstr=@a")
	f.Fuzz(func(t *testing.T, copied string) {
		a, err := Read(copied)
		if (err == nil) != (a.Ticket != "" && a.RandStr != "") {
			t.Errorf("%q: got %+v, %v", copied, a, err)
		}
	})
}
