package link

import (
	"slices"

	"libration/internal/rpc"
)

// SSO return codes that end a session (docs/protocol/wire.md 5).
func sessionCode(code int32) bool { return code == -10001 || code == -10003 || code == -10008 }

// Login commands go out under the empty key, everything else under the D2 key
// (docs/protocol/wire.md 2.1).
var loginCommands = []string{
	rpc.KeyExchange, rpc.WtloginLogin, rpc.WtloginTransEmp,
	rpc.NTLoginEasyLogin, rpc.NTLoginEasyLoginUnusual,
	rpc.NTLoginPasswordLogin, rpc.NTLoginPasswordNewDevice,
}

func isPush(command string) bool {
	switch command {
	case rpc.PushMessage, rpc.PushInfoSync, rpc.PushParams:
		return true
	}
	return isKick(command)
}

func isKick(command string) bool {
	return command == rpc.PushKick || command == rpc.PushForceOffline || command == rpc.PushMSFOffline
}

func isLogin(command string) bool { return slices.Contains(loginCommands, command) }

// provable tells whether the answer to a command comes under the session's key.
func provable(command string) bool { return command != rpc.HeartbeatAlive && !isLogin(command) }
