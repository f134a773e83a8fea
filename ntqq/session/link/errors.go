package link

import (
	"errors"

	"libration/internal/pb"
	"libration/internal/pb/pushpb"
	"libration/internal/text"
)

// Errors of calls. They are wrapped with what was being done.
var (
	// ErrOffline: the account is not online. The request was not sent.
	ErrOffline = text.Errorf("account is not online", "账号不在线")
	// ErrConnectionLost: the connection broke while a request was under way. Whether the
	// server carried it out is unknown.
	ErrConnectionLost = text.Errorf("connection lost", "连接中断")
	// ErrTimeout: no answer came in time. Whether the server carried the request out is
	// unknown.
	ErrTimeout = text.Errorf("no answer in time", "没有及时应答")
	// ErrSessionExpired: the server no longer accepts the session's tickets.
	ErrSessionExpired = text.Errorf("session expired", "登录会话已过期")
	// ErrKicked: another login, or the service, ended the session; usually a *KickError.
	ErrKicked = text.Errorf("account was kicked offline", "账号被踢下线")
)

// ServerError is a refusal by the server: the request arrived and was not
// carried out.
type ServerError struct {
	Command string
	Code    int64
	Message string // the server's own text, may be ""
	Cause   error  // what the code means, wrapped; nil where that is not known
}

func (e *ServerError) Error() string {
	english, _ := e.Text()
	return english
}

// Text is Error in English and Chinese.
func (e *ServerError) Text() (english, chinese string) {
	t := text.T("%s: server code %d", "%s：服务器代码 %d").Fill(e.Command, e.Code)
	if e.Cause != nil {
		t = text.T("%s (%v)", "%s（%v）").Fill(t, e.Cause)
	}
	if e.Message != "" {
		t = text.T("%s: %.500s", "%s：%.500s").Fill(t, e.Message) // it may have megabytes
	}
	return t.EN, t.ZH
}

func (e *ServerError) Unwrap() error { return e.Cause }

// isRefusal reports whether err is an answer of the server.
func isRefusal(err error) bool {
	_, ok := errors.AsType[*ServerError](err)
	return ok
}

// InFlightError is the end of a call whose request was being written, or had been.
// Whether the server carried it out is unknown. Err says how the call ended.
type InFlightError struct{ Err error }

func (e *InFlightError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *InFlightError) Unwrap() error { return e.Err }

// KickError says how the server ended the session. It is an [ErrKicked].
type KickError struct {
	Title string
	Tips  string
	Code  int32
}

func (e *KickError) Error() string {
	english, _ := e.Text()
	return english
}

// Text is Error in English and Chinese.
func (e *KickError) Text() (english, chinese string) {
	t := text.T("%v (code %d)", "%v（代码 %d）").Fill(ErrKicked, e.Code)
	for _, said := range []string{e.Title, e.Tips} {
		if said != "" {
			t = text.T("%s: %.500s", "%s：%.500s").Fill(t, said)
		}
	}
	return t.EN, t.ZH
}

// Is reports whether target is [ErrKicked].
func (e *KickError) Is(target error) bool { return target == ErrKicked }

func kickError(payload []byte) error {
	n := &pushpb.KickNotice{}
	_ = pb.Unmarshal(payload, n) // what cannot be read stays empty: it is a kick all the same
	return &KickError{Title: string(n.GetTitle()), Tips: string(n.GetTips()), Code: n.GetCode()}
}
