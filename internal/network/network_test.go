package network

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTestsStayOnLoopback(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	client := Network{}.Client()
	defer client.CloseIdleConnections()
	refused := func(err error) bool { return err != nil && strings.Contains(err.Error(), "loopback addresses only") }
	for _, address := range []string{"192.0.2.1:80", "[2001:db8::1]:443", "example.org:80", "0.0.0.0:80", ":80"} {
		if c, err := (Network{}).Dial(t.Context(), "tcp", address); !refused(err) {
			t.Errorf("dial %s: got %v, %v", address, c, err)
		}
		if response, err := client.Get("http://" + address + "/"); address != ":80" && !refused(err) {
			t.Errorf("get %s: got %v, %v", address, response, err)
		}
	}
	if got, err := Lookup(t.Context(), "example.org"); !refused(err) {
		t.Errorf("look up: got %v, %v", got, err)
	}
	response, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
}
