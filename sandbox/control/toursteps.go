package control

// tourSteps has a row for each step of a tour, in order. The guides show them: see
// TestTourDocs.
func tourSteps() []step {
	var steps []step
	for _, chapter := range [][]step{tourPeople(), tourFriend(), tourMessages(), tourGroup(), tourAdmin(), tourRequests(), tourLife(), tourRule(), tourEnd()} {
		steps = append(steps, chapter...)
	}
	return steps
}

// say is a message of a friend or, with as "group", of a member.
func say(where, segments string) step {
	return step{
		request: "POST /api/send", body: `{"as": $amy, ` + where + `, "segments": [` + segments + `]}`,
		events: []string{"message"},
	}
}

const (
	toAccount = `"to": $account`
	toGroup   = `"group": $group`
)

// tourPeople makes who does it all.
func tourPeople() []step {
	user := func(name, variable string) step {
		return step{request: "POST /api/users", body: `{"nickname": "` + name + `"}`, keep: variable, member: "uin"}
	}
	return []step{
		user("Amy", "$amy"), user("Ben", "$ben"), user("Cleo", "$cleo"),
		{request: "POST /api/groups", body: `{"name": "tour", "owner": $amy, "members": [$ben]}`, keep: "$group", member: "code"},
		{request: "POST /api/groups", body: `{"name": "tour 2", "owner": $amy, "members": [$account]}`, keep: "$second", member: "code", events: []string{"group_member_increase"}},
	}
}

// tourFriend is what a friend does.
func tourFriend() []step {
	return []step{
		{request: "POST /api/friend-requests", body: `{"from": $amy, "to": $account, "text": "I am Amy"}`, events: []string{"friend_request"}},
		{request: "POST /api/friend-requests/answer", body: `{"user": $account, "from": $amy, "accept": true}`, events: []string{"friend_added"}},
		{request: "POST /api/friend-requests", body: `{"from": $ben, "to": $account, "text": "I am Ben", "filtered": true}`, events: []string{"friend_request"}},
		{request: "POST /api/friend-requests/answer", body: `{"user": $account, "from": $ben, "accept": false}`},
		{request: "POST /api/friend-requests", body: `{"from": $account, "to": $cleo, "text": "from another device"}`},
		{request: "POST /api/friend-requests/answer", body: `{"user": $cleo, "from": $account, "accept": true}`, events: []string{"friend_added"}},
		{request: "POST /api/likes", body: `{"from": $amy, "to": $account, "times": 10}`, events: []string{"profile_liked"}},
		{request: "PATCH /api/users/$amy", body: `{"nickname": "Amy B."}`, events: []string{"friend_renamed"}},
		{request: "PATCH /api/users/$account", body: `{"nickname": "renamed"}`, events: []string{"self_renamed"}},
		{request: "PATCH /api/users/$account", body: `{"nickname": $nickname}`, events: []string{"self_renamed"}},
		{request: "POST /api/send", body: `{"as": $amy, "to": $account, "text": "hello"}`, keep: "$said", member: "sequence", events: []string{"message"}},
		{request: "POST /api/recall", body: `{"as": $amy, "peer": $account, "sequence": $said}`, events: []string{"message_recalled"}},
		{request: "POST /api/pokes", body: `{"by": $amy, "target": $account}`, keep: "$poke", member: "tips", events: []string{"friend_poke"}},
		{request: "POST /api/pokes/recall", body: `{"by": $amy, "peer": $account, "tips": $poke}`, events: []string{"friend_poke_recalled"}},
		{request: "POST /api/typing", body: `{"from": $amy, "to": $account}`, events: []string{"input_status"}},
		{request: "POST /api/typing", body: `{"from": $amy, "to": $account, "on": false}`, events: []string{"input_status"}},
		{request: "POST /api/pins", body: `{"uin": $account, "peer": $amy}`, events: []string{"chat_pin_changed"}},
		{request: "POST /api/pins", body: `{"uin": $account, "peer": $amy, "on": false}`, events: []string{"chat_pin_changed"}},
		{request: "POST /api/files", body: `{"from": $amy, "to": $account, "name": "notes.txt", "size": 1024}`, events: []string{"message", "friend_file_received"}},
		{request: "POST /api/online-files", body: `{"from": $amy, "to": $account, "end": "cancelled"}`, events: []string{"online_file_notice"}},
		{request: "POST /api/online-files", body: `{"from": $amy, "to": $account, "end": "refused"}`, events: []string{"online_file_notice"}},
		{request: "POST /api/online-files", body: `{"from": $amy, "to": $account, "end": "done"}`, events: []string{"online_file_notice"}},
		{request: "POST /api/devices", body: `{"uin": $account, "name": "Phone"}`, events: []string{"clients_online"}},
		{request: "POST /api/devices", body: `{"uin": $account, "name": "Phone", "on": false}`, events: []string{"clients_online"}},
	}
}

