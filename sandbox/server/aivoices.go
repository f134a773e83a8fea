package server

import (
	"context"
	"encoding/binary"
	"math"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/media"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// What a text that is read may be, and how many texts are remembered (our values).
const (
	maxSpoken = 300 // characters
	maxSpeech = 256
)

// aiVoices reads texts in groups with voices of the service: tones, in the sandbox
// (docs/protocol/operations.md 3.3, 7.3).
type aiVoices struct {
	world   *world.World
	prepare func(context.Context, message.UIN, message.GroupCode, message.Content) (message.Content, error)

	mu     sync.Mutex // guards speech
	speech []*speech  // oldest first
}

// speech is one text that is read.
type speech struct {
	speechKey

	mu    sync.Mutex // guards what follows, and is held while the voice is made
	asked bool
	info  []byte // nil: it is not made yet
}

// speechKey tells texts apart that are read.
type speechKey struct {
	by           message.UIN
	group        message.GroupCode
	random       uint32
	voice, words string
}

func (v *aiVoices) handle(mux *rpc.Mux[*request]) {
	rpc.Handle(mux, rpc.AIVoices, v.list)
	rpc.Handle(mux, rpc.AIVoicesFlat, v.flat)
	rpc.Handle(mux, rpc.AISpeak, v.speak)
}

// aiCharacter is a voice; its tones begin at hertz.
type aiCharacter struct {
	id, name string
	hertz    float64
}

// aiCharacters are the voices by what they do, 1 and 2, and by their sorts. They are ours.
var aiCharacters = map[uint32][]struct {
	sort   string
	voices []aiCharacter
}{
	1: {
		{"推荐", []aiCharacter{{"sandbox-voice-tide", "潮声", 220}, {"sandbox-voice-moon", "月光", 330}}},
		{"低音", []aiCharacter{{"sandbox-voice-harbour", "港湾", 110}}},
	},
	2: {{"歌声", []aiCharacter{{"sandbox-song-tide", "潮歌", 262}}}},
}

func (v *aiVoices) list(_ *request, req *oidbpb.AiCharacterListReq) (*oidbpb.AiCharacterListResp, error) {
	answer := &oidbpb.AiCharacterListResp{}
	for _, s := range aiCharacters[req.GetChatType()] {
		sort := &oidbpb.AiCharacterGroup{Type: s.sort}
		for _, c := range s.voices {
			sort.Characters = append(sort.Characters, &oidbpb.AiCharacter{
				Id: c.id, Name: c.name, PreviewUrl: "https://voice.sandbox.invalid/" + c.id + ".wav",
			})
		}
		answer.Groups = append(answer.Groups, sort)
	}
	return answer, nil
}

func (v *aiVoices) flat(rq *request, req *oidbpb.AiCharacterListReq) (*oidbpb.AiCharacterFlatListResp, error) {
	sorts, err := v.list(rq, req)
	answer := &oidbpb.AiCharacterFlatListResp{}
	for _, s := range sorts.GetGroups() {
		answer.Characters = append(answer.Characters, s.GetCharacters()...)
	}
	return answer, err
}

func findCharacter(kind uint32, id string) (aiCharacter, bool) {
	for _, s := range aiCharacters[kind] {
		if i := slices.IndexFunc(s.voices, func(c aiCharacter) bool { return c.id == id }); i >= 0 {
			return s.voices[i], true
		}
	}
	return aiCharacter{}, false
}

// The states of a speech, and two numbers that were seen in answers.
const (
	speechDone  = 1
	speechWaits = 2

	speechUnknown2 = 319
	speechUnknown3 = 20
)

// speak answers a first request that the voice is not made yet, the next one with the voice,
// which is then in the group, and all further ones as that.
func (v *aiVoices) speak(rq *request, req *oidbpb.AiRecordReq) (*oidbpb.AiRecordResp, error) {
	code, words := message.GroupCode(req.GetGroupCode()), []rune(req.GetText())
	c, known := findCharacter(req.GetChatType(), req.GetVoiceId())
	_, member := v.world.Members().Find(code, rq.session.uin)
	switch {
	case !member:
		return nil, world.Refuse(world.NotMember, "%d is not a member of the group %d", rq.session.uin, code)
	case !known:
		return nil, world.Refuse(world.NotFound, "no such voice")
	case len(words) == 0 || len(words) > maxSpoken:
		return nil, world.Refuse(world.BadRequest, "a text of %d characters cannot be read: 1 to %d can", len(words), maxSpoken)
	}
	answer := &oidbpb.AiRecordResp{State: speechWaits, Unknown2: proto.Uint32(speechUnknown2), Unknown3: speechUnknown3}
	s := v.find(speechKey{rq.session.uin, code, req.GetClientInfo().GetMsgRandom(), c.id, req.GetText()})
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.asked {
		s.asked = true
		return answer, nil
	}
	if s.info == nil {
		info, err := v.send(s, c.speak(words))
		if err != nil {
			return nil, err
		}
		s.info = info
	}
	answer.State, answer.MsgInfo = speechDone, s.info
	return answer, nil
}

// find returns the speech that a request is about; it may be a new one.
func (v *aiVoices) find(key speechKey) *speech {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, s := range v.speech {
		if s.speechKey == key {
			return s
		}
	}
	if len(v.speech) == maxSpeech {
		v.speech = slices.Delete(v.speech, 0, 1)
	}
	s := &speech{speechKey: key}
	v.speech = append(v.speech, s)
	return s
}

// speechTimeout bounds the making of one voice.
const speechTimeout = 20 * time.Second

// send sends a voice to the group, as the account. It returns its description.
func (v *aiVoices) send(s *speech, wav []byte) (info []byte, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), speechTimeout)
	defer cancel()
	content, err := v.prepare(ctx, s.by, s.group, message.Content{&message.RecordSegment{Medium: message.Medium{Source: media.Bytes(wav)}}})
	if err != nil {
		return nil, err
	}
	_, err = v.world.Messages().Send(world.Send{From: s.by, Group: s.group, Random: s.random, Parts: world.Parts(content...)}, nil)
	return message.MediumOf(content[0]).Info, err
}

// The sound of a text.
const (
	speechRate = 24000                // samples a second
	speechTone = speechRate * 8 / 100 // samples of one character
)

// speak makes a tone of each character, and silence of spaces, as a WAV of 16 bits.
func (c aiCharacter) speak(words []rune) []byte {
	size := 2 * speechTone * len(words)
	le := binary.LittleEndian
	b := append([]byte{}, "RIFF"...)
	b = le.AppendUint32(b, uint32(36+size))
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, 1) // PCM
	b = le.AppendUint16(b, 1) // mono
	b = le.AppendUint32(b, speechRate)
	b = le.AppendUint32(b, 2*speechRate)
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 16)
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(size))
	for _, r := range words {
		hertz := c.hertz * math.Pow(2, float64(r%24)/12) // two octaves
		for i := range speechTone {
			sample := 0.0
			if r != ' ' {
				fade := math.Sin(math.Pi * float64(i) / speechTone)
				sample = 8000 * fade * math.Sin(2*math.Pi*hertz*float64(i)/speechRate)
			}
			b = le.AppendUint16(b, uint16(int16(sample)))
		}
	}
	return b
}
