package onebot

import (
	_ "embed"
	"encoding/json"
	"sync"

	"libration/gateway/table"
)

// examplesJSON has a call of each action, as internal/e2e made it of the lines of
// testdata/examples.txt there: by HTTP and WebSocket, in the sandbox.
//
//go:embed examples.json
var examplesJSON []byte

// examples are the calls by the names of their actions. The service itself needs none.
var examples = sync.OnceValue(func() map[string]*table.Example {
	var list []*table.Example
	if err := json.Unmarshal(examplesJSON, &list); err != nil {
		panic(err) // it is part of the program
	}
	byName := make(map[string]*table.Example, len(list))
	for _, e := range list {
		byName[e.Action] = e
	}
	return byName
})
