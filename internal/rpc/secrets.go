package rpc

import "strings"

// MayHoldSecrets reports whether packets of a command may hold keys or answers to
// requests, and so must not be kept for diagnosis.
func MayHoldSecrets(command string) bool {
	for _, prefix := range []string{"wtlogin.", "trpc.login.", "OidbSvc"} {
		if strings.HasPrefix(command, prefix) {
			return true
		}
	}
	return false
}
