package scenario

import (
	"errors"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

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
    join: question
    question: Who are you?
    answer: me
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
	if g, _ := w.Groups().Find(5000); !g.MuteAll || g.Join != world.JoinQuestion || g.Question != "Who are you?" || g.Answer != "me" || g.MemberMax != 500 || g.MemberCount != 3 {
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
		{"count", "groups:\n  - name: G\n    members: {count: 5001}\n", []string{"line 3: a group has 1 to 5000 members, not 5001"}},
		{"negative count", "groups:\n  - name: G\n    members: {count: -1}\n", []string{"line 3: a group has 1 to"}},
		{"no number", "groups:\n  - name: G\n    members: {count: many}\n", []string{"line 3"}},
		{"counted too few", "users: [{}, {}]\ngroups:\n  - name: G\n    owner: 20001\n    members:\n      count: 1\n      list: [{uin: 20002}]\n", []string{"line 6: count 1 is less"}},
		{"counted and unknown", "groups:\n  - name: G\n    members:\n      count: 9\n      list:\n        - uin: 7\n", []string{"line 6: no user 7"}},
		{"unknown key in members", "groups:\n  - name: G\n    members: {coutn: 5}\n", []string{"line 3", "coutn"}},
		{"unknown key of a member", "users: [{}]\ngroups:\n  - name: G\n    members:\n      - uin: 20001\n        rank: 5\n", []string{"line 6", "rank"}},
		{"far too many", "groups:\n" + strings.Repeat("  - {name: G, members: {count: 5000}}\n", 201), []string{"line 202: more than 1000000"}},
		{"negative groups", "groups:\n  - name: G\n    count: -1\n", []string{"line 3: a group comes 1 to 10000 times, not -1"}},
		{"too many groups", "groups:\n  - {name: G, count: 10001}\n", []string{"line 2: a group comes"}},
		{"mistake in many groups", "users: [{}]\ngroups:\n  - {name: G, owner: 20001, count: 9, members: [{uin: 7}]}\n", []string{"line 3: no user 7"}},
		{"unknown way in", "users: [{}]\ngroups:\n  - name: G\n    owner: 20001\n    join: maybe\n", []string{"line 3", "maybe"}},
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

func TestCountedMembers(t *testing.T) {
	t.Parallel()
	s, err := Load(strings.NewReader(`
users:
  - {uin: 10001}
  - {uin: 20002}
groups:
  - name: list and count
    owner: 10001
    members: {count: 4, list: [{uin: 20002, card: B}]}
  - {name: only a count, members: {count: 300}}
  - {name: only a list, owner: 10001, members: {list: [{uin: 20002}]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Build(1)
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[message.GroupCode][]message.UIN{
		730000001: {10001, 20001, 20002, 20003}, 730000002: {20001, 20003, 20004}, 730000003: {10001, 20002},
	} {
		var got []message.UIN
		for _, m := range w.Members().List(code) {
			got = append(got, m.User.UIN)
		}
		if !slices.Equal(got[:len(want)], want) {
			t.Errorf("group %d: got members %v, want %v", code, got[:len(want)], want)
		}
	}
	if m, _ := w.Members().Find(730000001, 20002); m.Card != "B" {
		t.Errorf("got %+v", m)
	}
	g, _ := w.Groups().Find(730000002)
	if g.MemberCount != 300 || g.Owner != 20001 || g.MemberMax != 5000 || len(w.Users().List()) != 302 {
		t.Errorf("got %+v and %d users", g, len(w.Users().List()))
	}
}

// An entry makes many groups, each with people of its own.
func TestManyGroups(t *testing.T) {
	t.Parallel()
	s, err := Load(strings.NewReader(`
users: [{uin: 10001}]
groups:
  - {code: 500000, name: G, owner: 10001, count: 40, members: {count: 50, apart: true}}
`))
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Build(1)
	if err != nil {
		t.Fatal(err)
	}
	if users := len(w.Users().List()); len(w.Groups().List()) != 40 || users != 40*49+1 {
		t.Errorf("%d groups, %d users", len(w.Groups().List()), users)
	}
	if g, _ := w.Groups().Find(500039); g.Name != "G 40" || g.MemberCount != 50 {
		t.Errorf("the last one is %+v", g)
	}
}

// TestFiles: a world begins with files, and has them again after a reset.
func TestFiles(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s, err := Load(strings.NewReader(`
users: [{uin: 1}, {uin: 2}]
groups:
  - code: 5000
    name: G
    owner: 1
    members: [{uin: 2}]
    mute_all: true
    max_files: 4
    file_space: 1000
    admins_upload: true
    temporary_life: 90s
    files:
      - {name: a.txt, text: content}
      - {name: b.bin, size: 100, folder: docs, uploader: 2}
      - {name: c.bin, size: 1, folder: docs, temporary: true}
`))
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) != 0 {
		t.Errorf("checking a scenario left %v, %v", left, err)
	}
	w, err := s.Build(3)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) != 0 {
			t.Errorf("left %v, %v", left, err)
		}
	}()
	check := func() {
		t.Helper()
		root, err := w.Files().List(5000, 1, world.RootFolder, 0, 20)
		if err != nil || len(root.Folders) != 1 || len(root.Files) != 1 || root.Files[0].Uploader.UIN != 1 {
			t.Fatalf("root: got %+v, %v", root, err)
		}
		docs, err := w.Files().List(5000, 1, root.Folders[0].ID, 0, 20)
		if err != nil || len(docs.Files) != 2 || !docs.Files[0].Temporary() || docs.Files[1].Uploader.UIN != 2 || docs.Files[1].Size != 100 {
			t.Fatalf("folder: got %+v, %v", docs, err)
		}
		if space, err := w.Files().Space(5000, 2); err != nil || space.Files != 4 || space.Space != 1000 || space.Used != 107 || space.TemporaryLife != 90*time.Second || !space.AdminsOnly {
			t.Errorf("got %+v, %v", space, err)
		}
		r, _, err := w.Media().Open(root.Files[0].SHA1)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if content, err := io.ReadAll(r); string(content) != "content" {
			t.Errorf("got %q, %v", content, err)
		}
		if err := w.Files().Delete(5000, 1, root.Files[0].ID); err != nil {
			t.Error(err)
		}
	}
	check()
	if err := w.Reset(); err != nil {
		t.Fatal(err)
	}
	check()
}

// TestFileMistakes names the line of each.
func TestFileMistakes(t *testing.T) {
	t.Parallel()
	_, err := Load(strings.NewReader(`
users: [{uin: 1}, {uin: 2}]
groups:
  - name: G
    owner: 1
    files:
      - {name: a, text: x, size: 1}
      - {name: b}
      - {name: c, size: 209715201}
      - {name: d, text: x, uploader: 2}
      - {text: x}
      - {name: f, text: x, folder: "` + strings.Repeat("x", 256) + `"}
`))
	for _, want := range []string{"line 7:", "line 8:", "line 9:", "line 10:", "line 11:", "line 12:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}

// BenchmarkLoad loads 500 groups of 500 members, and reports what stays in memory.
func BenchmarkLoad(b *testing.B) {
	text := "users: [{uin: 10001}]\ngroups:\n" +
		strings.Repeat("  - {name: G, owner: 10001, members: {count: 500}}\n", 500)
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		s, err := Load(strings.NewReader(text))
		if err != nil {
			b.Fatal(err)
		}
		w, err := s.Build(1)
		if err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(w)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
}

func FuzzLoadScenario(f *testing.F) {
	f.Add(string(defaultFile))
	f.Add("users:\n  - uin: 1\n")
	f.Add("users: !tag 0") // the library panics
	f.Add("groups: [{name: x, owner: 1, members: [{uin: 1}]}]")
	f.Add("groups: [{name: x, members: {count: 3, list: [{uin: 20001}]}}]")
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
