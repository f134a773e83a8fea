package account

import (
	"libration/gateway/transport"
	"libration/internal/admin"
	"libration/internal/supervise"
	"libration/internal/text"
	"libration/ntqq"
)

// StateWords is the state of an account for people: "logging in: captcha".
func StateWords(a *admin.Account) text.Text {
	en, zh := ntqq.Stage(a.State).Text(ntqq.Step(a.Step))
	t := text.Same(en)
	t.ZH = zh
	return t
}

// ServiceWords is the state of a connection, or of the owner's service, for people.
func ServiceWords(state string) text.Text {
	if t, ok := serviceWords[state]; ok {
		return t
	}
	return text.Same(state)
}

var serviceWords = map[string]text.Text{
	string(supervise.Waiting):  text.T("waiting", "等待中"),
	string(supervise.Starting): text.T("starting", "启动中"),
	string(supervise.Running):  text.T("running", "运行中"),
	string(supervise.Failed):   text.T("failed", "失败"),
	string(supervise.Stopped):  text.T("stopped", "已停止"),
	transport.StateListening:   text.T("listening", "监听中"),
	transport.StateConnecting:  text.T("connecting", "连接中"),
	transport.StateConnected:   text.T("connected", "已连接"),
}
