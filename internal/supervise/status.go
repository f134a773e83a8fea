package supervise

import (
	"fmt"
	"time"
)

// State is what a service is doing.
type State string

// The states of a service.
const (
	Waiting  State = "waiting"  // for its start condition, or for Run
	Starting State = "starting" // running, but not ready yet
	Running  State = "running"  // ready
	Failed   State = "failed"   // Err says why, Retry when it starts again
	Stopped  State = "stopped"  // ended, and does not start again
)

// Status is the state of one service at one moment.
type Status struct {
	Name  string
	State State
	// Since is when this state began.
	Since time.Time
	// Err is why the service failed last; it stays set while the next try is
	// starting, and nil once it runs.
	Err error
	// Retry is when a failed service starts again; zero in the other states.
	Retry time.Time
	// Failures counts the failures since the service last ran for some time.
	Failures int
}

// String returns the state in words: "failed: address in use, retry in 3s".
func (s Status) String() string {
	if s.State != Failed {
		return string(s.State)
	}
	wait := max(0, time.Until(s.Retry)).Round(time.Second / 10)
	return fmt.Sprintf("failed: %v, retry in %v", s.Err, wait)
}
