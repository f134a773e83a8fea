package rpc

import (
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// What is known of requests that somebody else made.

const oidbPrefix = "OidbSvcTrpcTcp."

// PlainName returns the name of a command as it stands in the rows. Some clients write the
// digits of OIDB commands in capitals (docs/protocol/operations.md 1).
func PlainName(command string) string {
	digits, isOIDB := strings.CutPrefix(command, oidbPrefix)
	if lower := strings.ToLower(digits); isOIDB && lower != digits {
		return oidbPrefix + lower
	}
	return command
}

// sessionCommands are the beginnings of the commands by which a session logs in, comes
// online, stays so and ends, in lower case.
var sessionCommands = []string{
	"wtlogin", "trpc.login.", "statsvc.", "heartbeat.", "client.correcttime",
	strings.ToLower(InfoSync.Name), strings.ToLower(Register.Name), strings.ToLower(UnRegister.Name), strings.ToLower(Heartbeat.Name),
}

// OfSession tells whether a command is the session's own: sent beside it, it would end or
// replace the session.
func OfSession(command string) bool {
	command = strings.ToLower(command)
	for _, beginning := range sessionCommands {
		if strings.HasPrefix(command, beginning) {
			return true
		}
	}
	return false
}

// fieldProperties of an OIDB envelope has the head of the request with its tickets
// (docs/protocol/operations.md 1).
const fieldProperties protowire.Number = 11

// WithoutTickets returns the payload of an answer without what it says of the session. It
// may change payload.
func WithoutTickets(command string, payload []byte) []byte {
	if !strings.HasPrefix(command, oidbPrefix) {
		return payload
	}
	kept := payload[:0]
	for rest := payload; len(rest) > 0; {
		number, kind, n := protowire.ConsumeTag(rest)
		if n < 0 {
			return kept
		}
		value := protowire.ConsumeFieldValue(number, kind, rest[n:])
		if value < 0 {
			return kept
		}
		if number != fieldProperties {
			kept = append(kept, rest[:n+value]...)
		}
		rest = rest[n+value:]
	}
	return kept
}
