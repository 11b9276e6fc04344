package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"vestibule.example/auth/rp"
)

// telemetryScope names the package's instruments and spans.
const telemetryScope = "vestibule.example/auth"

// meter measures sessions and tokens; nil measures nothing. docs/observability.md says what its instruments mean.
type meter struct {
	events, joins metric.Int64Counter
	tokens, waits metric.Float64Histogram
	reading       metric.Registration
}

// newMeter makes the service's instruments; nil where nothing is measured.
func newMeter(s *Service, provider metric.MeterProvider) (*meter, error) {
	if provider == nil {
		return nil, nil
	}
	from, m := provider.Meter(telemetryScope), &meter{}
	var faults []error
	counter := func(name, about string) metric.Int64Counter {
		c, err := from.Int64Counter(name, metric.WithDescription(about))
		faults = append(faults, err)
		return c
	}
	duration := func(name, about string) metric.Float64Histogram {
		h, err := from.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(about), metric.WithExplicitBucketBoundaries(durations()...))
		faults = append(faults, err)
		return h
	}
	m.events = counter("vestibule.auth.events", "Events of the audit trail.")
	m.joins = counter("vestibule.token.joins", "Requests for a token that waited for one that was under way already.")
	m.tokens = duration("vestibule.token.request.duration", "How long the provider took to give tokens, by grant and what came of it.")
	m.waits = duration("vestibule.token.lease.wait", "How long a refresh or an exchange waited until no other of the same login was under way, on any replica.")
	active, err := from.Int64ObservableGauge("vestibule.session.active", metric.WithUnit("{session}"), metric.WithDescription("Sessions in use: those whose use this replica noted lately."))
	faults = append(faults, err)
	streams, err := from.Int64ObservableGauge("vestibule.session.streams", metric.WithUnit("{stream}"), metric.WithDescription("Open streams that end with their session."))
	faults = append(faults, err)
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	m.joins.Add(context.Background(), 0) // A counter that is there from the start has a rate from the start.
	m.reading, err = from.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(active, int64(s.used.count(s.now())))
		o.ObserveInt64(streams, int64(s.streams.count()))
		return nil
	}, active, streams)
	return m, err
}

// measure has the service and its store measured and traced, where the configuration says so.
func (s *Service) measure() (err error) {
	if s.cfg.Store, err = newWatchedStore(s.cfg.Store, s.cfg.Meters, s.cfg.Traces, &s.comeback); err != nil {
		return fmt.Errorf("auth: %w", err)
	}
	if s.cfg.Traces != nil {
		s.tracer = s.cfg.Traces.Tracer(telemetryScope)
	}
	if s.meter, err = newMeter(s, s.cfg.Meters); err != nil {
		return fmt.Errorf("auth: %w", err)
	}
	return nil
}

// granted measures and traces a request for tokens. The provider is not told of the trace: it is another party.
func (s *Service) granted(ctx context.Context, name string, ask func(context.Context) (*rp.Grant, error)) (*rp.Grant, error) {
	began := time.Now()
	var span trace.Span
	if s.tracer != nil && trace.SpanContextFromContext(ctx).IsSampled() {
		ctx, span = s.tracer.Start(ctx, "token "+name, trace.WithSpanKind(trace.SpanKindClient))
	}
	grant, err := ask(ctx)
	s.meter.token(ctx, name, time.Since(began), err)
	if span != nil {
		span.SetAttributes(attribute.String("vestibule.outcome", tokenOutcome(err)))
		if err != nil {
			span.SetStatus(codes.Error, tokenOutcome(err))
		}
		span.End()
	}
	return grant, err
}

func durations() []float64 {
	return []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}
}

// event counts an event of the audit trail; all of their names are in this package.
func (m *meter) event(ctx context.Context, name string) {
	if m != nil {
		m.events.Add(ctx, 1, metric.WithAttributes(attribute.String("event", name)))
	}
}

func (m *meter) join(ctx context.Context) {
	if m != nil {
		m.joins.Add(ctx, 1)
	}
}

// wait measures how long a fetch waited for its lease.
func (m *meter) wait(ctx context.Context, d time.Duration) {
	if m != nil {
		m.waits.Record(ctx, d.Seconds())
	}
}

// token measures one request for tokens.
func (m *meter) token(ctx context.Context, grant string, took time.Duration, err error) {
	if m != nil {
		m.tokens.Record(context.WithoutCancel(ctx), took.Seconds(), metric.WithAttributes(attribute.String("grant", grant), attribute.String("outcome", tokenOutcome(err))))
	}
}

// tokenOutcome is the outcome of a request for tokens. The provider's code is shown only where it is one of the standard's.
func tokenOutcome(err error) string {
	var refused *rp.TokenError
	var bad *rp.VerifyError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &refused):
		switch refused.Code {
		case "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope", "invalid_target":
			return refused.Code
		}
		return "refused"
	case errors.As(err, &bad):
		return "invalid_id_token"
	case errors.Is(err, rp.ErrInvalidAnswer):
		return "invalid_answer"
	}
	return "unavailable"
}

func (m *meter) close() {
	if m != nil {
		m.reading.Unregister() //nolint:errcheck // It cannot fail: it was registered.
	}
}
