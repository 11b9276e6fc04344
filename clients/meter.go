package clients

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// meter measures an API's calls and health. Attempts are recorded one by one; everything else is read from Health and Stats when metrics are
// collected. A nil meter records nothing.
type meter struct {
	duration metric.Float64Histogram
	api      attribute.KeyValue
	known    sync.Map // metric.MeasurementOption by outcome: there are few, and making one costs more than using it
	reading  metric.Registration
}

// newMeter makes the API's instruments; nil without a provider. docs/observability.md says what they mean.
func newMeter(a *API, provider metric.MeterProvider) (*meter, error) {
	if provider == nil {
		return nil, nil
	}
	from := provider.Meter("vestibule.example/clients")
	m := &meter{api: attribute.String("api", a.name)}
	var err error
	if m.duration, err = from.Float64Histogram("vestibule.api.attempt.duration", metric.WithUnit("s"), metric.WithDescription("How long requests to an API took, by what came of them."),
		metric.WithExplicitBucketBoundaries(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)); err != nil {
		return nil, err
	}
	m.reading, err = m.read(a, from)
	return m, err
}

// number is an instrument with how its value is read: once for each value of its label, if it has one.
type number struct {
	name, unit, about string
	gauge             bool
	label             string
	read              func(Health, Stats) map[string]int64
}

// one reads the value of an instrument without a label of its own.
func one(v int64) map[string]int64 { return map[string]int64{"": v} }

func numbers() []number {
	count := func(v uint64) int64 { return int64(v) } //nolint:gosec // Nobody counts to 2^63.
	return []number{
		{"vestibule.api.calls", "{call}", "Calls of an API that were begun and not answered from the cache.", false, "", func(h Health, _ Stats) map[string]int64 { return one(count(h.Calls)) }},
		{"vestibule.api.retries", "{attempt}", "Attempts that repeated another.", false, "", func(h Health, _ Stats) map[string]int64 { return one(count(h.Retries)) }},
		{"vestibule.api.retries.unaffordable", "{attempt}", "Repeats that the budget did not allow.", false, "", func(h Health, _ Stats) map[string]int64 { return one(count(h.Unaffordable)) }},
		{"vestibule.api.failures", "{attempt}", "Attempts that ended in 5xx or without an answer, as the breaker counts them.", false, "", func(h Health, _ Stats) map[string]int64 { return one(count(h.Failures)) }},
		{"vestibule.api.held_back", "{attempt}", "Attempts that were not sent: the breaker was open, there were too many at once, or there were no open files left.", false, "reason", func(h Health, _ Stats) map[string]int64 {
			return map[string]int64{"breaker": count(h.Refused), "crowded": count(h.Crowded), "exhausted": count(h.Exhausted)}
		}},
		{"vestibule.api.breaker", "", "1 for the state in which an API's breaker is.", true, "state", func(h Health, _ Stats) map[string]int64 {
			states := map[string]int64{stateClosed: 0, stateOpen: 0, stateHalfOpen: 0}
			states[h.Breaker] = 1
			return states
		}},
		{"vestibule.api.active", "{attempt}", "Attempts under way.", true, "", func(h Health, _ Stats) map[string]int64 { return one(int64(h.Active)) }},
		{"vestibule.api.waiting", "{attempt}", "Attempts that wait for others to end.", true, "", func(h Health, _ Stats) map[string]int64 { return one(int64(h.Waiting)) }},
		{"vestibule.api.relayed", "{answer}", "Relayed answers and sockets on their way.", true, "", func(h Health, _ Stats) map[string]int64 { return one(int64(h.Relayed)) }},
		{"vestibule.api.relay.refused", "{request}", "Relayed requests for which there was no place: somebody had all her share, or all were taken.", false, "reason", func(h Health, _ Stats) map[string]int64 {
			return map[string]int64{"share": count(h.RelayShare), "full": count(h.RelayFull)}
		}},
		{"vestibule.api.cache.answers", "{call}", "Calls that might be shared or kept, by where their answer came from.", false, "result", func(_ Health, s Stats) map[string]int64 {
			return map[string]int64{"hit": s.Hits, "miss": s.Misses, "revalidated": s.Revalidated, "shared": s.Shared, "stale": s.Stale}
		}},
		{"vestibule.api.cache.dropped", "{answer}", "Answers that are kept no more, by why.", false, "reason", func(_ Health, s Stats) map[string]int64 {
			return map[string]int64{"evicted": s.Evicted, "invalidated": s.Invalidated, "forgotten": s.Forgotten}
		}},
		{"vestibule.api.cache.entries", "{answer}", "Answers that are kept.", true, "", func(_ Health, s Stats) map[string]int64 { return one(int64(s.Answers)) }},
		{"vestibule.api.cache.size", "By", "Memory that the answers take which are kept.", true, "", func(_ Health, s Stats) map[string]int64 { return one(s.Bytes) }},
	}
}

// read registers what is read when metrics are collected.
func (m *meter) read(a *API, from metric.Meter) (metric.Registration, error) {
	all := numbers()
	made := make([]metric.Observable, len(all))
	observe := make([]func(metric.Observer, int64, metric.MeasurementOption), len(all))
	for i, n := range all {
		if n.gauge {
			g, err := from.Int64ObservableGauge(n.name, metric.WithUnit(n.unit), metric.WithDescription(n.about))
			if err != nil {
				return nil, err
			}
			made[i], observe[i] = g, func(o metric.Observer, v int64, by metric.MeasurementOption) { o.ObserveInt64(g, v, by) }
			continue
		}
		c, err := from.Int64ObservableCounter(n.name, metric.WithUnit(n.unit), metric.WithDescription(n.about))
		if err != nil {
			return nil, err
		}
		made[i], observe[i] = c, func(o metric.Observer, v int64, by metric.MeasurementOption) { o.ObserveInt64(c, v, by) }
	}
	return from.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		health, stats := a.Health(), a.Stats()
		for i, n := range all {
			for value, v := range n.read(health, stats) {
				by := []attribute.KeyValue{m.api}
				if n.label != "" {
					by = append(by, attribute.String(n.label, value))
				}
				observe[i](o, v, metric.WithAttributes(by...))
			}
		}
		return nil
	}, made...)
}

// attempt records one attempt that was sent.
func (m *meter) attempt(ctx context.Context, a *API, x *exchange, began time.Time, status int, err error) {
	if m == nil {
		return
	}
	outcome := ""
	switch {
	case err != nil && ctx.Err() == context.Canceled:
		outcome = "canceled"
	case err != nil:
		outcome = string(a.failure(x, err).Code)
	default:
		outcome = statusName(status)
	}
	m.duration.Record(context.WithoutCancel(ctx), a.now().Sub(began).Seconds(), m.option(outcome))
}

func (m *meter) option(outcome string) metric.MeasurementOption {
	if known, ok := m.known.Load(outcome); ok {
		return known.(metric.MeasurementOption) //nolint:forcetypeassert // Nothing else is stored.
	}
	made := metric.WithAttributeSet(attribute.NewSet(m.api, attribute.String("outcome", outcome)))
	m.known.Store(outcome, made)
	return made
}

// statusName is a status if it is a registered one, else its class: an API may make up any.
func statusName(status int) string {
	if http.StatusText(status) != "" {
		return strconv.Itoa(status)
	}
	return strconv.Itoa(status/100) + "xx"
}

func (m *meter) close() {
	if m != nil {
		m.reading.Unregister() //nolint:errcheck // It cannot fail: it was registered.
	}
}
