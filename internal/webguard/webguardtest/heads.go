// Package webguardtest has the requests that tell whether a service without a token
// keeps web pages out, for the tests of each service.
package webguardtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Head is who asks: the Host and the headers that a browser adds by itself.
type Head struct {
	Name, Host string
	Header     map[string]string
	// May tells that a service without a token, and without listed origins, serves it.
	May bool
}

// Heads returns all kinds of askers of a service that listens on this address of
// 127.0.0.1.
func Heads(address string) []Head {
	_, port, _ := net.SplitHostPort(address)
	var all []Head
	for host, may := range map[string]bool{
		"127.0.0.1": true, "127.0.0.1:PORT": true, "127.8.9.10:PORT": true, "localhost": true, "LocalHost:PORT": true,
		"[::1]": true, "[::1]:PORT": true, "[0:0:0:0:0:0:0:1]:PORT": true,
		"": false, "127.1": false, "127.1:PORT": false, "127.0.0.01": false, "0x7f.0.0.1": false, "2130706433": false, "0": false,
		"0.0.0.0": false, "0.0.0.0:PORT": false, "[::]": false, "[::]:PORT": false, "::1": false, "[127.0.0.1]": false,
		"[::ffff:127.0.0.1]:PORT": false, "[::ffff:7f00:1]:PORT": false, "[::127.0.0.1]": false, "[::1]evil.example": false,
		"192.168.0.2:PORT": false, "[fe80::1]:PORT": false, "evil.example": false, "evil.example:PORT": false,
		"localhost.": false, "localhost.evil.example": false, "evil.localhost:PORT": false, "127.0.0.1.evil.example": false,
	} {
		all = append(all, Head{Name: "host " + host, Host: strings.ReplaceAll(host, "PORT", port), May: may})
	}
	own, pair := "http://"+address, func(origin, site string) map[string]string {
		return map[string]string{"Origin": origin, "Sec-Fetch-Site": site}
	}
	for _, h := range []Head{
		{Name: "program", May: true},
		{Name: "typed or opened by another program", Header: map[string]string{"Sec-Fetch-Site": "none"}, May: true},
		{Name: "own page", Header: pair(own, "same-origin"), May: true},
		{Name: "own page, old browser", Header: map[string]string{"Origin": own}, May: true},
		{Name: "own page reads", Header: map[string]string{"Sec-Fetch-Site": "same-origin"}, May: true},
		{Name: "foreign page", Header: pair("https://evil.example", "cross-site")},
		{Name: "foreign page, old browser", Header: map[string]string{"Origin": "https://evil.example"}},
		{Name: "foreign page without Origin", Header: map[string]string{"Sec-Fetch-Site": "cross-site"}},
		{Name: "other port of this machine", Header: pair("http://127.0.0.1:1", "same-site")},
		{Name: "other port without Origin", Header: map[string]string{"Sec-Fetch-Site": "same-site"}},
		{Name: "other name of this machine", Header: map[string]string{"Origin": "http://localhost:" + port}},
		{Name: "file or sandboxed frame", Header: pair("null", "cross-site")},
		{Name: "file, old browser", Header: map[string]string{"Origin": "null"}},
		{Name: "extension", Header: map[string]string{"Origin": "chrome-extension://abcdefgh"}},
		{Name: "own origin from elsewhere", Header: pair(own, "cross-site")},
		{Name: "unknown site", Header: map[string]string{"Sec-Fetch-Site": "elsewhere"}},
		{Name: "no origin at all", Header: map[string]string{"Origin": "evil"}},
	} {
		h.Host = address
		all = append(all, h)
	}
	return all
}

// Types are values of Content-Type, and whether a POST with one may act.
func Types() map[string]bool {
	return map[string]bool{
		"application/json": true, "application/json; charset=utf-8": true, "Application/JSON": true, "application/json; charset": true,
		"": false, "text/plain": false, "application/x-www-form-urlencoded": false, "multipart/form-data; boundary=x": false,
		"text/plain; application/json": false, "text/plain, application/json": false, "application/jsonp": false, "text/json": false,
	}
}

// Send sends a request as its parts are, and returns status and body of the answer.
func Send(t testing.TB, address, method, target string, h Head, contentType, body string) (int, string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, target, h.Host)
	for k, v := range h.Header {
		fmt.Fprintf(&b, "%s: %s\r\n", k, v)
	}
	if contentType != "" {
		fmt.Fprintf(&b, "Content-Type: %s\r\n", contentType)
	}
	if h.Header["Upgrade"] == "" {
		b.WriteString("Connection: close\r\n")
	}
	if method != http.MethodGet || body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	if _, err := io.WriteString(c, b.String()+"\r\n"+body); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s %s with %+v: %v", method, target, h, err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusSwitchingProtocols {
		return response.StatusCode, ""
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
