package control

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"libration/ntqq/media"
	"libration/sandbox/world"
)

const (
	voiceTimeout = 20 * time.Second
	voicesKnown  = 1000
)

// voices are voices as WAV, which browsers play. What was made is kept with the other
// media.
type voices struct {
	media  world.Media
	tools  media.Tools
	making singleflight.Group

	mu   sync.Mutex // guards the field below
	made map[[20]byte][20]byte
}

func newVoices(m world.Media) *voices {
	return &voices{media: m, made: make(map[[20]byte][20]byte)}
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
	in, out := io.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		out.CloseWithError(v.tools.Sound(ctx, stored{v.media, voice}, "wav", out))
	}()
	kept, err := v.media.Put(in)
	in.CloseWithError(err)
	<-ended
	if failed, ok := errors.AsType[*media.StepError](err); ok && failed.Step == media.StepConvert {
		return [20]byte{}, fail(http.StatusUnsupportedMediaType, "it cannot be played: %v", failed.Err)
	}
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
