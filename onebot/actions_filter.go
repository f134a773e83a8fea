package onebot

import (
	"context"
	"errors"

	"libration/gateway/table"
	"libration/internal/text"
)

func filterActions() []row {
	return []row{
		table.Of("reload_event_filter", common, Sends,
			text.T("Reads the event filters of the account's connections again. One that cannot be read stays as it was.",
				"重新读取该账号各连接的事件过滤器。无法读取的保持不变。"),
			reloadEventFilter, table.Fails(badFilter, otherFilter)),
	}
}

type filterParams struct {
	File string `param:"file,optional" en:"The file, as the config names it. Without it all are read again." zh:"过滤器文件，写法与配置中相同；不填则重新读取全部。"`
}

func reloadEventFilter(_ context.Context, a *account, p filterParams) (table.None, error) {
	err := a.filters(p.File)
	if errors.Is(err, ErrOtherFilter) {
		return table.None{}, failure(otherFilter)
	}
	if err != nil {
		e := failure(badFilter)
		e.text = text.Of(err)
		return table.None{}, e
	}
	return table.None{}, nil
}
