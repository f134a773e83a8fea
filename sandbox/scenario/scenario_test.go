package scenario

import (
	"errors"
	"strings"
	"testing"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

func TestLoadScenario(t *testing.T) {
	t.Parallel()
	s, err := Load(strings.NewReader(`
users:
  - {uin: 1000, nickname: A, password: secret}
  - {uin: 1001, uid: u_b, sign: hello, sex: 1, age: 20, level: 9, qid: bee}
  - {}
friends:
  - [1000, 1001]
groups:
  - code: 5000
    name: G
    owner: 1000
    member_max: 500
    rate: 1
    mute_all: true
    members:
      - {uin: 1000, role: owner, card: boss}
      - {uin: 1001, role: admin, title: star, level: 7}
      - {uin: 20001, role: member}
`))
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Build(3)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := w.Members().Find(5000, 1001)
	if m.Role != message.RoleAdmin || m.Title != "star" || m.Level != 7 || m.User.UID != "u_b" || m.User.QID != "bee" {
		t.Errorf("got member %+v", m)
	}
	if m, _ := w.Members().Find(5000, 1000); m.Role != message.RoleOwner || m.Card != "boss" {
		t.Errorf("got owner %+v", m)
	}
	if g, _ := w.Groups().Find(5000); !g.MuteAll || g.MemberMax != 500 || g.MemberCount != 3 {
		t.Errorf("got group %+v", g)
	}
	if !w.Friends().Are(1000, 1001) || w.Friends().Are(1000, 20001) {
		t.Error("wrong friends")
	}
	if w.Users().Password(1000) != "secret" || w.Users().Password(1001) != "" || w.Users().Password(1) != "" {
		t.Error("wrong passwords")
	}
	w.Messages().Send(world.Send{From: 1001, Group: 5000, Parts: world.Text("x")}, nil)
	var refused *world.Refusal
	if _, err := w.Messages().Send(world.Send{From: 1001, Group: 5000, Parts: world.Text("x")}, nil); !errors.As(err, &refused) || refused.Reason != world.TooFast {
		t.Errorf("second message of the minute: got %v", err)
	}
}

func TestLoadScenarioErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string
	}{
		{"no YAML", "users: [", []string{"line 1"}},
		{"unknown key", "users:\n  - uin: 1\n    nick: A\n", []string{"line 3", "nick"}},
		{"wrong type", "users:\n  - uin: many\n", []string{"line 2"}},
		{"negative", "users:\n  - uin: -1\n", []string{"line 2"}},
		{"user twice", "users:\n  - uin: 1\n  - uin: 2\n  - uin: 1\n", []string{"line 4: user 1 exists already"}},
		{"unknown friend", "users:\n  - uin: 1\nfriends:\n  - [1, 7]\n", []string{"line 4: no user 7"}},
		{"friend of oneself", "users:\n  - uin: 1\nfriends:\n  - [1, 1]\n", []string{"line 4: user 1 cannot"}},
		{
			"several", "users:\n  - uin: 1\ngroups:\n  - name: G\n    owner: 1\n    members:\n      - uin: 8\n      - uin: 1\n        role: king\n",
			[]string{"line 7: no user 8", `line 8: role "king"`},
		},
		{"nameless group", "users:\n  - uin: 1\ngroups:\n  - owner: 1\n", []string{"line 4: a group needs a name"}},
		{"two owners", "users:\n  - uin: 1\n  - uin: 2\ngroups:\n  - name: G\n    owner: 1\n    members:\n      - {uin: 2, role: owner}\n", []string{"line 8: member 2 cannot be an owner"}},
		{"member twice", "users:\n  - uin: 1\n  - uin: 2\ngroups:\n  - name: G\n    owner: 1\n    members:\n      - uin: 2\n      - uin: 2\n", []string{"line 9: member 2 is listed twice"}},
		{"too large", strings.Repeat("#", maxScenario+1), []string{"larger than"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := Load(strings.NewReader(tt.text))
			if err == nil {
				t.Fatalf("accepted: %+v", s)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to contain %q", err, want)
				}
			}
		})
	}
	if _, err := Load(strings.NewReader("")); err != nil {
		t.Errorf("an empty scenario is an empty world: got %v", err)
	}
	byHand := &Scenario{Users: []User{{UIN: 1}, {UIN: 1}}}
	if _, err := byHand.Build(1); err == nil || !strings.Contains(err.Error(), "$.users[1]") {
		t.Errorf("made by hand: got %v, want the path", err)
	}
}

func FuzzLoadScenario(f *testing.F) {
	f.Add(string(defaultFile))
	f.Add("users:\n  - uin: 1\n")
	f.Add("users: !tag 0") // the library panics
	f.Add("groups: [{name: x, owner: 1, members: [{uin: 1}]}]")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Load(strings.NewReader(text))
		if err != nil {
			return
		}
		if _, err := s.Build(1); err != nil {
			t.Errorf("input %q: loaded, but not built: %v", text, err)
		}
	})
}
