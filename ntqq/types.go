package ntqq

import "libration/ntqq/message"

// Names from the message package, so that most callers need only this one.
type (
	UIN       = message.UIN
	UID       = message.UID
	GroupCode = message.GroupCode
)
