package upload

import (
	"errors"
	"io"
	"testing"

	"libration/internal/text"
)

// TestBlockErrors: people read in their language which block failed, and why.
func TestBlockErrors(t *testing.T) {
	for _, c := range []struct {
		err  *BlockError
		want text.Text
	}{
		{&BlockError{Block: 2, Blocks: 3, Err: errNoAnswer}, text.T("block 2 of 3: the service did not answer in time", "第 2 块（共 3 块）：服务器响应超时")},
		{&BlockError{Block: 2, Blocks: 3, Err: io.EOF}, text.T("block 2 of 3: EOF", "第 2 块（共 3 块）：数据已结束")},
		{&BlockError{Block: 1, Blocks: 1, Code: 1}, text.T("block 1 of 1: refused with code 1/0", "第 1 块（共 1 块）：被拒绝，代码 1/0")},
		{&BlockError{Block: 1, Blocks: 1, Code: 5, Text: "no"}, text.T("block 1 of 1: refused: no (code 5/0)", "第 1 块（共 1 块）：被拒绝：no（代码 5/0）")},
		{&BlockError{Block: 1, Blocks: 1, Code: 102902, RetCode: 7}, text.T(
			"block 1 of 1: refused with code 102902/7: the file is too large, or its blocks came too fast",
			"第 1 块（共 1 块）：被拒绝，代码 102902/7：文件过大，或上传过快")},
	} {
		if got := text.Of(c.err); got != c.want || c.err.Error() != c.want.EN {
			t.Errorf("got %+v, want %+v", got, c.want)
		}
		if c.err.Err != nil && !errors.Is(c.err, c.err.Err) {
			t.Errorf("%v does not wrap %v", c.err, c.err.Err)
		}
	}
}
