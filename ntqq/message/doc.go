// Package message holds chat messages: their content as segments, and the
// translation between segments and the protocol's wire elements, both ways.
//
// It owns the numbers and layouts of docs/protocol/messages.md. It knows no
// connection: resolving uids, names and media is the caller's work. It imports
// only the generated protobuf types, so that the client, the sandbox and the
// OneBot layer can share it.
package message
