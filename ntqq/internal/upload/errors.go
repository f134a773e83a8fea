package upload

import (
	"context"
	"errors"
	"fmt"
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

func (e *BlockError) Error() string {
	where := fmt.Sprintf("block %d of %d", e.Block, e.Blocks)
	switch {
	case e.Err != nil:
		return where + ": " + e.Err.Error()
	case e.Text != "":
		return fmt.Sprintf("%s: refused: %s (code %d/%d)", where, e.Text, e.Code, e.RetCode)
	}
	if why := e.meaning(); why != "" {
		return fmt.Sprintf("%s: refused with code %d/%d: %s", where, e.Code, e.RetCode, why)
	}
	return fmt.Sprintf("%s: refused with code %d/%d", where, e.Code, e.RetCode)
}

// Unwrap returns Err.
func (e *BlockError) Unwrap() error { return e.Err }

// Final reports that the service refuses the file itself: to send it again is of no use.
func (e *BlockError) Final() bool { return e.Err == nil && (e.Text != "" || e.meaning() != "") }

// Stale reports a refusal without a known reason. The ticket or the upload key may be over:
// ask for a new session, reserve again, and send all blocks.
func (e *BlockError) Stale() bool { return e.Err == nil && !e.Final() }

// meanings are the refusals that are known (docs/protocol/media.md 3.4); a RetCode of 0
// stands for any.
var meanings = []struct {
	code, retCode uint32
	text          string
}{
	{83, 198, "the service does not want this picture; official clients cannot send it either"},
	{102902, 0, "the file is too large, or its blocks came too fast"},
	{210005, 0, "what was said about the file does not fit it"},
}

func (e *BlockError) meaning() string {
	for _, m := range meanings {
		if m.code == e.Code && (m.retCode == 0 || m.retCode == e.RetCode) {
			return m.text
		}
	}
	return ""
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
var errNoAnswer = errors.New("the service did not answer in time")
