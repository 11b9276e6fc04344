package rig

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit in which /proc counts a process's time: USER_HZ is 100 wherever Go runs on Linux.
const tick = 10 * time.Millisecond

var errProc = errors.New("rig: /proc is not as expected; the benchmarks need Linux")

// Usage is what a process has used so far.
type Usage struct {
	CPU       time.Duration // in user mode and in the kernel
	RSS, Peak int64         // resident memory now and at the most, in bytes
	Threads   int
	Files     int // open files: above all connections
}

// Usage asks the kernel.
func (p *Process) Usage() (Usage, error) {
	dir := fmt.Sprintf("/proc/%d/", p.command.Process.Pid)
	stat, err := os.ReadFile(dir + "stat")
	if err != nil {
		return Usage{}, fmt.Errorf("%s: %w", p.Name, errors.Join(errProc, err))
	}
	// The name in brackets may hold spaces; utime and stime are the 12th and 13th after it (proc_pid_stat(5)).
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 13 {
		return Usage{}, fmt.Errorf("%s: %w", p.Name, errProc)
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	status, err3 := os.ReadFile(dir + "status")
	if err := errors.Join(err1, err2, err3); err != nil {
		return Usage{}, fmt.Errorf("%s: %w", p.Name, errors.Join(errProc, err))
	}
	files, err := os.ReadDir(dir + "fd")
	if err != nil {
		return Usage{}, fmt.Errorf("%s: %w", p.Name, errors.Join(errProc, err))
	}
	u := Usage{CPU: time.Duration(user+system) * tick, Files: len(files)}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		number, unit, _ := strings.Cut(strings.TrimSpace(value), " ")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			continue
		}
		if unit == "kB" {
			n <<= 10
		}
		switch name {
		case "VmRSS":
			u.RSS = n
		case "VmHWM":
			u.Peak = n
		case "Threads":
			u.Threads = int(n)
		}
	}
	return u, nil
}
