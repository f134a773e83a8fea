// Package ntqq is a client of the NTQQ service: it connects, logs in, stays online, reports
// what happens as typed events, and sends messages and requests.
//
//	c, err := ntqq.New(ntqq.Options{Keystore: ntqq.FileKeystore("keystore.json"), Handler: handle})
//	err = c.Run(ctx) // everything lives here; returns when all of it has ended
//
// The session is that of package session. It hands on what the server pushes; the Client
// makes events of it, keeps their order, looks up who they are about, and fetches what was
// missed. Everything else follows the session's [State]. Failures are typed: names.go and
// errors.go.
//
// It must not import onebot, sandbox or internal/app.
package ntqq
