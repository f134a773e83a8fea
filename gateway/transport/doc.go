// Package transport carries a dialect between one account and its bots: an HTTP server
// for requests, a WebSocket server, a WebSocket client that dials the bot ("reverse"),
// and a webhook that posts events to it.
//
// It owns sockets, access tokens, deadlines and reconnection. It reads and writes no
// dialect's bytes: what they mean is asked of a gateway.Answerer, gateway.Talker or
// gateway.Poster. It must not import a dialect, or ntqq and anything of the client.
//
// Every transport is a Service: a constructor that only validates, and one
// blocking Run that owns everything it starts. docs/protocol/onebot11.md (a) has
// the behaviour that the tests of this package pin down.
package transport
