package transfer

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTransfer(t *testing.T) {
	var r Registry
	ctx, a := r.Begin(t.Context(), Status{Direction: Upload, Kind: "image"})
	_, b := r.Begin(t.Context(), Status{Direction: Download, Kind: "video"})
	all, version, wait := r.Changes(0)
	if len(all) != 2 || all[0].ID != 1 || all[1].Kind != "video" {
		t.Fatalf("got %+v", all)
	}
	a.Step("block", 10)
	if n, err := a.Write(make([]byte, 4)); n != 4 || err != nil {
		t.Errorf("Write: %d, %v", n, err)
	}
	a.Named("x.png")
	select {
	case <-wait:
	default:
		t.Error("who waits for a change was not woken")
	}
	changed, version, wait := r.Changes(version)
	if len(changed) != 1 || changed[0].Step != "block" || changed[0].Done != 4 || changed[0].Total != 10 || changed[0].Name != "x.png" {
		t.Errorf("got %+v, want what changed", changed)
	}
	if changed, _, again := r.Changes(version); len(changed) != 0 || again != wait {
		t.Errorf("got %+v, want nothing", changed)
	}
	if !r.Cancel(1) || r.Cancel(7) {
		t.Error("Cancel does not say which transfers there are")
	}
	if <-ctx.Done(); !errors.Is(Cause(ctx, ctx.Err()), ErrCancelled) {
		t.Errorf("the cause is %v", context.Cause(ctx))
	}
	a.End(ErrCancelled)
	a.End(nil)
	a.Add(1)
	if list := r.List(); len(list) != 2 || !errors.Is(list[0].Err, ErrCancelled) || list[0].Ended.IsZero() || list[0].Done != 4 {
		t.Errorf("got %+v", list)
	}
	if r.Cancel(1) {
		t.Error("an ended transfer was cancelled")
	}
	b.End(nil)
}

// TestTotals: bytes that were read or hashed before an upload do not count, those of failed
// ones do.
func TestTotals(t *testing.T) {
	var r Registry
	upload := func(moved uint64, err error) {
		_, one := r.Begin(t.Context(), Status{Direction: Upload, Kind: "video"})
		for _, step := range []string{"fetch", "block", "block", "publish"} {
			one.Step(step, 0)
			one.Add(moved)
		}
		one.End(err)
		one.End(nil)
	}
	upload(5, nil)
	upload(7, nil)
	upload(1, errors.New("it broke"))
	_, one := r.Begin(t.Context(), Status{Direction: Download, Kind: "file", Step: "fetch"})
	one.Add(3)
	one.End(ErrCancelled)
	r.Begin(t.Context(), Status{Direction: Download, Kind: "image"}) // it runs
	got := map[Total][2]uint64{}
	r.Totals(func(of Total, count, bytes uint64) { got[of] = [2]uint64{count, bytes} })
	want := map[Total][2]uint64{
		{Upload, "video", Done}: {2, 24}, {Upload, "video", Failed}: {1, 2}, {Download, "file", Cancelled}: {1, 3},
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestKept(t *testing.T) {
	var r Registry
	for range Kept + 3 {
		_, one := r.Begin(t.Context(), Status{})
		one.End(nil)
	}
	if list := r.List(); len(list) != Kept || list[0].ID != 4 {
		t.Errorf("%d are listed, from %d on, want the last %d", len(list), list[0].ID, Kept)
	}
}

// TestLongNames: what others call their files takes little memory.
func TestLongNames(t *testing.T) {
	var r Registry
	_, one := r.Begin(t.Context(), Status{Name: strings.Repeat("名", 1<<20)})
	if got := r.List()[0].Name; len(got) > 2*maxName || !utf8.ValidString(got) || !strings.HasPrefix(got, "名") {
		t.Errorf("got %d bytes", len(got))
	}
	one.Named(strings.Repeat("x", maxName) + "y")
	if got, want := r.List()[0].Name, strings.Repeat("x", maxName)+"..."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNil(t *testing.T) {
	var r *Registry
	ctx, one := r.Begin(t.Context(), Status{})
	one.Step("block", 1)
	one.Add(1)
	one.End(nil)
	if ctx != t.Context() || !errors.Is(Cause(ctx, context.Canceled), context.Canceled) || Cause(ctx, nil) != nil {
		t.Error("a nil registry changes the context")
	}
}
