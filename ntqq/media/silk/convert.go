package silk

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"
)

const (
	internalRate = 24000 // Hz, at most, within the codec
	bitrate      = 24000 // what clients of QQ use
)

// complexity is what clients use, or less where the codec is interpreted.
var complexity = map[string]int{"amd64": 2, "arm64": 2}[runtime.GOARCH]

// Encode reads samples, 16 bits each, little-endian and mono, and writes Tencent's form as
// clients do: 24000 bits per second in blocks of 20 ms, the last one filled up with silence.
// It returns how long that is. The errors are [ErrRate], [ErrEmpty], [ErrTooLong], the
// context's, and those of reader and writer. What was written before an error is of no use.
func (c Codec) Encode(ctx context.Context, pcm io.Reader, rate int, w io.Writer) (time.Duration, error) {
	if !Takes(rate) {
		return 0, fmt.Errorf("%w: %d Hz", ErrRate, rate)
	}
	in, err := instantiate()
	if err != nil {
		return 0, err
	}
	defer in.Close()
	if err := in.startEncoder(rate, complexity); err != nil {
		return 0, err
	}
	return c.encode(ctx, in, pcm, rate, w)
}

func (c Codec) encode(ctx context.Context, in *instance, pcm io.Reader, rate int, w io.Writer) (time.Duration, error) {
	out, samples := newWriter(w), in.pcm[:rate/blocks*2]
	return c.each(func() (time.Duration, error) {
		n, err := io.ReadFull(pcm, samples)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, err
		}
		clear(samples[n:])
		block, err := in.encode(ctx, rate/blocks)
		if err != nil {
			return 0, err
		}
		return blockTime, out.write(block)
	}, out.Flush)
}

// Decode reads SILK of either form and writes samples of the rate, 16 bits each,
// little-endian and mono. It returns how long they are. The errors are those of
// [Codec.Duration], [ErrRate], the context's, and those of reader and writer.
func (c Codec) Decode(ctx context.Context, silk io.Reader, rate int, pcm io.Writer) (time.Duration, error) {
	if !Takes(rate) {
		return 0, fmt.Errorf("%w: %d Hz", ErrRate, rate)
	}
	blocks, err := newReader(silk)
	if err != nil {
		return 0, err
	}
	in, err := instantiate()
	if err != nil {
		return 0, err
	}
	defer in.Close()
	if err := in.startDecoder(rate); err != nil {
		return 0, err
	}
	return c.decode(ctx, in, blocks, rate, pcm)
}

func (c Codec) decode(ctx context.Context, in *instance, blocks *reader, rate int, pcm io.Writer) (time.Duration, error) {
	out := bufio.NewWriter(pcm)
	return c.each(func() (time.Duration, error) {
		block, err := blocks.next()
		if err != nil {
			return 0, err
		}
		samples, code, err := in.decode(ctx, block)
		switch {
		case err != nil:
			return 0, err
		case code < 0:
			return 0, blocks.damaged(fmt.Sprintf("the codec returned %d", code))
		}
		_, err = out.Write(samples)
		return time.Duration(len(samples)/2) * time.Second / time.Duration(rate), err
	}, out.Flush)
}

// Encode is [Codec.Encode] with the default limit.
func Encode(ctx context.Context, pcm io.Reader, rate int, w io.Writer) (time.Duration, error) {
	return Codec{}.Encode(ctx, pcm, rate, w)
}

// Decode is [Codec.Decode] with the default limit.
func Decode(ctx context.Context, silk io.Reader, rate int, pcm io.Writer) (time.Duration, error) {
	return Codec{}.Decode(ctx, silk, rate, pcm)
}
