package onebot

import (
	"context"

	"libration/gateway/table"
	"libration/internal/text"
)

func faceActions() []row {
	return []row{
		table.Of("fetch_mface_key", lagrange, Lookups, text.T("Returns the keys of market faces, which who sends them has to know.", "返回商城表情的 key，发送商城表情时需要。"),
			fetchMfaceKey, table.Fails(apiError, noMface)),
	}
}

type mfaceKeyParams struct {
	IDs []string `param:"emoji_ids" en:"The emoji_id of each, as in mface segments." zh:"各表情的 emoji_id，与 mface 消息段中的相同。"`
}

// fetchMfaceKey returns the keys in the order of the ids.
func fetchMfaceKey(ctx context.Context, a *account, p mfaceKeyParams) ([]string, error) {
	keys, err := a.client.Faces().MarketKeys(ctx, p.IDs)
	if err != nil || keys != nil {
		return keys, err
	}
	return []string{}, nil
}
