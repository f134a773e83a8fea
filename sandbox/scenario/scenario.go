package scenario

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"libration/internal/safeyaml"
	"libration/internal/text"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// maxScenario bounds a scenario file.
const maxScenario = 16 << 20

//go:embed default.yaml
var defaultFile []byte

// Scenario describes a world: who is in it when it begins.
type Scenario struct {
	Users []User `yaml:"users"`
	// Friends are circles: everybody in one is a friend of everybody else in it.
	Friends [][]message.UIN `yaml:"friends"`
	Groups  []Group         `yaml:"groups"`

	file *ast.File // where things stand, for the errors of Load
}

// User is one account. What is zero is chosen as by [world.Users.Add].
type User struct {
	UIN      message.UIN `yaml:"uin"`
	UID      message.UID `yaml:"uid"`
	Nickname string      `yaml:"nickname"`
	Sign     string      `yaml:"sign"`
	QID      string      `yaml:"qid"`
	Sex      uint32      `yaml:"sex"`
	Age      uint32      `yaml:"age"`
	Level    uint32      `yaml:"level"`
	// Password is for logins by password. Default: the account has none, and cannot log
	// in so.
	Password string `yaml:"password"`
}

// Group is one group. The owner need not be among the members. What is zero is chosen as
// by [world.Groups.Add].
type Group struct {
	Code message.GroupCode `yaml:"code"`
	// Count is how many such groups there are, at most 10,000. Codes go on from the first one,
	// and names end with a number from 1 on. Default: 1.
	Count     int         `yaml:"count"`
	Name      string      `yaml:"name"`
	Owner     message.UIN `yaml:"owner"`
	MemberMax uint32      `yaml:"member_max"`
	// Rate is how many messages a minute the group takes, 0 for any number.
	Rate    uint32 `yaml:"rate"`
	MuteAll bool   `yaml:"mute_all"`
	// Join is how people come into the group: free, ask (the default), question or closed.
	// Question and Answer are those of [world.Group].
	Join     world.JoinPolicy `yaml:"join"`
	Question string           `yaml:"question"`
	Answer   string           `yaml:"answer"`
	Members  Members          `yaml:"members"`
	// Files are in the group when it begins. MaxFiles, FileSpace in bytes, TemporaryLife and
	// AdminsUpload are those of [world.FileLimits].
	Files         []File        `yaml:"files"`
	MaxFiles      uint32        `yaml:"max_files"`
	FileSpace     uint64        `yaml:"file_space"`
	TemporaryLife time.Duration `yaml:"temporary_life"`
	AdminsUpload  bool          `yaml:"admins_upload"`
}

// Load reads a scenario in YAML, at most 16 MiB. Errors name the line;
// all mistakes are reported together (errors.Join).
func Load(r io.Reader) (*Scenario, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxScenario+1))
	if err != nil {
		return nil, text.Errorf("read scenario: %v", "读取场景：%v", err)
	}
	if len(body) > maxScenario {
		return nil, text.Errorf("scenario is larger than %d bytes", "场景大于 %d 字节", maxScenario)
	}
	file, err := safeyaml.Parse(body)
	if err != nil {
		return nil, describe(err)
	}
	s := &Scenario{file: file}
	if err := safeyaml.Decode(file, s); err != nil {
		return nil, describe(err)
	}
	if _, err := world.Make(0, func(w *world.World) error { return s.fill(w, hashed) }); err != nil {
		return nil, err
	}
	s.file = nil // it is much larger than the scenario
	return s, nil
}

// describe puts the line of a YAML error first.
func describe(err error) error {
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		return text.Errorf("scenario line %d: %s", "场景第 %d 行：%s", at.GetToken().Position.Line, safeyaml.Words(at.GetMessage()))
	}
	return text.Errorf("scenario: %v", "场景：%v", err)
}

// Default is a bot account, 10001, with three friends and two groups.
func Default() *Scenario {
	s, err := Load(bytes.NewReader(defaultFile))
	if err != nil { // the file is part of the program
		panic(err)
	}
	return s
}

// Build makes the world of a scenario. [world.World.Reset] makes it anew: do not change the
// scenario meanwhile. Where a group has files, their bytes are on the disk until
// [world.World.Close].
func (s *Scenario) Build(seed uint64) (*world.World, error) {
	return world.Make(seed, func(w *world.World) error { return s.fill(w, w.Media().Put) })
}

// fill makes the world of a scenario of an empty one. put keeps the bytes of files.
func (s *Scenario) fill(w *world.World, put func(io.Reader) (world.Blob, error)) error {
	var problems []error
	report := func(err error, path string, args ...any) {
		if err != nil {
			problems = append(problems, s.locate(err, fmt.Sprintf(path, args...)))
		}
	}
	for i, u := range s.Users {
		made, err := w.Users().Add(world.User{
			UIN: u.UIN, UID: u.UID, Nickname: u.Nickname, Sign: u.Sign, QID: u.QID,
			Sex: u.Sex, Age: u.Age, Level: u.Level,
		})
		if err == nil {
			err = w.Users().SetPassword(made.UIN, u.Password)
		}
		report(err, "$.users[%d]", i)
	}
	for i, circle := range s.Friends {
		for j, a := range circle {
			if _, known := w.Users().Find(a); !known {
				report(text.Errorf("no user %d", "没有用户 %d", a), "$.friends[%d][%d]", i, j)
				continue
			}
			for k, b := range circle[:j] {
				if _, known := w.Users().Find(b); !known {
					continue // reported above
				}
				report(w.Friends().Add(a, b), "$.friends[%d][%d]", i, k)
			}
		}
	}
	crowd := crowd{world: w, put: put}
	for i := range s.Groups {
		crowd.buildGroups(&s.Groups[i], i, report)
	}
	return errors.Join(problems...)
}

// locate adds the line of a YAML path to an error.
func (s *Scenario) locate(err error, path string) error {
	if s.file != nil {
		p, pathErr := yaml.PathString(path)
		if pathErr == nil {
			if node, nodeErr := p.FilterFile(s.file); nodeErr == nil {
				return text.Errorf("scenario line %d: %v", "场景第 %d 行：%v", lineOf(node), err)
			}
		}
	}
	return text.Errorf("scenario %s: %v", "场景 %s：%v", path, err)
}

// lineOf is where a node begins; a mapping's own token is its first colon, which
// stands on the same line as its first key.
func lineOf(node ast.Node) int { return node.GetToken().Position.Line }
