// Package message holds chat messages. Their content is a list of segments. Functions
// with short names build them: Text, At, ReplyTo, Forward.
//
// It has no connection and knows no protocol, so that the client, the sandbox and the
// dialects can share it.
package message
