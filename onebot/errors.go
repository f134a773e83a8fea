package onebot

import (
	"context"
	"errors"
	"slices"
	"time"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/media"
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

// failure is an operation that failed for a cause.
func failure(c *table.Cause) *actionError { return &actionError{RetFailed, c.Code, c.Text} }

// badParams is the failure of a wrong parameter.
func badParams(what text.Text) *actionError {
	return &actionError{RetBadParams, wrongParams.Code, what}
}

// unknownAction is the failure of a name that no action has that works.
func unknownAction(actions *table.Table[*account], action string) *actionError {
	name, suffix := cutSuffix(action)
	e := &actionError{RetUnknownAction, noAction.Code, text.T(
		"no such action %q; get_supported_actions lists them", "没有动作 %q，可用 get_supported_actions 查看支持的动作").Fill(shorten(action))}
	if known := actions.Find(name); known != nil {
		e.text = text.T("action %q is known, but not offered: %s", "动作 %q 已知，但不提供：%s").Fill(name, known.Text)
	} else if near := actions.Nearest(name); near != "" {
		e.text = text.T("no such action %q, did you mean %q?", "没有动作 %q，是否想用 %q？").Fill(shorten(action), near+suffix)
	}
	return e
}

// noSuchMessage is the failure of a message_id that names nothing.
func noSuchMessage(c *table.Cause, id int32) *actionError {
	return &actionError{RetFailed, c.Code, text.T("there is no message with id %d", "消息不存在：id %d").Fill(id)}
}

// unreadable is the failure of a store that cannot be read.
func unreadable(err error) *actionError {
	e := failure(storeBroken)
	e.text = text.T("%s: %v", "%s：%v").Fill(e.text, err)
	return e
}

// longMessage is the failure of a message that is longer than the bounds allow.
func longMessage() *actionError {
	return badParams(text.T(
		"the message is too long: at most %d bytes of text and %d parts of CQ codes",
		"消息过长：文本最多 %d 字节，CQ 码最多 %d 个部分").Fill(maxText, maxValues))
}

// explain turns any error of an operation into an actionError. other is the cause of an
// error that has none of its own.
func explain(err error, other *table.Cause) *actionError {
	if own, ok := errors.AsType[*actionError](err); ok {
		return own
	}
	if wrong, ok := errors.AsType[*table.Wrong](err); ok {
		return badParams(text.T("parameter %q %s", "参数 %q %s").Fill(wrong.Name, wrong.What))
	}
	if limited, ok := errors.AsType[*ntqq.RateLimitError](err); ok && limited.Wait > 0 {
		return rateLimited(limited)
	}
	if long, ok := errors.AsType[*message.TextLimitError](err); ok {
		e := failure(longText)
		e.text = text.T("the message has %d bytes of text, the limit is %d", "消息的文本有 %d 字节，上限为 %d 字节").Fill(long.Bytes, message.MaxText)
		return e
	}
	if limit, ok := errors.AsType[*message.ForwardLimitError](err); ok {
		e := failure(largeForward)
		e.text = text.T("the forward has more than %d %s", "合并转发超过 %d %s").Fill(limit.Limit, forwardLimit(limit.What))
		return e
	}
	refused, isRefusal := errors.AsType[*ntqq.ServerError](err)
	step, stepped := errors.AsType[*media.StepError](err)
	for _, known := range causes {
		if errors.Is(err, known.err) && (!stepped || !slices.Contains(open, known.cause)) {
			e := failure(known.cause)
			if isRefusal && errors.Is(refused, known.err) {
				e.text = refusal(refused, e.text)
			}
			if stepped {
				e.text = text.T("%s: %s", "%s：%s").Fill(stepText(step.Step), e.text)
			}
			return e
		}
	}
	if e := mediaFailure(err, refused); e != nil {
		return e
	}
	e := failure(other)
	if isRefusal {
		e.text = refusal(refused, text.Text{})
		return e
	}
	if _, ok := errors.AsType[*message.SegmentError](err); ok {
		return badParams(unsendable(err))
	}
	e.text = text.T("the operation failed: %v", "操作失败：%v").Fill(text.Of(err))
	return e
}

// mediaFailure says at which step a medium failed, and why; nil for an error that is about no
// medium.
func mediaFailure(err error, refused *ntqq.ServerError) *actionError {
	why, c := text.Of(err), (*table.Cause)(nil)
	step, stepped := errors.AsType[*media.StepError](err)
	if stepped {
		why = reasonOf(step.Err)
		if refused != nil {
			why = refusal(refused, text.Text{})
		}
		why, c = text.T("%s: %s", "%s：%s").Fill(stepText(step.Step), why), uploadFailed
		if step.Step == media.StepFetch {
			c = downloadFailed
		}
	}
	for _, known := range mediaReasons {
		if errors.Is(err, known.reason) {
			c = known.cause
		}
	}
	if _, refused := errors.AsType[*media.AddressError](err); refused {
		c = addressRefused
	}
	if c == nil {
		return nil
	}
	return &actionError{RetFailed, c.Code, why}
}

// reasonOf is why a step failed.
func reasonOf(err error) text.Text {
	for _, known := range []struct {
		err error
		why text.Text
	}{
		{ntqq.ErrConnectionLost, text.T("the connection to the server broke", "与服务器的连接中断")},
		{ntqq.ErrTimeout, text.T("the server did not answer in time", "服务器响应超时")},
		{context.DeadlineExceeded, text.T("it took too long", "用时过长")},
	} {
		if errors.Is(err, known.err) {
			return known.why
		}
	}
	return text.Of(err)
}

// stepText is what people read of a step.
func stepText(s media.Step) text.Text {
	switch s {
	case media.StepFetch:
		return text.T("the bytes cannot be had", "无法取得内容")
	case media.StepConvert:
		return text.T("the medium cannot be used", "内容无法使用")
	case media.StepHash:
		return text.T("the medium cannot be measured", "内容无法读取")
	case media.StepReserve:
		return text.T("the service takes no upload", "服务器未接受上传")
	case media.StepBlock:
		return text.T("the upload broke off", "上传中断")
	}
	return text.T("the upload was not finished", "上传未完成")
}

// forwardLimit is ForwardLimitError.What in both languages.
func forwardLimit(what message.ForwardPart) text.Text {
	switch what {
	case message.ForwardNodes:
		return text.T("messages", "条消息")
	case message.ForwardBytes:
		return text.T("bytes", "字节")
	case message.ForwardPayload:
		return text.T("bytes when compressed", "字节（压缩后）")
	case message.ForwardNesting:
		return text.T("forwards within one another", "层嵌套")
	}
	return text.T("elements", "个元素")
}

// refusal says that the server refused, and why: in its own words, in those of the cause
// of its code, or in both.
func refusal(e *ntqq.ServerError, why text.Text) text.Text {
	switch said := e.Message != ""; {
	case said && e.Cause != nil:
		why = text.T(": %s (%s)", "：%s（%s）").Fill(e.Message, why)
	case said:
		why = text.T(": %s", "：%s").Fill(e.Message)
	case e.Cause != nil:
		why = text.T(": %s", "：%s").Fill(why)
	}
	return text.T("the server refused, code %d%s", "服务器拒绝了操作，代码 %d%s").Fill(e.Code, why)
}

// unsendable says which segment was understood and cannot be sent here, in which message
// of a forward, and why.
func unsendable(err error) text.Text {
	if node, ok := errors.AsType[*message.NodeError](err); ok {
		return text.T("message %d of the forward: %s", "合并转发的第 %d 条消息：%s").Fill(node.Index+1, unsendable(node.Err))
	}
	bad, ok := errors.AsType[*message.SegmentError](err)
	if !ok {
		return why(err)
	}
	if at, ok := bad.Segment.(*message.AtSegment); ok {
		return text.T(
			`segment at: qq "%d" is no account that can be mentioned in this chat`,
			`消息段 at: qq "%d" 不是此会话中可以 @ 的账号`).Fill(at.UIN)
	}
	if image, ok := bad.Segment.(*message.ImageSegment); ok && image.Flash && errors.Is(bad.Err, message.ErrReceivedOnly) {
		return text.T(
			"segment image: a flash picture can only be received; without type=flash it is sent as an ordinary one",
			"消息段 image：闪照只能接收；去掉 type=flash 可以作为普通图片发送")
	}
	return text.T("segment %s cannot be sent: %s", "消息段 %s 无法发送：%s").Fill(typeOf(bad.Segment), why(bad.Err))
}

// why says the reason, in both languages where users come upon it.
func why(err error) text.Text {
	if errors.Is(err, message.ErrReceivedOnly) {
		return text.T("it can only be received", "只能接收")
	}
	return text.Same(err.Error())
}

func rateLimited(e *ntqq.RateLimitError) *actionError {
	who := text.T("the account sends", "账号")
	if e.Chat {
		who = text.T("this chat gets", "该会话")
	}
	return &actionError{RetFailed, limited.Code, text.T(
		"%s too many messages, this one was not sent: its turn would come in %v, and it may wait %v",
		"%s发送消息过快，该消息未发送：需等待 %v，上限为 %v",
	).Fill(who, e.Wait.Round(100*time.Millisecond), e.MaxWait)}
}

// failed is the response to an operation that returned err.
func failed(l Language, err error, other *table.Cause) *Response {
	e := explain(err, other)
	words := e.text.In(l)
	return &Response{Status: StatusFailed, RetCode: e.retcode, Message: words, Wording: words, Msg: e.code}
}