// tourMessages is a message with each kind of segment.
func tourMessages() []step {
	return []step{
		say(toAccount, `{"type": "face", "id": 14}`),
		say(toAccount, `{"type": "face", "id": 311, "large": true}`),
		say(toAccount, `{"type": "face", "id": 358}`),
		say(toAccount, `{"type": "image", "base64": $picture}`),
		say(toAccount, `{"type": "image", "base64": $picture, "sub_type": 1}`),
		say(toAccount, `{"type": "image", "base64": $picture, "flash": true}`),
		{request: "POST /api/send", body: `{"as": $amy, "to": $account, "segments": [{"type": "record", "base64": $voice}]}`, keep: "$record", member: "sequence", events: []string{"message"}},
		{request: "POST /api/voice-texts", body: `{"uin": $account, "peer": $amy, "sequence": $record, "text": "hello"}`, events: []string{"voice_text_ready"}},
		say(toAccount, `{"type": "video", "base64": $video}`),
		say(toAccount, `{"type": "market_face", "id": "0123456789abcdef0123456789abcdef", "package": 1, "summary": "[sticker]"}`),
		say(toAccount, `{"type": "poke", "id": 1}`),
		say(toAccount, `{"type": "light_app", "json": "{\"app\": \"com.example\", \"prompt\": \"[app]\"}"}`),
		say(toAccount, `{"type": "xml", "xml": "<msg brief=\"[xml]\"/>"}`),
		say(toAccount, `{"type": "location", "latitude": 39.90872, "longitude": 116.39748, "title": "Square"}`),
		say(toAccount, `{"type": "contact", "uin": $ben}`),
		say(toAccount, `{"type": "contact", "group": $second}`),
		say(toAccount, `{"type": "music", "title": "Tune", "url": "http://music.example/", "audio": "http://music.example/1.mp3"}`),
		say(toAccount, `{"type": "markdown", "markdown": "# title"}`),
		say(toAccount, `{"type": "markdown", "markdown": "choose"}, {"type": "keyboard", "rows": [{"buttons": [{"render_data": {"label": "yes", "style": 1}, "action": {"type": 2, "permission": {"type": 2}, "data": "yes"}}]}]}`),
		say(toAccount, `{"type": "forward", "nodes": [{"uin": $ben, "segments": [{"type": "text", "text": "hello"}]}]}`),
		say(toAccount, `{"type": "long_message", "segments": [{"type": "text", "text": "a long text"}]}`),
		say(toAccount, `{"type": "red_packet", "title": "good luck"}`),
		say(toAccount, `{"type": "flash_file", "title": "file.txt", "file_set": "set", "scene": 7}`),
	}
}

// The paths of a tour's group.
const (
	tourMembers = "/api/groups/$group/members"
	tourAccount = tourMembers + "/$account"
)

// tourGroup is how the account comes into a group, and what is said there.
func tourGroup() []step {
	return []step{
		{request: "POST /api/groups/$group/invitations", body: `{"by": $amy, "uin": $account}`, keep: "$request", member: "sequence", events: []string{"group_invitation"}},
		tourAnswer("$account", "accept", "group_member_increase"),
		{request: "POST " + tourMembers, body: `{"uin": $cleo, "by": $amy}`, events: []string{"group_member_increase"}},
		{request: "POST /api/send", body: `{"as": $cleo, "to": $account, "temp_group": $group, "text": "hello"}`, keep: "$aside", member: "sequence", events: []string{"message"}},
		{request: "POST /api/send", body: `{"as": $amy, "group": $group, "text": "hello"}`, keep: "$spoken", member: "sequence", events: []string{"message"}},
		{request: "POST /api/send", body: `{"as": $account, "group": $group, "text": "from another device"}`, keep: "$own", member: "sequence", events: []string{"message"}},
		say(toGroup, `{"type": "reply", "sequence": $own}, {"type": "at", "uin": $account}, {"type": "text", "text": " hello"}`),
		say(toGroup, `{"type": "at", "all": true}, {"type": "text", "text": " hello"}`),
		{request: "POST /api/recall", body: `{"as": $amy, "group": $group, "sequence": $spoken}`, events: []string{"message_recalled"}},
	}
}

