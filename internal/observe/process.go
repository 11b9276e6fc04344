package observe

import (
	"context"
	"runtime"
	"runtime/metrics"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// scope names the package's instruments.
const scope = "vestibule.example/internal/observe"

// measureProcess tells of the program itself: what it is, since when it runs, and what the Go runtime uses, under the names of
// OpenTelemetry's conventions.
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
		return nil
	})
}

// instruments makes the instruments that one function observes, and keeps the first fault.
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
