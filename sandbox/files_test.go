package sandbox

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestSlashedIDs: an id of a file or folder may have the slash that it begins with in a
// path, where nothing is to be redirected: curl says nothing of that.
func TestSlashedIDs(t *testing.T) {
	t.Parallel()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h := s.Handler()
	const group = "/api/groups/730000001"
	do := func(method, path, body string) (made struct{ ID string }) {
		t.Helper()
		r := httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code/100 != 2 {
			t.Fatalf("%s %s: got %d %s", method, path, w.Code, w.Body)
		}
		if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil {
			t.Fatal(err)
		}
		return made
	}
	folder := do(http.MethodPost, group+"/folders", `{"name":"Papers"}`)
	if !strings.HasPrefix(folder.ID, "/") {
		t.Fatalf("the id is %q", folder.ID)
	}
	do(http.MethodPatch, group+"/folders"+folder.ID, `{"name":"Moons"}`)
	do(http.MethodDelete, group+"/folders/"+folder.ID, "")
}
