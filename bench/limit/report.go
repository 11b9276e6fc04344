package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"vestibule.example/bench/rig"
)

// report prints a scenario's table: medians over the rounds, and ratios to the limit within each round.
func report(out io.Writer, sc scenario, contenders []*contender, rounds [][]figures) {
	fmt.Fprintf(out, "\n## %s\n\n", sc.name)
	if sc.query != "" {
		fmt.Fprintf(out, "`%s`", strings.Join(strings.Fields(sc.query), " "))
		if sc.latency > 0 {
			fmt.Fprintf(out, ", each call takes %s, %d connections", sc.latency, sc.connections)
		}
		fmt.Fprint(out, "\n\n")
	}
	fmt.Fprintln(out, "| target | requests/s | to min, per round | to min | p50 ms | p99 ms | CPU µs/request | min's CPU to its | RSS MiB | calls/request |")
	fmt.Fprintln(out, "|---|---:|---|---:|---:|---:|---:|---:|---:|---:|")
	for i, c := range contenders {
		var speeds, costs []float64
		var each []string
		for round, f := range rounds[i] {
			limit := rounds[0][round]
			speeds = append(speeds, f.PerSecond()/limit.PerSecond())
			costs = append(costs, limit.cpu/f.cpu)
			each = append(each, fmt.Sprintf("%.2f", speeds[round]))
		}
		fmt.Fprintf(out, "| %s | %.0f | %s | %.2f | %.1f | %.1f | %.0f | %.2f | %.0f | %.2f |\n", c.name,
			median(rounds[i], func(f figures) float64 { return f.PerSecond() }), strings.Join(each, " "), rig.Median(speeds),
			median(rounds[i], func(f figures) float64 { return milliseconds(f.Quantile(0.5)) }),
			median(rounds[i], func(f figures) float64 { return milliseconds(f.Quantile(0.99)) }),
			median(rounds[i], func(f figures) float64 { return f.cpu }), rig.Median(costs),
			median(rounds[i], func(f figures) float64 { return float64(f.rss) / (1 << 20) }),
			median(rounds[i], func(f figures) float64 { return f.calls }))
	}
}

func median(rounds []figures, of func(figures) float64) float64 {
	values := make([]float64, len(rounds))
	for i, f := range rounds {
		values[i] = of(f)
	}
	return rig.Median(values)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
