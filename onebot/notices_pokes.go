package onebot

import (
	"strconv"

	"libration/ntqq/event"
)

// pokeFields appends what pokes of both kinds of chats have.
func pokeFields(b []byte, operator, target event.Person, look *event.PokeLook) []byte {
	b = personField(b, "user", operator)
	b = personField(b, "target", target)
	b = uintField(b, "sender_id", operator.UIN)
	b = textField(b, "action", look.Action)
	b = textField(b, "suffix", look.Suffix)
	return textField(b, "action_img_url", look.ImageURL)
}

func tellGroupPoke(w *writer, b []byte, e *event.GroupPoked) []byte {
	b = pokeFields(uintField(b, "group_id", e.Group), e.Operator, e.Target, &e.Look)
	if w.flavour&NapCat == 0 {
		return b
	}
	b = rawPerson(append(b, `,"raw_info":[`...), e.Operator)
	b = append(b, `,{"type":"img","jp":""`...)
	b = textField(b, "src", e.Look.ImageURL)
	b = rawText(append(b, "},"...), e.Look.Action)
	b = rawPerson(append(b, ','), e.Target)
	return append(rawText(append(b, ','), e.Look.Suffix), ']')
}

func tellFriendPoke(w *writer, b []byte, e *event.FriendPoked) []byte {
	b = pokeFields(b, e.Operator, e.Target, &e.Look)
	if w.flavour&NapCat == 0 {
		return b
	}
	b = rawPerson(append(b, `,"raw_info":[`...), e.Operator)
	return append(rawPerson(append(b, ','), e.Target), ']')
}

// rawPerson and rawText append parts of raw_info, a line of a grey tip as NapCat has it
// (docs/protocol/onebot11.md c.2). How a part looks (col, jp, nm, tp) the service does not say.
func rawPerson(b []byte, p event.Person) []byte {
	b = append(b, `{"type":"qq","col":"","nm":"","tp":""`...)
	return append(textField(b, "uid", string(p.UID)), '}')
}

func rawText(b []byte, text string) []byte {
	return append(textField(append(b, `{"type":"nor"`...), "txt", text), '}')
}

// tellGroupPokeRecall and tellFriendPokeRecall say nothing of whom was poked: the service
// does not.
func tellGroupPokeRecall(_ *writer, b []byte, e *event.GroupPokeRecalled) []byte {
	return personField(uintField(b, "group_id", e.Group), "user", e.Operator)
}

func tellFriendPokeRecall(_ *writer, b []byte, e *event.FriendPokeRecalled) []byte {
	return personField(personField(b, "user", e.Operator), "sender", e.Peer)
}

func tellHonor(_ *writer, b []byte, e *event.GroupHonorChanged) []byte {
	b = uintField(b, "group_id", e.Group)
	b = textField(b, "honor_type", string(e.Honor))
	return personField(b, "user", e.Member)
}

// tellGrayTip: a tip is nobody's and no message.
func tellGrayTip(_ *writer, b []byte, e *event.GroupGrayTip) []byte {
	b = uintField(b, "group_id", e.Group)
	b = append(b, `,"user_id":0,"message_id":0`...)
	b = textField(b, "busi_id", strconv.FormatUint(e.BusinessID, 10))
	content := e.Text
	if content == "" {
		content = e.Content
	}
	b = textField(b, "content", content)
	b = append(b, `,"raw_info":{"business_type":`...)
	b = strconv.AppendUint(b, e.BusinessType, 10)
	b = uintField(b, "template_id", e.TemplateID)
	b = append(b, `,"params":{`...)
	for i, p := range e.Params {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, p.Name)
		b = append(b, ':')
		b = appendString(b, p.Value)
	}
	return append(b, "}}"...)
}
