package onebot

import (
	"context"
	"errors"
	"time"

	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/message"
)

// actionError is a failure with everything a response says of it. code is the
// response's msg.
type actionError struct {
	retcode int
	code    string
	text    text.Text
}

func (e *actionError) Error() string { return e.text.EN }

// badParams is the failure of a wrong parameter.
func badParams(what text.Text) *actionError {
	return &actionError{RetBadParams, "BAD_PARAMS", what}
}

func unknownAction(name string) *actionError {
	name = shorten(name)
	return &actionError{RetUnknownAction, "API_NOT_FOUND", text.T(
		"unknown action %q; get_supported_actions lists them",
		"不支持的操作 %q，可用 get_supported_actions 查看支持的操作").Fill(name)}
}

// noMessage is the failure of a message_id that names nothing.
func noMessage(code string, id int32) *actionError {
	return &actionError{RetFailed, code, text.T("there is no message with id %d", "消息不存在: id %d").Fill(id)}
}

// emptyMessage is the failure of a message without content.
func emptyMessage() *actionError {
	return &actionError{RetFailed, "EMPTY_MSG_ERROR", text.T("the message is empty", "消息为空")}
}

// longMessage is the failure of a message that is longer than the bounds allow.
func longMessage() *actionError {
	return badParams(text.T(
		"the message is too long: at most %d bytes of text and %d parts of CQ codes",
		"消息过长：文本最多 %d 字节，CQ 码最多 %d 个部分").Fill(maxText, maxValues))
}

// known gives the client's errors their code and text. The first that matches
// counts.
var known = []struct {
	err  error
	code string
	text text.Text
}{
	// These two wrap what happened to the answer.
	{ntqq.ErrNotSent, "MESSAGE_NOT_SENT", text.T(
		"the message was not sent: it never left, or the connection failed and it is not in the chat",
		"消息未发送：请求未发出，或连接出现故障且聊天记录中没有该消息")},
	{ntqq.ErrUnknownOutcome, "SEND_OUTCOME_UNKNOWN", text.T(
		"the answer was lost, and it could not be found out in time whether the message was sent",
		"未收到服务器响应，且未能及时确认消息是否已发送")},
	{ntqq.ErrRateLimited, "RATE_LIMITED", text.T(
		"too many messages wait to be sent, this one was not sent", "等待发送的消息过多，该消息未发送")},
	{ntqq.ErrOffline, "ACCOUNT_OFFLINE", text.T(
		"the account is not online, nothing was sent", "账号不在线，请求未发送")},
	{ntqq.ErrKicked, "ACCOUNT_KICKED", text.T(
		"the account was kicked offline; somebody must log in again", "账号被踢下线，需要人工重新登录")},
	{ntqq.ErrNeedsLogin, "LOGIN_NEEDED", text.T(
		"the account must be logged in again by a person", "账号需要人工重新登录")},
	{ntqq.ErrSessionExpired, "SESSION_EXPIRED", text.T(
		"the login has expired", "登录状态已失效")},
	{ntqq.ErrSign, "SIGN_ERROR", text.T(
		"no signer gave a signature, nothing was sent; see signer.urls and the log",
		"没有签名服务返回签名，请求未发送；请检查 signer.urls 和日志")},
	{ntqq.ErrConnectionLost, "CONNECTION_LOST", text.T(
		"the connection broke; it is unknown whether the operation took place", "连接中断，操作是否成功未知")},
	{ntqq.ErrTimeout, "TIMEOUT", text.T(
		"the server did not answer in time; it is unknown whether the operation took place", "服务器响应超时，操作是否成功未知")},
	{context.DeadlineExceeded, "TIMEOUT", text.T(
		"no answer in time; it is unknown whether the operation took place", "等待响应超时，操作是否成功未知")},
	{context.Canceled, "CANCELED", text.T(
		"the call was given up before there was an answer", "调用已被取消")},
	{ntqq.ErrTooLarge, "SEND_MSG_API_ERROR", text.T(
		"the message is too large, nothing was sent", "消息过长，未发送")},
	{ntqq.ErrEmptyMessage, "EMPTY_MSG_ERROR", text.T(
		"the message is empty", "消息为空")},
}

// missing has the texts of the codes that say what ntqq.ErrNotFound did not find.
var missing = map[string]text.Text{
	"FRIEND_NOT_FOUND": text.T("no such friend", "好友不存在"),
	"GROUP_NOT_FOUND":  text.T("no such group, or the account is not in it", "群不存在，或账号不在群中"),
	"MEMBER_NOT_FOUND": text.T("no such member in the group", "群成员不存在"),
	"USER_NOT_FOUND":   text.T("no such user", "用户不存在"),
}

// explain turns any error of an action into an actionError.
func explain(err error, a action) *actionError {
	var own *actionError
	if errors.As(err, &own) {
		return own
	}
	var limited *ntqq.RateLimitError
	if errors.As(err, &limited) && limited.Wait > 0 {
		return rateLimited(limited)
	}
	if bad, ok := errors.AsType[*message.SegmentError](err); ok {
		return unsendable(bad)
	}
	for _, k := range known {
		if errors.Is(err, k.err) {
			return &actionError{RetFailed, k.code, k.text}
		}
	}
	if what, ok := missing[a.missing]; ok && errors.Is(err, ntqq.ErrNotFound) {
		return &actionError{RetFailed, a.missing, what}
	}
	code := a.failed
	if code == "" {
		code = "API_ERROR"
	}
	var refused *ntqq.ServerError
	if errors.As(err, &refused) {
		reason := refused.Message
		if reason == "" {
			reason = refused.Hint
		} else if refused.Hint != "" {
			reason += " (" + refused.Hint + ")"
		}
		if reason != "" {
			reason = ": " + reason
		}
		return &actionError{RetFailed, code, text.T(
			"the server refused, code %d%s", "服务器拒绝了操作，代码 %d%s").Fill(refused.Code, reason)}
	}
	return &actionError{RetFailed, code, text.T("the operation failed: %v", "操作失败: %v").Fill(err)}
}

// unsendable names a segment that was understood and cannot be sent here.
func unsendable(e *message.SegmentError) *actionError {
	if at, ok := e.Segment.(*message.At); ok {
		return badParams(text.T(
			`segment at: qq "%d" is no account that can be mentioned in this chat`,
			`消息段 at: qq "%d" 不是此会话中可以 @ 的账号`).Fill(at.UIN))
	}
	return badParams(text.T(
		"segment %d of the message cannot be sent: %v",
		"消息的第 %d 个消息段无法发送: %v").Fill(e.Index+1, e.Err))
}

func rateLimited(e *ntqq.RateLimitError) *actionError {
	key, who := "send.account", text.T("the account sends", "账号")
	if e.Chat {
		key, who = "send.chat", text.T("this chat gets", "该会话")
	}
	return &actionError{RetFailed, "RATE_LIMITED", text.T(
		"%s too many messages, this one was not sent: its turn would come in %v, and it may wait %v (%s and send.max_wait in the config)",
		"%s发送消息过快，该消息未发送：需等待 %v，上限为 %v（配置项 %s 和 send.max_wait）",
	).Fill(who, e.Wait.Round(100*time.Millisecond), e.MaxWait, key)}
}

// failed is the response to an action that returned err.
func failed(l Language, err error, a action) *Response {
	e := explain(err, a)
	words := e.text.In(l)
	return &Response{Status: StatusFailed, RetCode: e.retcode, Message: words, Wording: words, Msg: e.code}
}
