//go:build endurance

package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"libration/internal/rpc"
	"libration/ntqq"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/fault"
)

var matrixFlag = flag.String("matrix", "", "file that TestFaultMatrix writes its table to, as Markdown")

// matrixSeed is that of the first cell; each cell has its own, always the same.
const matrixSeed = 7000

// cell is one fault at one stage.
type cell struct {
	kind  fault.Kind
	stage fault.Stage
	seed  uint64
	// none is why there is no such fault, when there is none.
	none noCell
}

// noCell is why a fault cannot strike at a stage.
type noCell string

const (
	neverSent   noCell = "this installation sends no such request"
	connecting  noCell = "strikes a connection when it is made, which is no stage of requests; see `any`"
	elsewhere   noCell = "strikes its own stage only"
	isPush      noCell = "strikes requests, and this is a push"
	isRequest   noCell = "strikes pushes, and this is a request"
	noSession   noCell = "strikes requests of a session, and there is none yet"
	notASession noCell = "strikes requests of a session; these heartbeats are the connection's"
	notSigned   noCell = "strikes signatures, and these packets are not signed"
)

// matrix returns all faults at all stages.
func matrix() []cell {
	var cells []cell
	for _, kind := range fault.Kinds() {
		for _, stage := range sandbox.FaultStages() {
			cells = append(cells, cell{kind, stage, matrixSeed + uint64(len(cells)), whyNot(kind, stage)})
		}
	}
	return cells
}

func whyNot(kind fault.Kind, stage fault.Stage) noCell {
	push := slices.Contains([]string{"push", "kick-push", "sync-push"}, stage.Name)
	anything := stage.Name == "any"
	switch stage.Name {
	case "time":
		return neverSent
	}
	if strikesPushes(kind.Name) {
		if !anything && !push {
			return isRequest
		}
		return ""
	}
	switch kind.Name {
	case fault.TimeSkew: // the clock is off during the stage
		return ""
	case fault.RefuseConnection:
		if !anything {
			return connecting
		}
		return ""
	case fault.Dead, fault.CutFrame, fault.Corrupt, fault.BreakFraming:
		return ""
	}
	if !slices.Contains(kind.Params, "on") {
		if stage.Name != kind.On {
			return elsewhere
		}
		return ""
	}
	if push {
		return isPush
	}
	switch kind.Name {
	case fault.SignerSlow, fault.SignerFail, fault.SignerDown, fault.SignerWrong, fault.SignerWrongVersion:
		if !anything && !slices.ContainsFunc(stage.Commands, func(c string) bool { return rpc.SignedCommands(false)[c] }) {
			return notSigned
		}
	case fault.Expire, fault.ExpireUnsequenced, fault.Kick, fault.UnknownPush:
		switch stage.Name {
		case "qr", "login", "key-exchange", "easy-login", "unusual-login", "password":
			return noSession
		case "alive":
			return notASession
		}
	}
	return ""
}

// wants is the stage in which a cell ends: where no person is needed, the account is
// online and all services answer.
func (c *cell) wants() ntqq.Stage {
	switch {
	case c.kind.Name == fault.Kick && c.stage.Name != "unregister": // there it was about to leave anyway
		return ntqq.Kicked
	case c.kind.Name == fault.SignerWrong: // "security refusal", which trying again makes worse
		switch c.stage.Name {
		case "any", "login", "easy-login", "unusual-login", "password": // where signatures are checked
			return ntqq.NeedsLogin
		}
	case c.stage.Name == "kick-push": // a kick that is not heard of is an expired session
		switch c.kind.Name {
		case fault.DuplicatePush, fault.ReorderPush, fault.TimeSkew:
			return ntqq.Kicked
		}
	}
	return ntqq.Online
}

// strikesPushes tells whether a fault strikes pushes only.
func strikesPushes(name fault.Name) bool {
	return name == fault.DropPush || name == fault.DuplicatePush || name == fault.ReorderPush
}

func (c *cell) pushes() bool { return strikesPushes(c.kind.Name) }

// ends tells whether the connection has to end by it: silence where an answer has to
// come. Other faults that end connections do so at once.
func (c *cell) ends() bool {
	switch c.kind.Name {
	case fault.Corrupt:
		return c.stage.Name == "heartbeat" // those of the connection are not encrypted
	case fault.Dead, fault.Mute, fault.Ignore, fault.Delay, fault.NoHeartbeat:
		return slices.Contains([]string{"alive", "heartbeat", "heartbeats"}, c.stage.Name)
	}
	return false
}

// fault is what is switched on, for a bounded number of times.
func (c *cell) fault() fault.Fault {
	f := fault.Fault{Name: c.kind.Name, Count: 3}
	if slices.Contains(c.kind.Params, "on") {
		f.On = c.stage.Name
	}
	switch c.kind.Name {
	case fault.TimeSkew:
		f.Count, f.For = 0, 10*time.Minute
	case fault.RefuseExchange:
		f.Count = 4 // three on the first connection
	case fault.UnusualDevice, fault.Kick:
		f.Count = 1
	case fault.Delay, fault.SignerSlow:
		f.Delay = 20 * time.Second // longer than anybody waits
	case fault.ReorderPush:
		f.Delay = 100 * time.Millisecond
		if c.stage.Name == "kick-push" { // before a heartbeat meets the end of the session
			f.Delay = time.Millisecond
		}
	}
	switch stage := c.stage.Name; {
	case c.kind.Name == fault.TimeSkew:
	case stage == "heartbeats":
		f.Count = 6 // of two kinds: enough of one of them
	case stage == "push", stage == "any" && c.pushes():
		f.Count = 2 // what is said
	}
	return f
}

