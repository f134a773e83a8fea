package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
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
	// The clock is finer than the ticks of stat, where the kernel has it (clock_getcpuclockid(3)).
	var ran unix.Timespec
	if ok && unix.ClockGettime(int32(^p.command.Process.Pid<<3|2), &ran) == nil {
		u.cpu = time.Duration(ran.Nano())
	}
	if io, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", p.command.Process.Pid)); err == nil {
		u.written = numberAfter(io, "write_bytes:")
	}
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
	u.resident, u.peak = numberAfter(status, "VmRSS:")<<10, numberAfter(status, "VmHWM:")<<10
	u.anonymous = numberAfter(status, "RssAnon:") << 10
	return u, true
}

// numberAfter reads a line like "VmRSS:  1234 kB"; 0: there is none.
func numberAfter(lines []byte, name string) int64 {
	_, rest, ok := bytes.Cut(lines, []byte("\n"+name))
	if !ok {
		return 0
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
