// Package server is the simulated NTQQ service on the real wire protocol: connections,
// sessions, logins, signatures, and the handlers of operations. What happens in its
// world becomes pushes, by one row for each kind of happening.
//
// It owns everything protobuf. It must not import ntqq (but ntqq/message) and not the
// control API.
package server
