// Package message holds chat messages. Their content is a list of segments; [Decode]
// and [Encode] translate between segments and the elements of the protocol.
//
// It owns the numbers and layouts of docs/protocol/messages.md. It has no connection:
// callers look up people, and [Upload] lets them upload media. It imports generated
// protobuf types only, so that the client, the sandbox and the dialects can share it.
//
// docs/architecture.md has the steps to add a segment.
package message
