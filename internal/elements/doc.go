// Package elements translates between the segments of messages and the elements of the
// protocol: [Decode] and [Encode]; [Upload] comes before Encode. One row of codecs is one
// kind of segment.
//
// It owns the numbers and layouts of docs/protocol/messages.md and has no connection:
// callers look up people, and an [Uploader] stores media and forwards.
//
// docs/architecture.md has the steps to add a segment.
package elements
