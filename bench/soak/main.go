// Command soak keeps the gateway at full load for a while, with people who sign out and in again and tokens that are
// refreshed all the time:
//
//	go run ./bench/soak -for 10m
//	go run ./bench/soak -for 10m -store file
//
// Each answer is compared with what its user must get. It fails at the first that is another, if a signed-out cookie still
// opens anything, or if the gateway ends. What the gateway holds is printed as time goes on.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"vestibule.example/bench/rig"
)

const (
	// tokenLife is so short that a visit sees several refreshes of its token.
	tokenLife = 5 * time.Second
	// samples is how many rows are printed, and compared at the end.
	samples = 12
	// flat is by how much the last third may exceed the third before it and still be called flat.
	flat = 1.10
)

func main() {
	rig.Serve(map[string]rig.Role{rig.RoleWorld: rig.PlayWorld})
	length := flag.Duration("for", 10*time.Minute, "how long")
	people := flag.Int("users", 32, "people signed in, each with a connection")
	visit := flag.Int("visit", 200, "requests between signing in and signing out")
	store := flag.String("store", "memory", "where sessions live: memory, file or redis (which needs redis-server)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *length, *people, *visit, *store); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, length time.Duration, people, visit int, store string) (err error) {
	r, err := rig.New()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	world, outside, err := r.StartWorld(ctx, rig.WorldOrder{TokenLife: tokenLife})
	if err != nil {
		return err
	}
	binary, err := r.Build(ctx)
	if err != nil {
		return err
	}
	sessions, err := keptIn(ctx, r, store)
	if err != nil {
		return err
	}
	gateway, err := r.StartGateway(ctx, "gateway", binary, world, rig.PublicURL, sessions...)
	if err != nil {
		return err
	}
	s := &soak{world: world, gateway: gateway, visit: visit, end: time.Now().Add(length)}
	if err := s.learn(ctx); err != nil {
		return err
	}
	fmt.Printf("%s; %d people, sessions in %s, tokens of %s, signing out and in after %d requests, for %s\n\n", rig.Machine(), people, store, tokenLife, visit, length)
	fmt.Println("| after | requests | sign-ins | requests/s | p99 | RSS MiB | threads | open files | goroutines |")
	fmt.Println("|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	return s.run(ctx, people, length, outside)
}

// keptIn is the configuration of a gateway whose sessions live there.
func keptIn(ctx context.Context, r *rig.Rig, store string) ([]string, error) {
	switch store {
	case "memory":
		return nil, nil
	case "file":
		return []string{"VESTIBULE_SESSION_STORE=file", "VESTIBULE_SESSION_FILE=" + r.File("sessions.db")}, nil
	case "redis":
		server, err := r.StartRedis(ctx)
		if err != nil {
			return nil, err
		}
		return server.Sessions(), nil
	}
	return nil, fmt.Errorf("-store %s: want memory, file or redis", store)
}

// sample is what the gateway held at one moment.
type sample struct {
	usage      rig.Usage
	goroutines int
}

// watch prints a row at a time until the end.
func (s *soak) watch(ctx context.Context, length time.Duration, outside *rig.Process) ([]sample, error) {
	var taken []sample
	begin, last, before := time.Now(), time.Now(), int64(0)
	every := time.NewTicker(length / samples)
	defer every.Stop()
	for len(taken) < samples {
		select {
		case <-every.C:
		case <-ctx.Done():
			return taken, ctx.Err()
		}
		usage, err := s.gateway.Usage()
		if err != nil {
			return taken, err
		}
		now := sample{usage: usage}
		if now.goroutines, err = s.gateway.Goroutines(ctx); err != nil {
			return taken, err
		}
		taken = append(taken, now)
		requests := s.requests.Load()
		fmt.Printf("| %s | %d | %d | %.0f | %.1f ms | %.1f | %d | %d | %d |\n", time.Since(begin).Round(time.Second), requests, s.signIns.Load(),
			float64(requests-before)/time.Since(last).Seconds(), float64(s.slowest())/float64(time.Millisecond),
			float64(usage.RSS)/(1<<20), usage.Threads, usage.Files, now.goroutines)
		last, before = time.Now(), requests
		if err := errors.Join(s.gateway.DropLog(), outside.DropLog()); err != nil {
			return taken, err
		}
	}
	return taken, nil
}

// verdict compares the last third with the one before it.
func verdict(taken []sample) string {
	third := len(taken) / 3
	if third == 0 {
		return "too short to compare"
	}
	middle, last := taken[len(taken)-2*third:len(taken)-third], taken[len(taken)-third:]
	var out []string
	for _, m := range []struct {
		name string
		of   func(sample) float64
	}{
		{"resident memory", func(s sample) float64 { return float64(s.usage.RSS) }},
		{"threads", func(s sample) float64 { return float64(s.usage.Threads) }},
		{"open files", func(s sample) float64 { return float64(s.usage.Files) }},
		{"goroutines", func(s sample) float64 { return float64(s.goroutines) }},
	} {
		before, after := rig.Median(each(middle, m.of)), rig.Median(each(last, m.of))
		if before == 0 {
			continue // there is no such figure
		}
		word := "flat"
		if after > flat*before {
			word = "GROWING"
		}
		out = append(out, fmt.Sprintf("%s %s (%.2f)", m.name, word, after/before))
	}
	return "the last third to the one before: " + strings.Join(out, ", ")
}

func each(taken []sample, of func(sample) float64) []float64 {
	values := make([]float64, 0, len(taken))
	for s := range slices.Values(taken) {
		values = append(values, of(s))
	}
	return values
}
