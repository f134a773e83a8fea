package account

import (
	"testing"
	"time"

	"libration/ntqq"
)

func TestStuck(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, tt := range []struct {
		name  string
		state ntqq.State
		stuck bool
	}{
		{"connecting", ntqq.State{Stage: ntqq.Connecting, Since: now.Add(-stuckAfter)}, false},
		{"connecting for too long", ntqq.State{Stage: ntqq.Connecting, Since: now.Add(-stuckAfter - time.Second)}, true},
		{"probing for too long", ntqq.State{Stage: ntqq.Probing, Since: now.Add(-time.Hour)}, true},
		{"a long pause", ntqq.State{Stage: ntqq.Reconnecting, Since: now.Add(-time.Hour), Until: now.Add(time.Hour)}, false},
		{"a pause that does not end", ntqq.State{Stage: ntqq.Reconnecting, Since: now.Add(-time.Hour), Until: now.Add(-6 * time.Minute)}, true},
		{"a pause without an end", ntqq.State{Stage: ntqq.Reconnecting, Since: now.Add(-time.Hour)}, false},
		{"a person is needed", ntqq.State{Stage: ntqq.NeedsLogin, Since: now.Add(-30 * 24 * time.Hour)}, false},
		{"a code to scan", ntqq.State{Stage: ntqq.LoggingIn, Step: ntqq.StepQR, Since: now.Add(-24 * time.Hour)}, false},
		{"online", ntqq.State{Stage: ntqq.Online, Since: now.Add(-24 * time.Hour)}, false},
	} {
		if err := stuck(&tt.state, now); (err != nil) != tt.stuck {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
}
