package ntqq

import "libration/ntqq/message"

// UIN is the number of an account, as people know it. It is [message.UIN].
type UIN = message.UIN

// UID is the text id that the protocol names an account by. It is [message.UID].
type UID = message.UID

// GroupCode is the number of a group, as people know it. It is [message.GroupCode].
type GroupCode = message.GroupCode
