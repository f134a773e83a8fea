package app

import (
	"os"
	"slices"
	"testing"
)

func TestUnchanged(t *testing.T) {
	t.Parallel()
	const smaps = `00400000-01464000 r-xp 00000000 fe:00 10149919                           /usr/bin/libration
Size:              16784 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me sd
01464000-02735000 r--p 01064000 fe:00 10149919                           /usr/bin/libration
Anonymous:             0 kB
02735000-0285e000 rw-p 02335000 fe:00 10149919                           /usr/bin/libration
Anonymous:             0 kB
0285e000-02860000 r--p 02335000 fe:00 10149919                           /usr/bin/libration
Anonymous:             8 kB
0285f000-048ad000 r--p 00000000 00:00 0
Anonymous:             0 kB
`
	if got, want := unchanged(smaps, "/usr/bin/libration"), []span{{0x400000, 0x1464000}, {0x1464000, 0x2735000}}; !slices.Equal(got, want) {
		t.Errorf("got %x, want %x: read only, and no page of its own", got, want)
	}
	if got := unchanged(smaps, "/usr/bin/other"); got != nil {
		t.Errorf("got %x for another program", got)
	}
}

// The program goes on with its pages taken away.
func TestForgetProgram(t *testing.T) {
	t.Parallel()
	path, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	if len(unchanged(string(smaps), path)) == 0 {
		t.Errorf("no pages of %s found in\n%s", path, smaps)
	}
	forgetProgram()
}
