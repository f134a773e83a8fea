// Package event has one type for everything that the server reports unasked, and the
// decoder from pushed packets to these types.
//
// A [Decoder] looks nothing up. Pushes name people mostly by text id; package ntqq
// looks up their numbers before it hands an event on. Input that the decoder does not
// understand becomes an [Unknown]: no input is an error, and none ends a session
// (docs/protocol/events.md 3).
//
// docs/architecture.md has the steps to add an event.
package event