// cellResult is how a cell ended.
type cellResult struct {
	ended ntqq.Stage
	// took is the time from the fault's first strike until all services answered, or
	// the state that needs a person was told.
	took time.Duration
	err  error
	log  string // the last lines, of a failure
}

// TestFaultMatrix has every fault strike at every stage. Each cell ends online with
// all services answering, or in the state that says that a person is needed, with
// its notice. A combination that does not exist is in the table with its reason.
func TestFaultMatrix(t *testing.T) {
	cells := matrix()
	results := make([]cellResult, len(cells))
	folder := t.TempDir()
	began := time.Now()
	run := 0
	t.Run("cells", func(t *testing.T) {
		for i, c := range cells {
			if c.none != "" {
				continue
			}
			run++
			beside(t, fmt.Sprintf("%s at %s", c.kind.Name, c.stage.Name), func(t *testing.T) {
				results[i] = c.run(t.Context(), filepath.Join(folder, fmt.Sprint(i)))
			})
		}
	})
	t.Run("again", func(t *testing.T) { // where the program got by without what should have failed
		for i, c := range cells {
			if !errors.Is(results[i].err, errNotStruck) {
				continue
			}
			beside(t, fmt.Sprintf("%s at %s", c.kind.Name, c.stage.Name), func(t *testing.T) {
				results[i] = c.run(t.Context(), filepath.Join(folder, fmt.Sprint(i, " again")))
			})
		}
	})
	for i, c := range cells {
		if r := results[i]; r.err != nil {
			t.Errorf("%s at %s (seed %d): %v\nthe end of the log:\n%s", c.kind.Name, c.stage.Name, c.seed, r.err, r.log)
		}
	}
	t.Logf("%d faults at %d stages: %d cells run in %v, %d do not exist; seeds from %d",
		len(fault.Kinds()), len(sandbox.FaultStages()), run, time.Since(began).Round(time.Second), len(cells)-run, matrixSeed)
	table := matrixTable(cells, results)
	t.Logf("\n%s", table)
	if *matrixFlag != "" {
		if err := os.WriteFile(*matrixFlag, []byte(table), 0o644); err != nil {
			t.Error(err)
		}
	}
}

func (c *cell) run(ctx context.Context, folder string) (r cellResult) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	struck := &strikeTime{struck: make(chan struct{})}
	signed := strings.HasPrefix(string(c.kind.Name), "signer-")
	p, err := newProgram(folder, c.seed, func(o *sandbox.Options) {
		o.Log, o.RequireSign = struck.log(), signed
		o.Passwords = map[message.UIN]string{bot: "secret"}
	})
	if err != nil {
		r.err = err
		return r
	}
	defer func() {
		r.err = errors.Join(r.err, p.end())
		if r.err != nil {
			lines := strings.Split(p.log.String(), "\n")
			r.log = strings.Join(lines[max(0, len(lines)-40):], "\n")
		}
	}()
	switch c.stage.Name {
	case "unusual-login":
		p.box.UnusualDevice(bot, true)
	case "password":
		p.config.Account.UIN, p.config.Account.Password = bot, "secret"
	}
	if signed {
		p.config.Signer.URLs = []string{p.config.Server.Sandbox.Control + "/sign"}
	}
	strike := &cellRun{program: p, cell: c, struck: struck}
	if r.err = strike.do(ctx); r.err != nil {
		return r
	}
	if r.ended, r.err = strike.outcome(ctx); r.err == nil {
		r.took = time.Since(struck.at)
	}
	if r.err == nil {
		r.err = strike.check(ctx, r.ended)
	}
	return r
}

// matrixTable writes the results as Markdown.
func matrixTable(cells []cell, results []cellResult) string {
	var b, row strings.Builder
	stages := sandbox.FaultStages()
	b.WriteString("| fault |")
	for _, s := range stages {
		fmt.Fprintf(&b, " %s |", s.Name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(stages)) + "\n")
	var reasons []noCell
	for i, c := range cells {
		if i%len(stages) == 0 {
			fmt.Fprintf(&row, "| `%s` |", c.kind.Name)
		}
		r := results[i]
		switch {
		case c.none != "":
			n := slices.Index(reasons, c.none)
			if n < 0 {
				n = len(reasons)
				reasons = append(reasons, c.none)
			}
			fmt.Fprintf(&row, " %c |", 'a'+n)
		case r.err != nil:
			row.WriteString(" **failed** |")
		case r.ended == ntqq.Online:
			fmt.Fprintf(&row, " %.2f |", r.took.Seconds())
		default:
			fmt.Fprintf(&row, " `%s` %.2f |", r.ended, r.took.Seconds())
		}
		if i%len(stages) == len(stages)-1 {
			row.WriteString("\n")
		}
	}
	b.WriteString(row.String())
	b.WriteString("\n")
	for n, reason := range reasons {
		fmt.Fprintf(&b, "- %c: %s\n", 'a'+n, reason)
	}
	return b.String()
}
