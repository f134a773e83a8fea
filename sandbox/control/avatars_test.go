package control

import (
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
)

// TestAvatarsInState: the state has the pictures of accounts and groups by the id of their
// bytes, and nobody gives one to another by it.
func TestAvatarsInState(t *testing.T) {
	t.Parallel()
	w, _, h := testControl(t)
	t.Cleanup(func() { w.Close() })
	picture, err := w.Media().Put(strings.NewReader(string(aPicture(t))))
	if err != nil {
		t.Fatal(err)
	}
	u, g := w.Users().List()[0], w.Groups().List()[0]
	type state struct {
		Users  []userView
		Groups []groupView
	}
	before := ask[state](t, h, http.StatusOK, "GET", "/api/state", "")
	if before.Users[0].Avatar != "" || before.Groups[0].Avatar != "" {
		t.Errorf("at the beginning: %+v %+v", before.Users[0], before.Groups[0])
	}
	if err := w.Users().SetAvatar(u.UIN, picture); err != nil {
		t.Fatal(err)
	}
	if err := w.Groups().SetAvatar(g.Code, 0, picture); err != nil {
		t.Fatal(err)
	}
	after, id := ask[state](t, h, http.StatusOK, "GET", "/api/state", ""), hex.EncodeToString(picture.SHA1[:])
	if after.Users[0].Avatar != id || after.Groups[0].Avatar != id || after.Users[1].Avatar != "" {
		t.Errorf("got %+v %+v, want %s", after.Users, after.Groups[0], id)
	}
	ask[struct{}](t, h, http.StatusBadRequest, "POST", "/api/users", `{"avatar":"`+id+`"}`)
}
