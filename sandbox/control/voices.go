package control

import (
	"bytes"
	"context"
	"encoding/binary"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"libration/ntqq/media/silk"
	"libration/sandbox/world"
)

const (
	voiceRate    = 24000 // Hz
	voiceTimeout = 20 * time.Second
	voicesAtOnce = 2 // each takes up to 14 MB
	voicesKnown  = 1000
)

// voices are voices as WAV, which browsers play. What was made is kept with the other
// media.
type voices struct {
	media  world.Media
	making singleflight.Group
	turns  chan struct{}

	mu   sync.Mutex // guards the field below
	made map[[20]byte][20]byte
}

func newVoices(m world.Media) *voices {
	return &voices{media: m, turns: make(chan struct{}, voicesAtOnce), made: make(map[[20]byte][20]byte)}
}

// wav returns the SHA-1 of a voice's WAV, which is made when there is none.
func (v *voices) wav(ctx context.Context, voice [20]byte) ([20]byte, error) {
	v.mu.Lock()
	known := v.made[voice]
	v.mu.Unlock()
	if content, _, err := v.media.Open(known); err == nil {
		return known, content.Close()
	}
	made := v.making.DoChan(string(voice[:]), func() (any, error) {
		// Others may wait for it, too.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), voiceTimeout)
		defer cancel()
		return v.make(ctx, voice)
	})
	select {
	case done := <-made:
		sha1, _ := done.Val.([20]byte)
		return sha1, done.Err
	case <-ctx.Done():
		return [20]byte{}, ctx.Err()
	}
}

func (v *voices) make(ctx context.Context, voice [20]byte) ([20]byte, error) {
	select {
	case v.turns <- struct{}{}:
		defer func() { <-v.turns }()
	case <-ctx.Done():
		return [20]byte{}, ctx.Err()
	}
	content, _, err := v.media.Open(voice)
	if err != nil {
		return [20]byte{}, err
	}
	defer content.Close()
	wav := bytes.NewBuffer(make([]byte, wavHead))
	if _, err := silk.Decode(ctx, content, voiceRate, wav); err != nil {
		return [20]byte{}, fail(http.StatusUnsupportedMediaType, "it cannot be played: %v", err)
	}
	writeWAVHead(wav.Bytes())
	kept, err := v.media.Put(wav)
	if err != nil {
		return [20]byte{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.made) >= voicesKnown {
		clear(v.made)
	}
	v.made[voice] = kept.SHA1
	return kept.SHA1, nil
}

// wavHead is how many bytes stand before the samples.
const wavHead = 44

// writeWAVHead writes the head of mono samples of 16 bits, which follow it.
func writeWAVHead(wav []byte) {
	le := binary.LittleEndian
	copy(wav, "RIFF....WAVEfmt ")
	le.PutUint32(wav[4:], uint32(len(wav)-8))
	le.PutUint32(wav[16:], 16)
	le.PutUint16(wav[20:], 1)
	le.PutUint16(wav[22:], 1)
	le.PutUint32(wav[24:], voiceRate)
	le.PutUint32(wav[28:], voiceRate*2)
	le.PutUint16(wav[32:], 2)
	le.PutUint16(wav[34:], 16)
	copy(wav[36:], "data")
	le.PutUint32(wav[40:], uint32(len(wav)-wavHead))
}
