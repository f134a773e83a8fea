package store

import (
	"google.golang.org/protobuf/encoding/protowire"

	"libration/ntqq/message"
)

// The fields of the column meta, encoded as a protobuf message has them. Empty ones are
// left out. The numbers are part of the file format.
const (
	metaVia protowire.Number = iota + 1 // temp: the group the chat comes through
	metaRandom
	metaSender
	metaSenderUID
	metaNickname
	metaCard
	metaTitle
	metaRole
	metaLevel
	metaGroupName
	metaPeople // "uid uin" lines of the people the content names
)

// appendMeta adds what the row's other columns lack.
func (r *record) appendMeta(b []byte) []byte {
	m := &r.message
	number := func(field protowire.Number, v uint64) {
		if v != 0 {
			b = protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
		}
	}
	words := func(field protowire.Number, v string) {
		if v != "" {
			b = protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), v)
		}
	}
	if m.Chat.Kind != message.Group {
		number(metaVia, uint64(m.Chat.Group))
	}
	if m.Random != 0 {
		b = protowire.AppendFixed32(protowire.AppendTag(b, metaRandom, protowire.Fixed32Type), m.Random)
	}
	number(metaSender, uint64(m.Sender.UIN))
	words(metaSenderUID, string(m.Sender.UID))
	words(metaNickname, m.Sender.Nickname)
	words(metaCard, m.Sender.Card)
	words(metaTitle, m.Sender.Title)
	number(metaRole, uint64(m.Sender.Role))
	number(metaLevel, uint64(m.Sender.Level))
	words(metaGroupName, m.GroupName)
	words(metaPeople, r.people)
	return b
}

// readMeta fills in what appendMeta wrote; false when it did not write this.
func (r *record) readMeta(b []byte) bool {
	m := &r.message
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return false
		}
		b = b[n:]
		var number uint64
		var words []byte
		switch kind {
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			number = uint64(v)
		case protowire.BytesType:
			words, n = protowire.ConsumeBytes(b)
		default:
			return false
		}
		if n < 0 {
			return false
		}
		b = b[n:]
		switch field {
		case metaVia:
			m.Chat.Group = message.GroupCode(number)
		case metaRandom:
			m.Random = uint32(number)
		case metaSender:
			m.Sender.UIN = message.UIN(number)
		case metaSenderUID:
			m.Sender.UID = message.UID(words)
		case metaNickname:
			m.Sender.Nickname = string(words)
		case metaCard:
			m.Sender.Card = string(words)
		case metaTitle:
			m.Sender.Title = string(words)
		case metaRole:
			m.Sender.Role = message.Role(number)
		case metaLevel:
			m.Sender.Level = uint32(number)
		case metaGroupName:
			m.GroupName = string(words)
		case metaPeople:
			r.people = string(words)
		}
	}
	return true
}
