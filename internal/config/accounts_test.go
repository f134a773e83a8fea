package config

import (
	"strings"
	"testing"
)

func TestAccounts(t *testing.T) {
	c, problems := Parse([]byte(`
signer: {urls: ['http://127.0.0.1:1']}
admin: {access_token: t}
accounts:
- {name: main, uin: 10001, default: true, protocol: windows}
- {uin: 10002, access_token: t2}
- {access_token: t3}
onebot:
  connections:
  - {type: http, address: '127.0.0.1:0', access_token: t1}
  - {type: webhook, url: 'http://127.0.0.1:1/a', accounts: [main]}
  - {type: webhook, url: 'http://127.0.0.1:1/a', accounts: ['10002', default]}
`), []string{"LIBRATION_ACCOUNTS__1__PASSWORD=secret"})
	if len(problems) > 0 {
		t.Fatalf("problems:\n%s", lines(problems))
	}
	all := c.Each()
	if len(all) != 3 {
		t.Fatalf("got %d accounts", len(all))
	}
	for i, want := range []struct {
		name, token string
		protocol    Protocol
	}{{"main", "t1", ProtocolWindows}, {"10002", "t2", ProtocolLinux}, {"default", "t3", ProtocolLinux}} {
		one := all[i]
		if a := one.Account; a.Name != want.name || a.Protocol != want.protocol || len(one.Accounts) != 0 || len(one.OneBot.Connections) != 2 || one.OneBot.Connections[0].TokenOf(&a) != want.token {
			t.Errorf("account %d: got %+v, connections %+v", i, a, one.OneBot.Connections)
		}
	}
	if all[1].Account.Password != "secret" {
		t.Error("the environment does not reach an account")
	}
	for name, want := range map[string]string{"": "main", "main": "main", "10002": "10002"} {
		if one, err := c.One(name); err != nil || one.Account.Name != want {
			t.Errorf("%q: got %v, %v, want %s", name, one, err, want)
		}
	}
	if _, err := c.One("other"); err == nil || !strings.Contains(err.Error(), "main, 10002, default") {
		t.Errorf("unknown account: got %v", err)
	}
	c.Accounts[0].Default = false
	if _, err := c.One(""); err == nil || !strings.Contains(err.Error(), "--account: main, 10002, default") {
		t.Errorf("no account: got %v", err)
	}
}

func TestOneAccountIsAsBefore(t *testing.T) {
	for _, text := range []string{quiet + "account: {uin: 10001}", quiet + "accounts: [{uin: 10001}]", quiet + "account: {uin: 10001}\naccounts:\n"} {
		c, problems := Parse([]byte(text), nil)
		if len(problems) > 0 {
			t.Fatalf("problems:\n%s", lines(problems))
		}
		one, err := c.One("")
		if err != nil || one.Account.UIN != 10001 || one.Account.Name != "10001" || one.Account.Protocol != ProtocolLinux || len(c.Each()) != 1 {
			t.Errorf("%q: got %+v, %v", text, one, err)
		}
	}
}

func TestWrongAccounts(t *testing.T) {
	const two = "accounts: [{name: a, uin: 1}, {name: b, uin: 2}]\n"
	for text, want := range map[string]string{
		quiet + "account: {uin: 3}\n" + two:                                                  `account: account and accounts exclude each other; make it an entry of accounts`,
		quiet + "account: {name: a}":                                                         `account.name "a": is for one of several accounts`,
		quiet + "accounts: [{name: A}]":                                                      `accounts[0].name "A": not a name for an account`,
		quiet + "accounts: [{name: ../x}]":                                                   `accounts[0].name "../x": not a name for an account`,
		quiet + "accounts: [{name: send_msg}]":                                               `accounts[0].name "send_msg": an action is called so`,
		quiet + "accounts: [{name: _events}]":                                                `accounts[0].name "_events": the paths of the services begin so`,
		quiet + "accounts: [{name: com1}]":                                                   `accounts[0].name "com1": Windows keeps this name`,
		quiet + "accounts: [{name: a, uin: 1}, {name: a, uin: 2}]":                           `accounts[1].name "a": account 0 has this name already`,
		quiet + "accounts: [{name: '2', uin: 1}, {uin: 2}]":                                  `accounts[1].name: account 0 has this name already`,
		quiet + "accounts: [{name: '2', uin: 1}, {name: b, uin: 2}]":                         `accounts[0].name "2": this is the number of account 1; give it another name`,
		quiet + "accounts: [{uin: 1}, {name: b, uin: 1}]":                                    `accounts[1].uin "1": account 0 is the same, and has the same data folder`,
		quiet + "accounts: [{name: a}, {name: b}]":                                           `accounts[1].uin: account 0 has no number either`,
		quiet + "accounts: [{uin: 1, default: true}, {uin: 2, default: true}]":               `accounts[1].default "true": account 0 is the default already`,
		quiet + "accounts: [{password: x}]":                                                  `accounts[0].password: whose password it is, is not known; set accounts[0].uin`,
		quiet + two:                                                                          `onebot.connections[0].accounts: accounts a and b would have one token; set accounts[1].access_token`,
		two + "onebot: {connections: [{type: http, address: '0.0.0.0:1', accounts: [a]}]}":   `onebot.connections[0].address "0.0.0.0:1": anybody who reaches this address`,
		two + "onebot: {connections: [{type: http, address: '127.0.0.1:1', accounts: [c]}]}": `onebot.connections[0].accounts[0] "c": there is no such account`,
		two + "onebot: {connections: [{type: webhook, url: 'http://a'}, {type: webhook, url: 'http://a', accounts: [b]}]}": `onebot.connections[1]: connection 0 goes to this bot already`,
	} {
		c, problems := Parse([]byte(text), nil, func(name string) bool { return name == "send_msg" })
		if s := lines(problems); !strings.Contains(s, want) {
			t.Errorf("%q: got\n%s\nwant %s", text, s, want)
		}
		_ = c.Each() // whatever it is
	}
}
