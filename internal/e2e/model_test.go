package e2e

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

var modelSeeds = flag.Int("seeds", 200, "how many worlds TestModelWorld makes (with -short a quarter), and, where it is given, how many scenarios TestTogether draws")

// TestModelWorld runs generated worlds, client against sandbox in virtual time, and
// compares what was delivered and answered with what happened in the world. A seed
// makes the same world each time.
func TestModelWorld(t *testing.T) {
	first, seeds := max(*seedFlag, 1), *modelSeeds
	if testing.Short() { // the race detector takes ten times as long
		seeds = max(seeds/4, 1)
	}
	total := modelCounts{}
	var failed []uint64
	kinds := map[string][]uint64{}
	for seed := first; seed < first+uint64(seeds); seed++ {
		w := &modelWorld{seed: seed, trace: seeds == 1 && testing.Verbose()}
		bubble(t, w.run)
		for what, n := range w.counts {
			total[what] += n
		}
		if len(w.violations) == 0 {
			continue
		}
		failed = append(failed, seed)
		total["violations"] += len(w.violations)
		for _, v := range w.violations {
			if list := kinds[v.kind]; len(list) == 0 || list[len(list)-1] != seed {
				kinds[v.kind] = append(list, seed)
			}
		}
		t.Errorf("seed %d: %d violations, the first: %v\nagain: go test ./internal/e2e -run 'TestModelWorld$' -v -seeds 1 -seed %d",
			seed, len(w.violations), w.violations[0], seed)
	}
	t.Logf("%d seeds from %d: %v", seeds, first, total)
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		t.Logf("%s: %d seeds: %v", kind, len(kinds[kind]), kinds[kind])
	}
	if len(failed) > 0 {
		t.Logf("%d of %d seeds failed", len(failed), seeds)
	}
}

// modelCounts counts what happened in worlds.
type modelCounts map[string]int

func (c modelCounts) String() string {
	var list []string
	for _, what := range slices.Sorted(maps.Keys(c)) {
		list = append(list, fmt.Sprintf("%d %s", c[what], what))
	}
	return strings.Join(list, ", ")
}

// modelViolation is something that the client promises and did not keep.
type modelViolation struct{ kind, detail string }

func (v modelViolation) String() string { return v.kind + ": " + v.detail }