// tourAnswer decides about the latest request about a group.
func tourAnswer(user, verdict string, events ...string) step {
	return step{
		request: "POST /api/group-requests/answer", body: `{"user": ` + user + `, "sequence": $request, "verdict": "` + verdict + `"}`,
		events: events,
	}
}

// tourRequests is who wants to come into the group, and the account into another one.
func tourRequests() []step {
	ask := func(group, uin, more, event string) step {
		s := step{request: "POST /api/groups/" + group + "/requests", body: `{"uin": ` + uin + more + `}`, keep: "$request", member: "sequence"}
		if event != "" {
			s.events = []string{event}
		}
		return s
	}
	return []step{
		{request: "DELETE " + tourMembers + "/$cleo?by=$amy", events: []string{"group_member_decrease"}},
		{request: "PATCH /api/groups/$group", body: `{"join": "ask"}`},
		ask("$group", "$cleo", `, "text": "I am Cleo"`, "group_join_request"),
		tourAnswer("$amy", "refuse"),
		ask("$group", "$cleo", `, "text": "I am Cleo", "filtered": true`, "group_join_request"),
		tourAnswer("$amy", "accept", "group_member_increase"),
		{request: "DELETE " + tourMembers + "/$cleo", events: []string{"group_member_decrease"}},
		{request: "POST /api/groups/$group/invitations", body: `{"by": $ben, "uin": $cleo}`, keep: "$request", member: "sequence", events: []string{"group_invited_join_request"}},
		tourAnswer("$amy", "accept", "group_member_increase"),
		{request: "POST /api/groups", body: `{"name": "tour 3", "owner": $ben}`, keep: "$third", member: "code"},
		ask("$third", "$account", "", ""),
		tourAnswer("$ben", "refuse", "group_join_rejected"),
		ask("$third", "$account", "", ""),
		tourAnswer("$ben", "accept", "group_member_increase"),
	}
}

// tourLife is what else members do.
func tourLife() []step {
	return []step{
		{request: "PATCH " + tourMembers + "/$ben", body: `{"card": "Big Ben"}`},
		{request: "POST /api/send", body: `{"as": $ben, "group": $group, "text": "my new card"}`, events: []string{"group_card_changed", "message"}},
		{request: "POST /api/reactions", body: `{"group": $group, "sequence": $own, "by": $ben, "code": "76"}`, events: []string{"group_reaction"}},
		{request: "POST /api/reactions", body: `{"group": $group, "sequence": $own, "by": $ben, "code": "76", "on": false}`, events: []string{"group_reaction"}},
		{request: "POST /api/reactions", body: `{"group": $group, "sequence": $own, "by": $ben, "code": "128077"}`, events: []string{"group_reaction"}},
		{request: "POST /api/essence", body: `{"group": $group, "sequence": $own, "by": $amy}`, events: []string{"group_essence_changed"}},
		{request: "POST /api/essence", body: `{"group": $group, "sequence": $own, "by": $amy, "on": false}`, events: []string{"group_essence_changed"}},
		{request: "POST /api/todos", body: `{"group": $group, "sequence": $own, "by": $amy, "do": "set"}`, events: []string{"group_todo"}},
		{request: "POST /api/todos", body: `{"group": $group, "sequence": $own, "by": $ben, "do": "finish"}`, events: []string{"group_todo"}},
		{request: "POST /api/todos", body: `{"group": $group, "sequence": $own, "by": $amy, "do": "cancel"}`, events: []string{"group_todo"}},
		{request: "POST /api/sign-in", body: `{"group": $group, "uin": $ben}`, events: []string{"group_sign_in"}},
		{request: "POST /api/honors", body: `{"group": $group, "uin": $ben, "honor": "talkative"}`, events: []string{"group_honor_changed"}},
		{request: "POST /api/honors", body: `{"group": $group, "uin": $ben, "honor": "performer"}`, events: []string{"group_honor_changed"}},
		{request: "POST /api/honors", body: `{"group": $group, "uin": $ben, "honor": "emotion"}`, events: []string{"group_honor_changed"}},
		{request: "POST /api/lucky-king", body: `{"group": $group, "sender": $amy, "uin": $ben}`, events: []string{"group_lucky_king"}},
		{request: "POST /api/tips", body: `{"group": $group, "text": "a grey line"}`, events: []string{"group_gray_tip"}},
		{request: "POST /api/entries", body: `{"group": $group, "uin": $ben, "style": 1}`, events: []string{"group_member_entered"}},
		{request: "POST /api/albums", body: `{"group": $group, "image": "picture"}`, events: []string{"group_album_updated"}},
		{request: "POST /api/robots", body: `{"group": $group, "uin": $ben}`, events: []string{"group_bot_added"}},
		{request: "POST /api/files", body: `{"from": $ben, "group": $group, "name": "notes.txt", "size": 1024}`, events: []string{"message", "group_file_uploaded"}},
		{request: "POST /api/groups/$group/folders", body: `{"by": $amy, "name": "Papers"}`, keep: "$folder", member: "id"},
		{request: "POST /api/files", body: `{"from": $ben, "group": $group, "folder": $folder, "name": "for a time.txt", "size": 1024, "temporary": true}`, events: []string{"message", "group_file_uploaded"}},
		{request: "POST /api/pins", body: `{"uin": $account, "group": $group}`, events: []string{"chat_pin_changed"}},
		{request: "POST /api/pins", body: `{"uin": $account, "group": $group, "on": false}`, events: []string{"chat_pin_changed"}},
		{request: "POST /api/pokes", body: `{"by": $ben, "target": $account, "group": $group}`, keep: "$poke", member: "tips", events: []string{"group_poke"}},
		{request: "POST /api/pokes/recall", body: `{"by": $ben, "group": $group, "tips": $poke}`, events: []string{"group_poke_recalled"}},
	}
}

