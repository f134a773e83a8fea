// Package gateway is what all dialects of one account share: it stores messages and
// gives them ids, keeps events for clients that were away, hands them to those that are
// there, and runs calls that are answered before they are carried out.
//
// It writes no client's format. A dialect, such as package onebot, registers a [Writer]
// for each form of its events and gets typed events to write: each event once in each
// form that somebody takes. No form is written to disk (kinds.go says what is).
//
// It knows no dialect and no transport.
package gateway
