package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// clockTicks is USER_HZ, 100 on every architecture that Go supports.
const clockTicks = 100

// resetPeak has the peak begin anew (proc(5), clear_refs).
func (p *process) resetPeak() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.command.Process.Pid), []byte("5"), 0)
}

// usage reads /proc (proc(5)).
func (p *process) usage() usage {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.command.Process.Pid))
	if err != nil {
		return usage{}
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		return usage{}
	}
	u, ok := parseUsage(stat, status)
	u.known = ok
	return u
}

func parseUsage(stat, status []byte) (u usage, ok bool) {
	// The name, in parentheses, may contain anything.
	_, rest, ok := bytes.Cut(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" "))
	fields := bytes.Fields(rest)
	if !ok || len(fields) < 13 {
		return u, false
	}
	// utime and stime are fields 14 and 15, the third is the first here.
	user, err1 := strconv.ParseInt(string(fields[11]), 10, 64)
	system, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
	if err1 != nil || err2 != nil {
		return u, false
	}
	u.cpu = time.Duration(user+system) * time.Second / clockTicks
	u.resident, u.peak = statusBytes(status, "VmRSS:"), statusBytes(status, "VmHWM:")
	return u, true
}

// statusBytes reads a line like "VmRSS:  1234 kB".
func statusBytes(status []byte, name string) int64 {
	_, rest, ok := bytes.Cut(status, []byte("\n"+name))
	if !ok {
		return 0
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) == 0 {
		return 0
	}
	kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}