// tourAdmin makes the account an admin, to whom requests come.
func tourAdmin() []step {
	return []step{
		{request: "PATCH " + tourAccount, body: `{"admin": true}`, events: []string{"group_admin_changed"}},
	}
}

// tourRule is how the group is managed.
func tourRule() []step {
	return []step{
		{request: "PATCH " + tourAccount, body: `{"card": "Card"}`},
		{request: "PATCH " + tourAccount, body: `{"title": "Title"}`, events: []string{"group_title_changed"}},
		{request: "PATCH /api/groups/$group", body: `{"owner": $ben}`},
		{request: "PATCH /api/groups/$group", body: `{"owner": $amy}`},
		{request: "PATCH " + tourAccount, body: `{"mute_seconds": 60}`, events: []string{"group_muted"}},
		{request: "PATCH " + tourAccount, body: `{"mute_seconds": 0}`, events: []string{"group_muted"}},
		{request: "PATCH /api/groups/$group", body: `{"mute_all": true}`, events: []string{"group_muted"}},
		{request: "PATCH /api/groups/$group", body: `{"mute_all": false}`, events: []string{"group_muted"}},
		{request: "PATCH /api/groups/$group", body: `{"name": "renamed"}`, events: []string{"group_name_changed"}},
		{request: "DELETE " + tourMembers + "/$ben", events: []string{"group_member_decrease"}},
		{request: "DELETE " + tourMembers + "/$cleo?by=$amy", events: []string{"group_member_decrease"}},
		{request: "PATCH " + tourAccount, body: `{"admin": false}`, events: []string{"group_admin_changed"}},
	}
}

// tourEnd takes the account out of it all.
func tourEnd() []step {
	return []step{
		{request: "POST /api/restrict", body: `{"uin": $account, "group": $group}`, events: []string{"account_restricted"}},
		{request: "POST /api/restrict", body: `{"uin": $account, "group": $group, "on": false}`},
		{request: "DELETE " + tourAccount + "?by=$amy", events: []string{"group_member_decrease", "group_left"}},
		{request: "DELETE /api/groups/$second", events: []string{"group_member_decrease", "group_left"}},
		{request: "DELETE /api/friends", body: `{"a": $account, "b": $amy}`, events: []string{"friend_removed"}},
		{request: "DELETE /api/users/$amy"},
		{request: "DELETE /api/users/$ben", events: []string{"group_member_decrease", "group_left"}},
		{request: "DELETE /api/users/$cleo", events: []string{"friend_removed"}},
	}
}
