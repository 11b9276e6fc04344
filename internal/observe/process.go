package observe

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// scope names the package's instruments.
const scope = "vestibule.example/internal/observe"

// measureProcess makes the metrics of the program itself: its version, since when it runs, and what the Go runtime uses, under the names
// of OpenTelemetry's conventions.
func measureProcess(provider metric.MeterProvider, version string) error {
	const (
		total, released = "/memory/classes/total:bytes", "/memory/classes/heap/released:bytes"
		limit           = "/gc/gomemlimit:bytes"
		live            = "/gc/heap/live:bytes"
		goroutines      = "/sched/goroutines:goroutines"
		processors      = "/sched/gomaxprocs:threads"
		collections     = "/gc/cycles/total:gc-cycles"
	)
	m := provider.Meter(scope)
	started := time.Now()
	made := &instruments{meter: m}
	build := made.gauge("vestibule.build.info", "", "1 for the version that runs.")
	uptime := made.gauge("vestibule.start.time", "s", "When the program started, in seconds since 1970.")
	used := made.gauge("go.memory.used", "By", "Memory that the Go runtime has from the system.")
	bound := made.gauge("go.memory.limit", "By", "Memory that the Go runtime is told to stay below.")
	alive := made.gauge("go.memory.live", "By", "Heap that the last garbage collection found in use.")
	running := made.gauge("go.goroutine.count", "{goroutine}", "Goroutines.")
	cores := made.gauge("go.processor.limit", "{thread}", "Processors that Go code may use at once.")
	open, mayOpen := made.gauge("vestibule.open_files", "{file}", "Files and connections that are open."), made.gauge("vestibule.open_files.limit", "{file}", "How many files and connections may be open.")
	cycles := made.counter("go.gc.cycles", "{cycle}", "Garbage collections.")
	about := metric.WithAttributeSet(attribute.NewSet(attribute.String("version", version), attribute.String("go_version", runtime.Version())))
	return made.observe(func(_ context.Context, o metric.Observer) error {
		samples := []metrics.Sample{{Name: total}, {Name: released}, {Name: limit}, {Name: live}, {Name: goroutines}, {Name: processors}, {Name: collections}}
		metrics.Read(samples)
		value := func(i int) int64 { return int64(samples[i].Value.Uint64()) } //nolint:gosec // The runtime's numbers are below 2^63.
		o.ObserveInt64(build, 1, about)
		o.ObserveInt64(uptime, started.Unix())
		o.ObserveInt64(used, value(0)-value(1))
		o.ObserveInt64(bound, value(2))
		o.ObserveInt64(alive, value(3))
		o.ObserveInt64(running, value(4))
		o.ObserveInt64(cores, value(5))
		o.ObserveInt64(cycles, value(6))
		if n, limit, ok := openFiles("/proc/self"); ok {
			o.ObserveInt64(open, n)
			o.ObserveInt64(mayOpen, limit)
		}
		return nil
	})
}

// openFiles reads how many files a process has open, and how many it may have, from Linux's /proc/PID. ok is false where there is none.
func openFiles(proc string) (open, limit int64, ok bool) {
	dir, err := os.Open(filepath.Join(proc, "fd"))
	if err != nil {
		return 0, 0, false
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return 0, 0, false
	}
	limits, err := os.ReadFile(filepath.Join(proc, "limits"))
	if err != nil {
		return 0, 0, false
	}
	for line := range strings.Lines(string(limits)) {
		if bounds, found := strings.CutPrefix(line, "Max open files "); found && len(strings.Fields(bounds)) > 0 {
			limit, err = strconv.ParseInt(strings.Fields(bounds)[0], 10, 64)
			return int64(len(names)) - 1, limit, err == nil // One is the directory that was read.
		}
	}
	return 0, 0, false
}

// instruments makes the instruments that one callback observes, and keeps the first error.
type instruments struct {
	meter metric.Meter
	made  []metric.Observable
	err   error
}

func (i *instruments) gauge(name, unit, about string) metric.Int64ObservableGauge {
	g, err := i.meter.Int64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(about))
	i.keep(g, err)
	return g
}

func (i *instruments) counter(name, unit, about string) metric.Int64ObservableCounter {
	c, err := i.meter.Int64ObservableCounter(name, metric.WithUnit(unit), metric.WithDescription(about))
	i.keep(c, err)
	return c
}

func (i *instruments) keep(made metric.Observable, err error) {
	i.made = append(i.made, made)
	if i.err == nil {
		i.err = err
	}
}

func (i *instruments) observe(read metric.Callback) error {
	if i.err != nil {
		return i.err
	}
	_, err := i.meter.RegisterCallback(read, i.made...)
	return err
}
