package server

import (
	"encoding/binary"
	"math/rand/v2"
	"reflect"
	"strconv"
	"sync"

	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/pushpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// encoders has a row for each kind of happening: how it becomes pushes, or nil where the
// service sends none.
var encoders = map[reflect.Type]func(*pushes, world.Happening){
	on[*world.WorldReset]():            nil, // connections are closed
	on[*world.UserAdded]():             nil,
	on[*world.UserRemoved]():           nil, // its sessions end
	on[*world.FriendAdded]():           row((*pushes).friendAdded),
	on[*world.FriendRemoved]():         row((*pushes).friendRemoved),
	on[*world.FriendNoted]():           row((*pushes).friendNoted),
	on[*world.FriendRequested]():       row((*pushes).friendRequested),
	on[*world.FriendRefused]():         nil, // no push is known
	on[*world.ProfileLiked]():          row((*pushes).profileLiked),
	on[*world.ProfileChanged]():        row((*pushes).profileChanged),
	on[*world.UserAvatarChanged]():     nil, // no push is known
	on[*world.StatusChanged]():         nil, // no push is known
	on[*world.GroupFounded]():          row((*pushes).founded),
	on[*world.GroupRenamed]():          row((*pushes).renamed),
	on[*world.AvatarChanged]():         nil, // no push is known
	on[*world.OwnerChanged]():          row((*pushes).ownerChanged),
	on[*world.GroupDissolved]():        row((*pushes).dissolved),
	on[*world.MemberJoined]():          row((*pushes).joined),
	on[*world.MemberLeft]():            row((*pushes).left),
	on[*world.MemberKicked]():          row((*pushes).kicked),
	on[*world.JoinPolicyChanged]():     nil, // none that clients read
	on[*world.JoinRequested]():         row((*pushes).joinRequested),
	on[*world.InvitedJoinRequested]():  row((*pushes).invitedJoinRequested),
	on[*world.InvitationSent]():        row((*pushes).invited),
	on[*world.RequestSettled]():        row((*pushes).settled),
	on[*world.AdminChanged]():          row((*pushes).adminChanged),
	on[*world.CardChanged]():           nil, // no push is known
	on[*world.TitleChanged]():          row((*pushes).titleChanged),
	on[*world.MemberMuted]():           row((*pushes).muted),
	on[*world.GroupMuted]():            row((*pushes).groupMuted),
	on[*world.MessageSent]():           row((*pushes).messageSent),
	on[*world.GroupMessageRecalled]():  row((*pushes).groupRecalled),
	on[*world.FriendMessageRecalled](): row((*pushes).friendRecalled),
	on[*world.HonorChanged]():          row((*pushes).honorChanged),
	on[*world.LuckyKing]():             row((*pushes).luckyKing),
	on[*world.TextTip]():               row((*pushes).textTip),
	on[*world.MemberEntered]():         row((*pushes).memberEntered),
	on[*world.AlbumUpdated]():          row((*pushes).albumUpdated),
	on[*world.RobotAdded]():            row((*pushes).robotAdded),
	on[*world.ButtonPressed]():         nil, // the robot's own matter
	on[*world.Restricted]():            row((*pushes).restricted),
	on[*world.Typing]():                row((*pushes).typing),
	on[*world.VoiceText]():             row((*pushes).voiceText),
	on[*world.OnlineFile]():            row((*pushes).onlineFile),
	on[*world.GroupPoked]():            row((*pushes).groupPoked),
	on[*world.FriendPoked]():           row((*pushes).friendPoked),
	on[*world.GroupPokeRecalled]():     row((*pushes).groupPokeRecalled),
	on[*world.FriendPokeRecalled]():    row((*pushes).friendPokeRecalled),
	on[*world.MessageReacted]():        row((*pushes).reacted),
	on[*world.EssenceChanged]():        row((*pushes).essenceChanged),
	on[*world.AnnouncementChanged]():   nil, // none that clients read; a card follows in the chat
	on[*world.TodoChanged]():           row((*pushes).todoChanged),
	on[*world.SignedIn]():              row((*pushes).signedIn),
	on[*world.ChatPinned]():            row((*pushes).chatPinned),
	on[*world.FilesChanged]():          nil, // who uploads shows it by a message
}

func on[H world.Happening]() reflect.Type { return reflect.TypeFor[H]() }

func row[H world.Happening](encode func(*pushes, H)) func(*pushes, world.Happening) {
	return func(p *pushes, h world.Happening) { encode(p, h.(H)) }
}

// pushes turns what happens in the world into pushes.
type pushes struct {
	chatWriter
	// send hands an envelope to the sessions of people, in their order, but for one.
	send func(to []message.UIN, but any, e *envelope)

	mu       sync.Mutex // guards the numbers of event pushes
	rng      *rand.Rand
	sequence uint64
}

func newPushes(c chatWriter, seed uint64, send func(to []message.UIN, but any, e *envelope)) *pushes {
	p := &pushes{chatWriter: c, send: send, rng: rand.New(rand.NewPCG(seed, 0x70757368))}
	p.sequence = 1000 + p.rng.Uint64N(50000)
	return p
}

// happened sends the pushes of a happening.
func (p *pushes) happened(h world.Happening) {
	if encode := encoders[reflect.TypeOf(h)]; encode != nil {
		encode(p, h)
	}
}

// all sends an envelope to all members of a group.
func (p *pushes) all(in world.InGroup, e *envelope) { p.send(in.Members, nil, e) }

// to sends an envelope to one account.
func (p *pushes) to(u world.User, e *envelope) { p.send([]message.UIN{u.UIN}, nil, e) }

// Content head types of events (docs/protocol/events.md 5.2, 5.3).
const (
	typeMemberIn   = 33
	typeMemberOut  = 34
	typeAdmin      = 44
	typeSelfJoined = 85
	typeAccount    = 528
	typeNotice     = 732

	typeFriend = elements.TypeFriend // with a command: about a file sent online
)

// Subtypes of 528 and 732.
const (
	accountProfile      = 29
	accountRequest      = 35
	accountSync         = 39
	accountRecall       = 138
	accountOwnRecall    = 139
	accountNewFriend    = 179
	accountGroupRemoved = 212
	accountVerify       = 226
	accountEntered      = 38
	accountVoiceText    = 61
	accountTyping       = 277
	accountTip          = 290
	accountPokeRecall   = 321

	noticeMute   = 12
	noticeText   = 16
	noticeRecall = 17
	noticeTip    = 20
	noticeOther  = 21
)

// eventUID marks the uid of an event push; a random number is added.
const eventUID = uint64(0x02000000) << 32

// numbers draws the sequence and the random number of an event push.
func (p *pushes) numbers() (sequence, random uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sequence++
	return p.sequence, uint64(p.rng.Uint32())
}

// event makes the push of an event (docs/protocol/events.md 2, 9.1), with fresh
// numbers.
func (p *pushes) event(kind, sub uint64, fromUIN uint64, fromUID string, content []byte) *envelope {
	sequence, random := p.numbers()
	head := &messagepb.ContentHead{
		Type: kind, Sequence: proto.Uint64(sequence),
		Time: proto.Uint64(uint64(p.world.Now().Unix())), MsgUid: proto.Uint64(eventUID | random),
	}
	if sub != 0 {
		head.C2CCmd = proto.Uint64(sub)
	}
	if sub != 0 && kind != typeFriend {
		head.SubType = proto.Uint64(sub)
	}
	if kind == typeAccount {
		head.Random = proto.Uint64(random)
	}
	return newEnvelope(&messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{FromUin: fromUIN, FromUid: proto.String(fromUID)},
		ContentHead: head,
		Body:        &messagepb.MessageBody{RichText: &messagepb.RichText{}, MsgContent: content},
	})
}

// groupEvent is an event from a group: its internal number is the sender.
func (p *pushes) groupEvent(code message.GroupCode, kind, sub uint64, content []byte) *envelope {
	internal := rpc.GroupUIN(uint64(code))
	return p.event(kind, sub, internal, strconv.FormatUint(internal, 10), content)
}

// accountEvent is an event of type 528 about a person.
func (p *pushes) accountEvent(sub uint64, uin message.UIN, uid message.UID, body proto.Message) *envelope {
	return p.event(typeAccount, sub, uint64(uin), string(uid), encode(body))
}

// noticeContent puts the 7-byte header before a notice of subtype 16, 17, 20 or
// 21 (docs/protocol/events.md 2.1).
func noticeContent(sub uint64, n *pushpb.GroupNotify) []byte {
	body := encode(n)
	b := make([]byte, 7, 7+len(body))
	binary.BigEndian.PutUint32(b, uint32(n.GroupCode))
	b[4] = byte(sub)
	binary.BigEndian.PutUint16(b[5:], uint16(len(body)))
	return append(b, body...)
}
