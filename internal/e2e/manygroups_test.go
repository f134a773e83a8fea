//go:build endurance && linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"libration/ntqq/message"
)

const (
	manyGroups, manyMembers = 500, 2000
	firstOfMany             = message.GroupCode(500000)
	manyMemory              = 300 << 20
)

// Groups whose members are in no other group: the lists of all of them are in memory at
// once, or those that there is room for. The program and the sandbox are processes of
// their own.
func TestManyGroups(t *testing.T) {
	for _, cache := range []string{"members: 128MB", "members: 16MB"} {
		t.Run(cache, func(t *testing.T) {
			scenario := filepath.Join(t.TempDir(), "world.yaml")
			text := fmt.Sprintf("users: [{uin: %d}]\ngroups: [{code: %d, name: G, owner: %d, count: %d, members: {count: %d, apart: true}}]\n", bot, firstOfMany, bot, manyGroups, manyMembers)
			if err := os.WriteFile(scenario, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			l := newLarge(t, cache, "--scenario", scenario, "--page", "500")
			l.begin()
			l.program.rest()
			busy, began := l.program.computed()+l.sandbox.computed(), time.Now()
			for round := range 2 {
				l.askMany(round)
				loaded := metricsOf(t, l.admin)
				lists, bytes := metric(loaded, "libration_member_lists"), metric(loaded, "libration_member_lists_bytes")
				took := l.program.computed() + l.sandbox.computed() - busy
				t.Logf("%d lists of %d members asked for: %.1f s, %.1f s of computing by both; %.0f lists of %.0f MiB are kept; the program takes at most %d MiB, the heap %.0f MiB, %d MiB before",
					manyGroups, manyMembers, time.Since(began).Seconds(), took, lists, bytes/(1<<20), l.program.status("VmHWM:")>>20, metric(loaded, "go_memstats_heap_alloc_bytes")/(1<<20), l.program.before>>20)
				if all := strings.HasSuffix(cache, "128MB"); all && lists != manyGroups || !all && (lists == 0 || bytes > 16<<20) {
					t.Errorf("%.0f lists of %.0f bytes are kept", lists, bytes)
				}
			}
			if most := l.program.status("VmHWM:"); most > manyMemory {
				t.Errorf("the program takes %d MiB", most>>20)
			}
		})
	}
}

// askMany asks for one member of each group, by 8 bots.
func (l *large) askMany(round int) {
	l.t.Helper()
	codes := make(chan int)
	var bots sync.WaitGroup
	for range 8 {
		bots.Go(func() {
			for n := range codes {
				// The bot owns the groups; the others have their numbers in turn.
				who := 20001 + n*(manyMembers-1) + (n*7+round)%(manyMembers-1)
				var got struct {
					User int    `json:"user_id"`
					Name string `json:"nickname"`
				}
				err := l.try(l.t.Context(), "get_group_member_info", map[string]any{"group_id": int(firstOfMany) + n, "user_id": who}, &got)
				if err != nil || got.User != who || got.Name != fmt.Sprint("User ", who) {
					l.t.Errorf("member %d of group %d: %+v, %v", who, n, got, err)
				}
			}
		})
	}
	for n := range manyGroups {
		codes <- n
	}
	close(codes)
	bots.Wait()
}

// computed is how many seconds the process has computed.
func (p *measured) computed() float64 {
	p.t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Process.Pid))
	if err != nil {
		p.t.Fatalf("the process has ended: %v", err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields, ticks := strings.Fields(rest), 0
	for _, of := range fields[11:13] { // in user mode and in the system, in hundredths
		n, err := strconv.Atoi(of)
		if err != nil {
			p.t.Fatal(err)
		}
		ticks += n
	}
	return float64(ticks) / 100
}
