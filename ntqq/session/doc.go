// Package session keeps one account online: it connects, logs in, registers, watches the
// connection and refreshes the tickets, and it carries requests and their answers.
//
//	s, err := session.New(session.Options{Keystore: identity.FileKeystore("keystore.json"), OnPush: receive})
//	err = s.Run(ctx) // returns when ctx has ended
//
// One goroutine owns the session. It alone connects, logs in and registers (loop.go). Its
// [State] can be read, watched and waited for; everything else follows that state. Each
// failure has a type (errors.go, failure.go) and a remedy, in one table (failure.go).
// docs/session.md has the diagram and the table.
//
// The package hands on what the server pushes as it comes. It knows no events and no
// requests but those of the session itself, and imports neither ntqq nor ntqq/event.
package session
