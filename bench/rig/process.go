package rig

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// roleVariable names the role in a process that this program started of itself.
const roleVariable = "VESTIBULE_BENCH_ROLE"

const (
	// startTimeout bounds how long a process may take until it is ready.
	startTimeout = 60 * time.Second
	// stopTimeout is how long a process may take to end in order; then it is killed.
	stopTimeout = 30 * time.Second
	// maxLogTail bounds what is shown of a failed process's log, in bytes.
	maxLogTail = 4 << 10
)

// Role is what a process of the program's own does. It gets its order, returns a report for the one who started it, and
// stops when stop is called.
type Role func(ctx context.Context, order json.RawMessage) (report any, stop func() error, err error)

// Serve runs the role that this process was started for, and then ends the process. In the first process, which nobody
// started so, it returns.
func Serve(roles map[string]Role) {
	name := os.Getenv(roleVariable)
	if name == "" {
		return
	}
	if err := play(roles[name]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func play(role Role) error {
	if role == nil {
		return errors.New("no such role")
	}
	in := bufio.NewReader(os.Stdin)
	order, err := in.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("reading the order: %w", err)
	}
	report, stop, err := role(context.Background(), order)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
		return errors.Join(err, stop())
	}
	io.Copy(io.Discard, in) //nolint:errcheck // However it ends, it has ended.
	return stop()
}

// Process is a process that a Rig started.
type Process struct {
	Name    string
	command *exec.Cmd
	stdin   io.Closer
	log     string
	own     bool          // one of the program's own, which ends when its input does
	ended   chan struct{} // closed when it has ended
}

// Rig is the processes of one run and the directory of their files.
type Rig struct {
	dir       string
	processes []*Process
}

// New makes a Rig. Close ends it.
func New() (*Rig, error) {
	dir, err := os.MkdirTemp("", "vestibule-bench-")
	if err != nil {
		return nil, err
	}
	return &Rig{dir: dir}, nil
}

// File is the path of a file that goes with the Rig.
func (r *Rig) File(name string) string { return filepath.Join(r.dir, name) }

// Close ends all processes, the last one first, and removes the files.
func (r *Rig) Close() error {
	var errs []error
	for i := len(r.processes) - 1; i >= 0; i-- {
		errs = append(errs, r.processes[i].stop(os.Interrupt))
	}
	return errors.Join(append(errs, os.RemoveAll(r.dir))...)
}

// Self starts this program anew in a role and reads its report.
func (r *Rig) Self(ctx context.Context, name, role string, order, report any) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return r.Program(ctx, name, exec.Command(self), roleVariable+"="+role, order, report)
}

// Other starts another of the benchmarks' programs, built from this tree, in one of its roles. It must be called in the
// repository's top directory.
func (r *Rig) Other(ctx context.Context, program, name, role string, order, report any) (*Process, error) {
	binary := filepath.Join(r.dir, filepath.Base(program))
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, program).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building %s (run this from the repository's top): %w\n%s", program, err, out)
	}
	return r.Program(ctx, name, exec.Command(binary), roleVariable+"="+role, order, report)
}

// Program starts a program that keeps to what a [Role] does: it gets its order as a line of JSON, reports in JSON when it is
// ready, and ends when its input does. variable is one more for its environment.
func (r *Rig) Program(ctx context.Context, name string, command *exec.Cmd, variable string, order, report any) (*Process, error) {
	text, err := json.Marshal(order)
	if err != nil {
		return nil, err
	}
	command.Env = append(os.Environ(), variable)
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p, err := r.start(name, command, append(text, '\n'))
	if err != nil {
		return nil, err
	}
	p.own = true
	answered := make(chan error, 1)
	go func() { answered <- json.NewDecoder(out).Decode(report) }()
	limit := time.NewTimer(startTimeout)
	defer limit.Stop()
	select {
	case err = <-answered:
	case <-limit.C:
		err = errors.New("it was not ready in time")
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", name, err, p.logTail())
	}
	return p, nil
}

// start starts a process with its log in a file: a pipe would cost the load generator's time.
func (r *Rig) start(name string, command *exec.Cmd, input []byte) (*Process, error) {
	p := &Process{Name: name, command: command, log: filepath.Join(r.dir, fmt.Sprintf("%d-%s.log", len(r.processes), name)), ended: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	command.Stderr = log
	in, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.stdin = in
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r.processes = append(r.processes, p)
	go func() {
		defer close(p.ended)
		command.Process.Wait() //nolint:errcheck // That it has ended is all there is to know; its log says why.
	}()
	if _, err := in.Write(input); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", name, err, p.logTail())
	}
	return p, nil
}

// stop ends the process: one of the program's own by the end of its input, any other by a signal.
func (p *Process) stop(by os.Signal) error {
	p.stdin.Close()
	if !p.own && p.Alive() {
		p.command.Process.Signal(by) //nolint:errcheck // It is gone already, then.
	}
	limit := time.NewTimer(stopTimeout)
	defer limit.Stop()
	select {
	case <-p.ended:
		return nil
	case <-limit.C:
	}
	p.command.Process.Kill() //nolint:errcheck // It is gone already, then.
	<-p.ended
	return fmt.Errorf("%s did not end in order within %s", p.Name, stopTimeout)
}

// Kill ends the process as kill -9 does, and returns when it has ended.
func (p *Process) Kill() {
	p.command.Process.Kill() //nolint:errcheck // It is gone already, then.
	<-p.ended
}

// Terminate asks the process to end, as an init system does, and returns when it has ended.
func (p *Process) Terminate() error { return p.stop(syscall.SIGTERM) }

// Hang stops the process where it is: its connections stay open and nothing is answered. GoOn ends that.
func (p *Process) Hang() error { return p.command.Process.Signal(syscall.SIGSTOP) }

// GoOn lets a process that hangs go on.
func (p *Process) GoOn() error { return p.command.Process.Signal(syscall.SIGCONT) }

// Alive tells whether the process still runs.
func (p *Process) Alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Root is the top of the files that the process sees, for one that has a file system of its own.
func (p *Process) Root() string {
	return filepath.Join("/proc", strconv.Itoa(p.command.Process.Pid), "root")
}

// Log is what the process has written so far.
func (p *Process) Log() (string, error) {
	text, err := os.ReadFile(p.log)
	return string(text), err
}

// DropLog forgets what the process has written: at full load an access log fills a disk.
func (p *Process) DropLog() error { return os.Truncate(p.log, 0) }

func (p *Process) logTail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-maxLogTail):])
}

// listenAndServe serves a handler on a free port of loopback and gives its address.
func listenAndServe(ctx context.Context, h http.Handler) (string, *http.Server, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: startTimeout}
	go server.Serve(l) //nolint:errcheck // It ends by Close.
	return l.Addr().String(), server, nil
}

// Listen is a Role's way to serve: on a free port of loopback, until stop.
func Listen(ctx context.Context, h http.Handler) (address string, stop func() error, err error) {
	address, server, err := listenAndServe(ctx, h)
	if err != nil {
		return "", nil, err
	}
	return address, server.Close, nil
}
