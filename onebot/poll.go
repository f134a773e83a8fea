package onebot

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"libration/gateway"
	"libration/gateway/table"
	"libration/internal/text"
)

// pollAction waits for events (docs/protocol/onebot11.md a.7).
const pollAction = "get_updates"

func pollActions() []row {
	return []row{
		table.Of(pollAction, common, Local, text.T(
			"Returns the events that wait for a client by HTTP, and removes them; where none wait, it waits for one. With `poll_queue` in the connection's configuration.",
			"返回并移除等待 HTTP 客户端的事件；没有时等待下一个事件。需要在连接的配置中设置 `poll_queue`。"),
			getUpdates, table.Fails(apiError, noPolling, pollByHTTP, otherPoll)),
	}
}

var (
	noPolling  = cause("POLL_OFF", text.T("the connection keeps no events for get_updates", "该连接没有为 get_updates 保留事件"))
	pollByHTTP = cause("POLL_BY_HTTP", text.T("get_updates is for HTTP connections, without a suffix: other clients get events as they come", "get_updates 只能在 HTTP 连接上不带后缀地调用：其他连接的事件会自动发送"))
	otherPoll  = cause("POLL_REPLACED", text.T("another get_updates of the same connection took the place of this one", "同一连接上的另一个 get_updates 取代了本次调用"))
)

// queueKey is the key of the gateway.Queue that a context has for get_updates; nil: its
// connection has none.
type queueKey struct{}

type pollParams struct {
	Timeout whole `param:"timeout,default=0" en:"How many seconds to wait where no event waits; 0: until one comes." zh:"没有事件时等待的秒数；0 表示一直等到有事件为止。"`
	Limit   whole `param:"limit,default=0" en:"How many events at most; 0: all, up to 4 MiB." zh:"最多返回的事件数；0 表示全部，不超过 4 MiB。"`
}

func getUpdates(ctx context.Context, _ *account, p pollParams) (table.Encoded[[]map[string]any], error) {
	given, polls := ctx.Value(queueKey{}).(*gateway.Queue)
	switch {
	case !polls:
		return nil, failure(pollByHTTP)
	case *given == nil:
		return nil, failure(noPolling)
	}
	for name, n := range map[string]whole{"timeout": p.Timeout, "limit": p.Limit} {
		if n < 0 || n > 1<<30 {
			return nil, &table.Wrong{Name: name, What: text.T("is out of range", "超出范围")}
		}
	}
	events, err := (*given).Next(ctx, time.Duration(p.Timeout)*time.Second, int(p.Limit))
	if errors.Is(err, gateway.ErrOtherPoll) {
		return nil, failure(otherPoll)
	} else if err != nil {
		return nil, err
	}
	return slices.Concat([]byte{'['}, bytes.Join(events, []byte{','}), []byte{']'}), nil
}
