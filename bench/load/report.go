package main

import (
	"fmt"
	"io"
	"math"
	"time"

	"vestibule.example/bench/rig"
)

// pair is both targets under one load.
type pair struct {
	sessions, connections int
	min, gateway          []figures
}

// middle is the median of what a measurement gave.
func middle(of []figures, what func(figures) float64) float64 {
	values := make([]float64, len(of))
	for i, f := range of {
		values[i] = what(f)
	}
	return rig.Median(values)
}

func (p pair) ratio() float64 {
	values := make([]float64, len(p.min))
	for i := range p.min {
		values[i] = p.gateway[i].PerSecond() / p.min[i].PerSecond()
	}
	return rig.Median(values)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

const head = `| sessions | at once | requests/s | min's | to min | p50 ms | p99 ms | min's p50 | min's p99 | CPU µs/request | min's | Redis CPU µs/request | Redis commands/request | RSS MiB, a replica | Redis MiB |
|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
`

func (p pair) row() string {
	g, m := p.gateway, p.min
	quantile := func(of []figures, q float64) float64 {
		return middle(of, func(f figures) float64 { return ms(f.Quantile(q)) })
	}
	return fmt.Sprintf("| %d | %d | %.0f | %.0f | %.2f | %.1f | %.1f | %.1f | %.1f | %.0f | %.0f | %.0f | %.2f | %.1f | %.1f |\n",
		p.sessions, p.connections, middle(g, figures.PerSecond), middle(m, figures.PerSecond), p.ratio(),
		quantile(g, 0.5), quantile(g, 0.99), quantile(m, 0.5), quantile(m, 0.99),
		middle(g, func(f figures) float64 { return f.cpu }), middle(m, func(f figures) float64 { return f.cpu }),
		middle(g, func(f figures) float64 { return f.redisCPU }), middle(g, func(f figures) float64 { return f.commands }),
		p.rss()/(1<<20), p.redisMemory()/(1<<20))
}

func (p pair) rss() float64 {
	return middle(p.gateway, func(f figures) float64 { return float64(f.rss) })
}

func (p pair) redisMemory() float64 {
	return middle(p.gateway, func(f figures) float64 { return float64(f.redisMemory) })
}

func (p pair) cpu() float64 { return middle(p.gateway, func(f figures) float64 { return f.cpu }) }

// report prints the tables, and the model beside the last point, which it has not seen.
func report(out io.Writer, grown, crowded []pair) error {
	fmt.Fprintf(out, "\n## More and more sessions\n\n%s", head)
	for _, p := range grown {
		fmt.Fprint(out, p.row())
	}
	fmt.Fprintf(out, "\n## More and more at once\n\n%s", head)
	for _, p := range crowded {
		fmt.Fprint(out, p.row())
	}
	if len(grown) < 3 {
		return nil
	}
	seen, last := grown[:len(grown)-1], grown[len(grown)-1]
	redis := fit(seen, pair.redisMemory)
	rss := fit(seen, pair.rss)
	cpu := 0.0
	for _, p := range seen {
		cpu = max(cpu, p.cpu())
	}
	fmt.Fprintf(out, "\n## The model, from the rows before the last, beside the last\n\n| | model | at %d sessions | measured | off by |\n|---|---|---:|---:|---:|\n", last.sessions)
	line := func(what, model string, says, is float64, unit string) {
		fmt.Fprintf(out, "| %s | %s | %.1f %s | %.1f %s | %+.0f %% |\n", what, model, says, unit, is, unit, 100*(is-says)/says)
	}
	n := float64(last.sessions)
	line("memory of the redis-server", fmt.Sprintf("%.1f MiB + %.0f B a session", redis.base/(1<<20), redis.each), redis.at(n)/(1<<20), last.redisMemory()/(1<<20), "MiB")
	line("memory of a replica", fmt.Sprintf("%.1f MiB + %.0f B a session", rss.base/(1<<20), rss.each), rss.at(n)/(1<<20), last.rss()/(1<<20), "MiB")
	line("CPU of the gateways", "the most of a request before", cpu, last.cpu(), "µs")
	each := (last.redisMemory() - grown[0].redisMemory()) / float64(last.sessions-grown[0].sessions)
	fmt.Fprintf(out, "\nA thousand people who are signed in take %.1f MiB in the redis-server; if each asks for the page every 30 s, %.2f of a core in the gateways and %.3f in the redis-server.\n",
		each*1000/(1<<20), 1000.0/30*last.cpu()/1e6, 1000.0/30*middle(last.gateway, func(f figures) float64 { return f.redisCPU })/1e6)
	return nil
}

// straight is a line: so much, and so much for each session.
type straight struct{ base, each float64 }

func (s straight) at(n float64) float64 { return s.base + s.each*n }

// fit is the line of least squares.
func fit(points []pair, of func(pair) float64) straight {
	var n, sx, sy, sxx, sxy float64
	for _, p := range points {
		x, y := float64(p.sessions), of(p)
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	d := n*sxx - sx*sx
	if math.Abs(d) < 1e-9 {
		return straight{base: sy / n}
	}
	each := (n*sxy - sx*sy) / d
	return straight{(sy - each*sx) / n, each}
}
