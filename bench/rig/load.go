package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"sync"
	"time"
)

// Ask is one user's request, made ready, and the answer it must get.
type Ask struct {
	// User says whose it is, for errors.
	User string
	// Wire is the request as it is sent.
	Wire []byte
	// Want is the body of the answer; another one must be an equal JSON value.
	Want []byte
	// Judge checks the answer in the place of Want, for answers that are not always the same.
	Judge func(body []byte) error
}

// Load is a closed loop: each connection sends its next request when the answer to the last one is there.
type Load struct {
	Address     string
	Connections int
	For         time.Duration
	// Most bounds the requests; 0 leaves the bound to For.
	Most int
	// Spread is the time over which the connections begin, one after the other; 0 lets them begin at once.
	Spread time.Duration
	Asks   []*Ask
}

// grace is how long answers may take that are under way when the time is over.
const grace = 30 * time.Second

// Figures are what came of a Load.
type Figures struct {
	Requests int
	Took     time.Duration
	// Latencies are all requests', sorted.
	Latencies []time.Duration
}

// PerSecond is the throughput.
func (f Figures) PerSecond() float64 { return float64(f.Requests) / f.Took.Seconds() }

// Quantile is the latency below which the share q of the requests stayed.
func (f Figures) Quantile(q float64) time.Duration { return Quantile(f.Latencies, q) }

// Quantile is the value below which the share q of sorted values lies; 0 when there are none.
func Quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(float64(len(sorted))*q), len(sorted)-1)]
}

// Median is the middle value, or the mean of the two in the middle.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Run drives the load. The first answer that is not as it must be ends it with an error.
func (l Load) Run(ctx context.Context) (Figures, error) {
	ctx, cancel := context.WithTimeout(ctx, l.For+grace)
	defer cancel()
	each := make([][]time.Duration, l.Connections)
	errs := make([]error, l.Connections)
	begin := time.Now()
	var all sync.WaitGroup
	for i := range l.Connections {
		all.Go(func() {
			if each[i], errs[i] = l.connection(ctx, i, begin.Add(l.For)); errs[i] != nil {
				cancel()
			}
		})
	}
	all.Wait()
	f := Figures{Took: time.Since(begin), Latencies: slices.Concat(each...)}
	f.Requests = len(f.Latencies)
	slices.Sort(f.Latencies)
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return f, err
		}
	}
	return f, ctx.Err()
}

// connection sends the users' requests in turn, beginning with another user than the other connections.
func (l Load) connection(ctx context.Context, number int, end time.Time) ([]time.Duration, error) {
	c, err := dial(ctx, l.Address)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if l.Spread > 0 {
		wait := time.NewTimer(l.Spread * time.Duration(number) / time.Duration(l.Connections))
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
			return nil, context.Canceled
		}
	}
	var took []time.Duration
	for n := number; time.Now().Before(end) && (l.Most == 0 || n < l.Most); n += l.Connections {
		ask := l.Asks[n%len(l.Asks)]
		begin := time.Now()
		body, err := c.do(ask.Wire)
		took = append(took, time.Since(begin))
		if err == nil {
			err = ask.check(body)
		}
		if err != nil {
			if ctx.Err() != nil {
				err = context.Canceled // another connection failed first
			}
			return took, fmt.Errorf("user %s: %w", ask.User, err)
		}
	}
	return took, nil
}

// check compares the answer with what it must be.
func (a *Ask) check(body []byte) error {
	if a.Judge != nil {
		return a.Judge(body)
	}
	if bytes.Equal(body, a.Want) || EqualJSON(body, a.Want) {
		return nil
	}
	return fmt.Errorf("rig: the answer is %.300q, want %.300q", body, a.Want)
}

// EqualJSON tells whether two documents are equal JSON values.
func EqualJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// Once sends one request and gives the body of its answer.
func Once(ctx context.Context, address string, wire []byte) ([]byte, error) {
	c, err := dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer c.close()
	body, err := c.do(wire)
	return bytes.Clone(body), err
}

func dial(ctx context.Context, address string) (*connection, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	return newConnection(ctx, c), nil
}
