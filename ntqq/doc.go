// Package ntqq is a client of the NTQQ service: it connects, logs in, stays
// online, tells what happens as typed events, and sends messages and requests.
//
//	c, err := ntqq.New(ntqq.Options{Keystore: ntqq.FileKeystore("keystore.json"), Handler: handle})
//	err = c.Run(ctx) // everything lives here; returns when all of it has ended
//
// One goroutine owns the session and is the only one that connects, logs in and
// registers; its State can be read, watched and waited for. Everything else
// follows that state. Failures are typed (errors.go) and classified in one place
// (failure.go); docs/session.md has the diagram and the table.
//
// It must not import onebot, sandbox or internal/app.
package ntqq
