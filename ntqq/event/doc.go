// Package event has one type for everything the server tells unasked, and the
// decoder from pushed packets to them.
//
// Decoding is pure: it looks nothing up. Pushes name people mostly by uid; the
// client fills in the uins it can resolve before it hands an event on. Input that
// is not understood becomes an *Unknown, never an error that could end a session
// (docs/protocol/events.md 3).
package event
