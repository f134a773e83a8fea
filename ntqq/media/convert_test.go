package media

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"libration/internal/text"
)

func TestSound(t *testing.T) {
	t.Parallel()
	tools := &Tools{Folder: t.TempDir()}
	wav := wavOf(0.5)
	for name, data := range map[string][]byte{"SILK": silkOf(t, 0.5), "WAV": wav} {
		var out bytes.Buffer
		if err := tools.Sound(t.Context(), Bytes(data), "wav", &out); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		v, err := tools.Voice(t.Context(), Bytes(out.Bytes())) // it is sound that can be sent
		if err != nil || v.Seconds != 1 || name == "WAV" && !bytes.Equal(out.Bytes(), wav) {
			t.Errorf("%s: got %d bytes, %v", name, out.Len(), err)
		}
	}
	amr := append([]byte("#!AMR\n"), make([]byte, 32)...)
	for name, c := range map[string]struct {
		data         []byte
		format, want string
	}{
		"AMR to wav":  {amr, "wav", "the voice is AMR: install ffmpeg"},
		"WAV to mp3":  {wav, "mp3", "for other formats install ffmpeg"},
		"text to wav": {[]byte("hello, this is no voice"), "wav", "no voice of a known format"},
		"damaged":     {[]byte("\x02#!SILK_V3\xff"), "wav", "cannot be read"},
	} {
		var out bytes.Buffer
		err := tools.Sound(t.Context(), Bytes(c.data), c.format, &out)
		step, ok := errors.AsType[*StepError](err)
		if !ok || step.Step != StepConvert || !strings.Contains(err.Error(), c.want) || out.Len() > 0 {
			t.Errorf("%s: got %v and %d bytes", name, err, out.Len())
			continue
		}
		if said := text.Of(step.Err); said.EN == said.ZH {
			t.Errorf("%s: got %+v", name, said)
		}
	}
	if left, _ := os.ReadDir(tools.Folder); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
