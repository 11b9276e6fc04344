package graph

import (
	"context"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Outcomes of an operation, as they are counted.
const (
	outcomeOK      = "ok"
	outcomePartial = "partial" // data, and errors
	outcomeFailed  = "failed"  // errors, and no data
	outcomeRefused = "refused" // nothing ran
	outcomeGone    = "gone"    // nobody waited for the answer
)

// otherName stands for every operation that is not of a trusted document: anybody can make up names, and each would be a new series.
const otherName = "other"

// instruments measure operations and their failures; nil measures nothing. docs/observability.md says what they mean.
type instruments struct {
	duration metric.Float64Histogram
	failures metric.Int64Counter
	refusals metric.Int64Counter
	limits   metric.Int64Counter
	streams  metric.Int64UpDownCounter
	known    sync.Map // metric.MeasurementOption by operation: there are few, and making one costs more than using it
}

// execution is what an operation's duration is counted by.
type execution struct{ name, kind, outcome string }

// newInstruments makes the instruments; nil where nothing measures.
func newInstruments(provider metric.MeterProvider) (*instruments, error) {
	if provider == nil {
		return nil, nil
	}
	from, m := provider.Meter("vestibule.example/graph"), &instruments{}
	var err error
	if m.duration, err = from.Float64Histogram("vestibule.graphql.operation.duration", metric.WithUnit("s"), metric.WithDescription("How long operations took, by name, type and outcome."),
		metric.WithExplicitBucketBoundaries(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)); err != nil {
		return nil, err
	}
	for counter, about := range map[*metric.Int64Counter][2]string{
		&m.failures: {"vestibule.graphql.field.errors", "Fields that failed, by code and the API whose fault it was."},
		&m.refusals: {"vestibule.graphql.refusals", "Requests that were refused before anything ran, by code."},
		&m.limits:   {"vestibule.graphql.limits.exceeded", "Limits that requests broke, and whether these were refused for it."},
	} {
		if *counter, err = from.Int64Counter(about[0], metric.WithDescription(about[1])); err != nil {
			return nil, err
		}
	}
	if m.streams, err = from.Int64UpDownCounter("vestibule.graphql.streams", metric.WithUnit("{stream}"), metric.WithDescription("Subscriptions under way.")); err != nil {
		return nil, err
	}
	m.streams.Add(context.Background(), 0) // So that the series is there before the first stream.
	return m, nil
}

// streaming counts a subscription until done.
func (m *instruments) streaming(ctx context.Context) (done func()) {
	if m == nil {
		return func() {}
	}
	ctx = context.WithoutCancel(ctx)
	m.streams.Add(ctx, 1)
	return func() { m.streams.Add(ctx, -1) }
}

// ran measures an operation.
func (m *instruments) ran(ctx context.Context, o execution, took time.Duration) {
	if m == nil {
		return
	}
	known, ok := m.known.Load(o)
	if !ok {
		known, _ = m.known.LoadOrStore(o, metric.WithAttributeSet(attribute.NewSet(
			attribute.String("operation", o.name), attribute.String("type", o.kind), attribute.String("outcome", o.outcome),
		)))
	}
	m.duration.Record(context.WithoutCancel(ctx), took.Seconds(), known.(metric.MeasurementOption)) //nolint:forcetypeassert // Nothing else is stored.
}

// outcomeOf is what came of an operation that ran.
func outcomeOf(result *graphql.Response) string {
	switch {
	case len(result.Errors) == 0:
		return outcomeOK
	case len(result.Data) == 0 || string(result.Data) == "null":
		return outcomeFailed
	}
	return outcomePartial
}

// failed counts a field's failure. hidden tells that its fallback was given in its place.
func (m *instruments) failed(ctx context.Context, code, api string, hidden bool) {
	if m != nil {
		m.failures.Add(ctx, 1, metric.WithAttributes(attribute.String("code", code), attribute.String("api", api), attribute.Bool("fallback", hidden)))
	}
}

// refused counts a request that was not run.
func (m *instruments) refused(ctx context.Context, code string) {
	if m != nil {
		m.refusals.Add(ctx, 1, metric.WithAttributes(attribute.String("code", code)))
	}
}

// exceeded counts a limit that a request broke.
func (m *instruments) exceeded(ctx context.Context, limit string, refused bool) {
	if m != nil {
		m.limits.Add(ctx, 1, metric.WithAttributes(attribute.String("limit", limit), attribute.Bool("refused", refused)))
	}
}
