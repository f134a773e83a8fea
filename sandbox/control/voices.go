package control

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"libration/ntqq/media/silk"
	"libration/ntqq/media/sound"
	"libration/sandbox/world"
)

const (
	silkRate     = 24000 // Hz
	voiceTimeout = 20 * time.Second
	voicesAtOnce = 2 // each takes up to 64 MiB
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
	samples, rate, err := decode(ctx, content)
	if err != nil {
		return [20]byte{}, fail(http.StatusUnsupportedMediaType, "it cannot be played: %v", err)
	}
	kept, err := v.media.Put(io.MultiReader(bytes.NewReader(sound.WAVHead(rate, uint32(samples.Len()))), samples))
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

// decode returns the samples of a voice, 16 bits each and mono, and their rate in Hz. It has
// at most five minutes.
func decode(ctx context.Context, voice io.ReadSeeker) (*bytes.Buffer, int, error) {
	var samples bytes.Buffer
	if _, err := silk.Decode(ctx, voice, silkRate, &samples); !errors.Is(err, silk.ErrNotSilk) {
		return &samples, silkRate, err
	}
	if _, err := voice.Seek(0, io.SeekStart); err != nil {
		return nil, 0, err
	}
	r, err := sound.Open(voice)
	if err != nil {
		return nil, 0, err
	}
	_, err = samples.ReadFrom(r)
	return &samples, r.Rate, err
}
