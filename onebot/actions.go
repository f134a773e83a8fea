package onebot

import (
	"context"
	"strings"
)

// action is one row of the table of actions.
type action struct {
	run  func(s *Service, ctx context.Context, a *args) (any, error)
	lane Lane
	// changes tells that the action changes something: a link on a web page must not
	// call it.
	changes bool
	// failed is the response's msg when the operation fails, "" for API_ERROR;
	// missing that when the account knows no such thing.
	failed, missing string
}

// Lane says whom an action may keep waiting: each lane of a connection has places of
// its own for actions that run.
type Lane uint8

// The lanes.
const (
	Local   Lane = iota // answered from memory or the store; never waits
	Lookups             // may ask the server
	Sends               // changes something at the server
	Lanes               // how many there are
)

// Lane returns the lane of an action. Those that are answered before they run are
// Local.
func (s *Service) Lane(action string) Lane { return s.actions[action].lane }

// actionTable returns all actions by name (docs/protocol/onebot11.md (b)). A new
// action is one row here and one method.
func actionTable() map[string]action {
	return map[string]action{
		// Messages: actions_message.go.
		"send_msg":         {run: (*Service).sendMsg, lane: Sends, changes: true, failed: "SEND_MSG_API_ERROR"},
		"send_private_msg": {run: (*Service).sendPrivateMsg, lane: Sends, changes: true, failed: "SEND_MSG_API_ERROR", missing: "FRIEND_NOT_FOUND"},
		"send_group_msg":   {run: (*Service).sendGroupMsg, lane: Sends, changes: true, failed: "SEND_MSG_API_ERROR", missing: "GROUP_NOT_FOUND"},
		"delete_msg":       {run: (*Service).deleteMsg, lane: Sends, changes: true, failed: "RECALL_API_ERROR", missing: "MESSAGE_NOT_FOUND"},
		"get_msg":          {run: (*Service).getMsg, failed: "MSG_NOT_FOUND"},

		".handle_quick_operation": {run: (*Service).quickOperation, lane: Sends, changes: true, failed: "QUICK_OPERATION_ERROR"}, // quick.go

		// Who and where: actions_info.go.
		"get_login_info":        {run: (*Service).loginInfo},
		"get_stranger_info":     {run: (*Service).strangerInfo, lane: Lookups, missing: "USER_NOT_FOUND"},
		"get_friend_list":       {run: (*Service).friendList, lane: Lookups},
		"get_group_list":        {run: (*Service).groupList, lane: Lookups},
		"get_group_info":        {run: (*Service).groupInfo, lane: Lookups, missing: "GROUP_NOT_FOUND"},
		"get_group_member_list": {run: (*Service).groupMemberList, lane: Lookups, failed: "GET_MEMBERS_API_ERROR", missing: "GROUP_NOT_FOUND"},
		"get_group_member_info": {run: (*Service).groupMemberInfo, lane: Lookups, failed: "GET_MEMBER_INFO_API_ERROR", missing: "MEMBER_NOT_FOUND"},

		// The service itself: actions_service.go.
		"get_status":                {run: (*Service).getStatus},
		"get_version_info":          {run: (*Service).versionInfo},
		"can_send_image":            {run: (*Service).cannot},
		"can_send_record":           {run: (*Service).cannot},
		"get_supported_actions":     {run: (*Service).supportedActions},
		"get_guild_service_profile": {run: (*Service).guildServiceProfile},
	}
}

// Changes tells whether an action may change something, with or without one of the
// suffixes of Call. One that does not exist changes nothing.
func (s *Service) Changes(action string) bool {
	name, later := strings.CutSuffix(action, "_async")
	if !later {
		name, _ = strings.CutSuffix(action, "_rate_limited")
	}
	return s.actions[name].changes
}
