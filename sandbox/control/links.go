package control

import (
	"net/http"

	"libration/sandbox/world"
)

// links are what the service thinks of web addresses.
type links struct{ world *world.World }

func (h links) judge(r *http.Request) (any, error) {
	var body struct {
		Host    string            `json:"host"`
		Verdict world.LinkVerdict `json:"verdict"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Links().Judge(body.Host, body.Verdict)
}
