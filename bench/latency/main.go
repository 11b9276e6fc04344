// Command latency measures the account page's query while every API takes 100 ms, and counts the calls that each API
// gets:
//
//	go run ./bench/latency
//
// The query's longest chain is four calls deep (the customer, her orders, their shipments, the shipments' tracking), so no
// gateway can answer it in less than four times an API's latency.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"vestibule.example/demo/visitor"
)

const (
	depth = 4
	query = `query AccountPage { me { id name email addresses { id city } paymentMethods { id display } orders(first: 5) { totalCount edges { node {
		id status total lines { quantity product { name category { name } } } customer { name } shipments { status tracking { description } } } } } } }`
)

// fewest is what batching allows: see TestAccountPageMakesTheFewestCalls.
var fewest = [...]struct {
	api   string
	calls int
}{{"accounts", 4}, {"catalog", 2}, {"orders", 1}, {"shipping", 2}}

func main() {
	latency := flag.Duration("latency", 100*time.Millisecond, "what each call of an API takes")
	rounds := flag.Int("rounds", 10, "queries per user")
	flag.Parse()
	if err := run(context.Background(), *latency, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "latency:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, latency time.Duration, rounds int) error {
	g, err := start(ctx)
	if err != nil {
		return err
	}
	defer g.stop()
	floor := depth * latency
	fmt.Printf("%s %s/%s, %d cores; every API takes %s; floor %d × %s = %s\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), latency, depth, latency, floor)
	fmt.Println("| users | queries | p50 | over the floor | p99 | over the floor | calls per query: accounts, catalog, orders, shipping |")
	fmt.Println("|---:|---:|---:|---:|---:|---:|---|")
	for _, users := range []int{1, 10, 100} {
		visitors, err := g.signIn(ctx, users)
		if err != nil {
			return err
		}
		if err := g.setLatency(ctx, latency); err != nil {
			return err
		}
		took, err := load(ctx, visitors, rounds)
		if err != nil {
			return err
		}
		calls, err := g.calls(ctx)
		if err != nil {
			return err
		}
		var per []string
		for _, api := range fewest {
			per = append(per, fmt.Sprintf("%.2f", float64(calls[api.api])/float64(len(took))))
			if calls[api.api] != api.calls*len(took) {
				return fmt.Errorf("%s got %d calls for %d queries, want %d each", api.api, calls[api.api], len(took), api.calls)
			}
		}
		slices.Sort(took)
		p50, p99 := took[len(took)/2], took[len(took)*99/100]
		fmt.Printf("| %d | %d | %.1f ms | %+.1f ms | %.1f ms | %+.1f ms | %s |\n", users, len(took), ms(p50), ms(p50-floor), ms(p99), ms(p99-floor), strings.Join(per, ", "))
		for _, v := range visitors {
			v.Close()
		}
		if err := g.control(ctx, http.MethodDelete, "/control/faults", ""); err != nil {
			return err
		}
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// load lets every visitor ask rounds times, all at once, after each has asked once to warm up.
func load(ctx context.Context, visitors []*visitor.Visitor, rounds int) ([]time.Duration, error) {
	var mu sync.Mutex
	var took []time.Duration
	var failed error
	var all sync.WaitGroup
	for _, v := range visitors {
		all.Go(func() {
			for range rounds {
				begin := time.Now()
				answer, err := v.GraphQL(ctx, query, nil)
				d := time.Since(begin)
				mu.Lock()
				took = append(took, d)
				if err != nil {
					failed = err
				} else if len(answer.Errors) > 0 {
					failed = fmt.Errorf("the query failed: %.300s", answer.Body)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return took, failed
}

// gateway is the binary under measure with its demo.
type gateway struct {
	origin, demo string
	stop         func()
}

func start(ctx context.Context) (*gateway, error) {
	dir, err := os.MkdirTemp("", "vestibule-bench-")
	if err != nil {
		return nil, err
	}
	binary := filepath.Join(dir, "vestibule")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the gateway (run this from the repository's top): %w\n%s", err, out)
	}
	ports := make([]string, 3)
	for i := range ports {
		if ports[i], err = freePort(ctx); err != nil {
			return nil, err
		}
	}
	command := exec.CommandContext(ctx, binary)
	command.Env = append(os.Environ(), "VESTIBULE_SERVER_ADDRESS=127.0.0.1:"+ports[0], "VESTIBULE_SERVER_ADMIN_ADDRESS=127.0.0.1:"+ports[1], "VESTIBULE_DEMO_ADDRESS=127.0.0.1:"+ports[2])
	if err := command.Start(); err != nil {
		return nil, err
	}
	g := &gateway{origin: "http://localhost:" + ports[0], demo: "http://127.0.0.1:" + ports[2]}
	g.stop = func() {
		command.Process.Signal(os.Interrupt) //nolint:errcheck // It is gone already, then.
		command.Wait()                       //nolint:errcheck // Its exit is of no interest here.
		os.RemoveAll(dir)
	}
	for range 200 {
		res, err := http.Get("http://127.0.0.1:" + ports[1] + "/readyz") //nolint:noctx // Bounded by the loop.
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return g, nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	g.stop()
	return nil, fmt.Errorf("the gateway was not ready in time")
}

func freePort(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// signIn gives as many visitors, each with a session of her own.
func (g *gateway) signIn(ctx context.Context, n int) ([]*visitor.Visitor, error) {
	visitors := make([]*visitor.Visitor, n)
	transport := &http.Transport{MaxIdleConnsPerHost: n}
	for i := range visitors {
		v, err := visitor.New(g.origin, transport)
		if err != nil {
			return nil, err
		}
		if _, err := v.SignIn(ctx, "alice", "alice", "/", nil); err != nil {
			return nil, err
		}
		if _, err := v.GraphQL(ctx, query, nil); err != nil {
			return nil, err
		}
		visitors[i] = v
	}
	return visitors, nil
}

func (g *gateway) setLatency(ctx context.Context, latency time.Duration) error {
	for _, api := range fewest {
		rule, err := json.Marshal(map[string]string{"target": api.api, "latency": latency.String()})
		if err != nil {
			return err
		}
		if err := g.control(ctx, http.MethodPost, "/control/faults", string(rule)); err != nil {
			return err
		}
	}
	return g.control(ctx, http.MethodDelete, "/control/calls", "")
}

func (g *gateway) control(ctx context.Context, method, path, body string) error {
	req, err := http.NewRequestWithContext(ctx, method, g.demo+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s", method, path, res.Status)
	}
	return nil
}

// mostKept is how many calls of an API the demo remembers.
const mostKept = 100_000

// calls counts what each API got.
func (g *gateway) calls(ctx context.Context) (map[string]int, error) {
	count := map[string]int{}
	for _, api := range fewest {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.demo+"/control/calls?target="+api.api, nil)
		if err != nil {
			return nil, err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, err
		}
		var answer struct{ Calls []json.RawMessage }
		err = json.NewDecoder(res.Body).Decode(&answer)
		res.Body.Close()
		if err != nil {
			return nil, err
		}
		if count[api.api] = len(answer.Calls); count[api.api] == mostKept {
			return nil, fmt.Errorf("the demo forgot calls of %s: ask for fewer rounds", api.api)
		}
	}
	return count, nil
}
