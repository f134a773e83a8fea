package ntqq

import (
	"encoding/json"
	"testing"
)

// FuzzCardOfRaw: what becomes of a card that the service made is an object with its app, or
// an error.
func FuzzCardOfRaw(f *testing.F) {
	f.Add(`{"appName":"com.tencent.miniapp_01","appView":"v","ver":"1","prompt":"p","metaData":{"detail_1":{"appid":"1"}},"config":{"token":"t"}}`)
	f.Add(`{"appName":"a","metaData":null}`)
	f.Add(`{"appName":1}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, raw string) {
		card, err := cardOfRaw(raw)
		if err != nil {
			return
		}
		var read struct{ App *string }
		if err := json.Unmarshal([]byte(card), &read); err != nil || read.App == nil || *read.App == "" {
			t.Errorf("%q became %q, %v", raw, card, err)
		}
	})
}
