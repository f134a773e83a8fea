// Package transport carries OneBot v11 between an onebot.Service and bots:
// an HTTP server for actions, a WebSocket server, a WebSocket client that dials the
// bot ("reverse"), and a webhook that posts events to it.
//
// It owns sockets, access tokens, deadlines and reconnection. It knows no action
// and no event: bytes go to the onebot.Service and come back from it. It must not
// import ntqq or anything of the client.
//
// Every transport is a Service: a constructor that only validates, and one
// blocking Run that owns everything it starts. docs/protocol/onebot11.md (a) has
// the behaviour that the tests of this package pin down.
package transport
