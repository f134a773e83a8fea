package bench

import (
	"fmt"
	"strings"
)

// Who is there: the first account and those after it, the first of three people, the group
// of the load, and the first of many groups.
const (
	account    = 10001
	people     = 20001
	group      = 730000001
	manyGroups = 740000001
)

// groupCount is how many groups share the messages of [growth].
const groupCount = 50

// password is that of each account, by which it logs in without anybody's help.
const password = "bench"

// config is the configuration of the service. What it has not is as in a new installation.
func (s setup) config(data, control, ws, web string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "data: %q\nlog: {level: warn}\naccounts:\n", data)
	for n := range s.accounts {
		fmt.Fprintf(&b, "  - {uin: %d, password: %s, default: %t}\n", account+n, password, n == 0)
	}
	fmt.Fprintf(&b, "server: {mode: sandbox, sandbox: {control: %q}}\n", control)
	if s.signed {
		fmt.Fprintf(&b, "signer: {urls: [%q]}\n", control+"/sign")
	}
	missed := "0s"
	if s.journal {
		missed = "10m"
	}
	fmt.Fprintf(&b, `onebot:
  heartbeat: 0s
  connections:
    - {type: websocket, address: %q, journal: %s}
    - {type: http, address: %q}
send: {limit: false}
admin: {address: "127.0.0.1:0"}
`, ws, missed, web)
	return b.String()
}

// scenario is the world of the sandbox.
func (s setup) scenario() string {
	var b strings.Builder
	b.WriteString("users:\n")
	for n := range s.accounts {
		fmt.Fprintf(&b, "  - {uin: %d, nickname: bot %d, password: %s}\n", account+n, n+1, password)
	}
	var members []string
	for n := range 3 {
		fmt.Fprintf(&b, "  - {uin: %d, nickname: person %d}\n", people+n, n+1)
		members = append(members, fmt.Sprintf("{uin: %d}", people+n))
	}
	for n := range s.accounts {
		members = append(members, fmt.Sprintf("{uin: %d}", account+n))
	}
	fmt.Fprintf(&b, "groups:\n  - {code: %d, name: load, owner: %d, members: [%s]}\n", group, people, strings.Join(members[1:4], ", "))
	fmt.Fprintf(&b, "  - {code: %d, name: chat, owner: %d, count: %d, members: [%s]}\n", manyGroups, people, groupCount, strings.Join(members[1:], ", "))
	return b.String()
}
