package onebot

import (
	"strconv"

	"libration/ntqq/event"
)

// lifeNotices are those of what members do with messages of their groups.
func lifeNotices() []noticeRow {
	return []noticeRow{
		noticeAbout("reaction", "c.2", tellReaction).in(Lagrange),
		noticeAbout("group_msg_emoji_like", "c.2", tellEmojiLike).in(NapCat),
		noticeAbout("essence", "c.2", tellEssence),
	}
}

func tellReaction(_ *writer, b []byte, e *event.GroupReaction, id int32) []byte {
	sub := "remove"
	if e.Added {
		sub = "add"
	}
	b = textField(b, "sub_type", sub)
	b = uintField(b, "group_id", e.Group)
	b = intField(b, "message_id", id)
	b = uintField(b, "operator_id", e.Operator.UIN)
	b = textField(b, "code", e.Code)
	return uintField(b, "count", e.Count)
}

func tellEmojiLike(_ *writer, b []byte, e *event.GroupReaction, id int32) []byte {
	b = uintField(b, "group_id", e.Group)
	b = personField(b, "user", e.Operator)
	b = intField(b, "message_id", id)
	b = textField(b, "message_seq", strconv.FormatUint(e.Sequence, 10))
	b = append(key(b, "likes"), `[{"emoji_id":`...)
	b = uintField(appendString(b, e.Code), "count", e.Count)
	b = append(b, "}]"...)
	return boolField(b, "is_add", e.Added)
}

// tellEssence names the author twice: user_id is another service's name for it.
func tellEssence(_ *writer, b []byte, e *event.GroupEssenceChanged, id int32) []byte {
	sub := "delete"
	if e.Set {
		sub = "add"
	}
	b = textField(b, "sub_type", sub)
	b = uintField(b, "group_id", e.Group)
	b = personField(b, "sender", e.Author)
	b = personField(b, "user", e.Author)
	b = uintField(b, "operator_id", e.Operator.UIN)
	return intField(b, "message_id", id)
}
