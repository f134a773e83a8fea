package upload

import (
	"context"

	"libration/internal/text"
)

// BlockError says which block was not taken, and why.
type BlockError struct {
	Block, Blocks int // from 1; how many there are
	// Code and RetCode are what the service answered; both are 0 when it did not, or with a
	// text only. Their meaning is known of few.
	Code, RetCode uint32
	// Text is what the service said.
	Text string
	// Err is what happened to the connection; nil when the service has answered.
	Err error
}

func (e *BlockError) Error() string { return e.text().EN }

// Unwrap returns the error in English and Chinese, and Err.
func (e *BlockError) Unwrap() []error {
	all := []error{text.Errorf("%v", "%v", e.text())}
	if e.Err != nil {
		all = append(all, e.Err)
	}
	return all
}

func (e *BlockError) text() text.Text {
	where := text.T("block %d of %d", "第 %d 块（共 %d 块）").Fill(e.Block, e.Blocks)
	switch {
	case e.Err != nil:
		return text.T("%s: %s", "%s：%s").Fill(where, text.Of(e.Err))
	case e.Text != "":
		return text.T("%s: refused: %s (code %d/%d)", "%s：被拒绝：%s（代码 %d/%d）").Fill(where, e.Text, e.Code, e.RetCode)
	}
	refused := text.T("%s: refused with code %d/%d", "%s：被拒绝，代码 %d/%d").Fill(where, e.Code, e.RetCode)
	if why, known := e.meaning(); known {
		return text.T("%s: %s", "%s：%s").Fill(refused, why)
	}
	return refused
}

// Final reports that the service refuses the file itself: to send it again is of no use.
func (e *BlockError) Final() bool { return e.Err == nil && (e.Text != "" || e.known()) }

// Stale reports a refusal without a known reason. The ticket or the upload key may be over:
// ask for a new session, reserve again, and send all blocks.
func (e *BlockError) Stale() bool { return e.Err == nil && !e.Final() }

// meanings are the refusals that are known (docs/protocol/media.md 3.4); a RetCode of 0
// stands for any.
var meanings = []struct {
	code, retCode uint32
	text          text.Text
}{
	{83, 198, text.T("the service does not want this picture; official clients cannot send it either", "服务器不接受这张图片，官方客户端也无法发送")},
	{102902, 0, text.T("the file is too large, or its blocks came too fast", "文件过大，或上传过快")},
	{210005, 0, text.T("what was said about the file does not fit it", "文件与上传前给出的信息不符")},
}

func (e *BlockError) meaning() (why text.Text, known bool) {
	for _, m := range meanings {
		if m.code == e.Code && (m.retCode == 0 || m.retCode == e.RetCode) {
			return m.text, true
		}
	}
	return text.Text{}, false
}

func (e *BlockError) known() bool {
	_, known := e.meaning()
	return known
}

// SourceError says that the bytes of the file could not be read.
type SourceError struct{ Err error }

func (e *SourceError) Error() string { return "read the file: " + e.Err.Error() }

// Unwrap returns Err.
func (e *SourceError) Unwrap() error { return e.Err }

func sourceError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &SourceError{err}
}

// errNoAnswer is the end of an attempt that took too long.
var errNoAnswer = text.Errorf("the service did not answer in time", "服务器响应超时")
