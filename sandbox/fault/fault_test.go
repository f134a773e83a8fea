package fault

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   string
		want Fault
	}{
		{"dead", Fault{Name: Dead}},
		{"delay:on=send,count=2,skip=1,for=1m0s,delay=3s", Fault{
			Name: Delay, On: "send", Count: 2, Skip: 1, Delay: 3 * time.Second, For: time.Minute,
		}},
		{"mute:uin=10001,probability=0.25,seed=7", Fault{Name: Mute, UIN: 10001, Probability: 0.25, Seed: 7}},
		{"code:code=-10001", Fault{Name: Code, Code: -10001}},
		{"time-skew:offset=-2h0m0s", Fault{Name: TimeSkew, Offset: -2 * time.Hour}},
	} {
		got, err := Parse(tt.in)
		if err != nil || got != tt.want {
			t.Errorf("%s: got %+v, error %v, want %+v", tt.in, got, err, tt.want)
		}
		if got.String() != tt.in {
			t.Errorf("text: got %s, want %s", got, tt.in)
		}
		text, err := json.Marshal(tt.want)
		if err != nil {
			t.Fatal(err)
		}
		var back Fault
		if err := json.Unmarshal(text, &back); err != nil || back != tt.want {
			t.Errorf("JSON %s: got %+v, error %v, want %+v", text, back, err, tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                          `no fault "", but: refuse-connection, dead,`,
		"explode":                   `no fault "explode", but: refuse-connection, dead,`,
		"mute:loud=1":               `mute has no parameter "loud", but: on, uin, count, skip, probability, seed, for`,
		"mute:delay=1s":             `mute has no parameter "delay"`,
		"mute:":                     `"" is not param=value`,
		"mute:count":                `"count" is not param=value`,
		"mute:count=x":              `count="x" is not valid`,
		"mute:count=-1":             "count must be",
		"mute:skip=-1":              "skip must be",
		"mute:probability=1.1":      "probability must be",
		"mute:probability=NaN":      "probability must be",
		"mute:on=[":                 "on must be",
		"mute:uin=99999999999":      "uin=",
		"mute:for=10":               "for=",
		"mute:for=-1s":              "for must be",
		"delay:delay=-1s":           "delay must be",
		"time-skew:offset=9000h":    "offset must be",
		"time-skew:count=1":         `no parameter "count", but: for, offset`,
		"signer-fail:code=1":        "code must be an HTTP status",
		"code:code=4294967296":      "code must be",
		"refuse-easy-login:code=-1": "code must be",
		"refuse-connection:on=send": `no parameter "on"`,
	} {
		if _, err := Parse(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q in it", in, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, k := range Kinds() {
		f.Add(string(k.Name) + ":count=1,on=send,delay=1s")
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := Parse(in)
		if err != nil {
			return
		}
		if again, err := Parse(got.String()); err != nil || again != got {
			t.Errorf("%q: got %+v, then %+v, error %v", in, got, again, err)
		}
	})
}
