package observe

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Series holds values by name and labels, as /metrics writes them: up{job="a"}.
type Series map[string]float64

// ReadMetrics reads what [Telemetry.Prometheus] writes.
func ReadMetrics(r io.Reader) (Series, error) {
	all := Series{}
	for lines := bufio.NewScanner(r); ; {
		if !lines.Scan() {
			return all, lines.Err()
		}
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		if at < 0 {
			return nil, fmt.Errorf("observe: no metric: %q", line)
		}
		v, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("observe: no value: %q", line)
		}
		all[line[:at]] = v
	}
}

// Sum adds up the series of a name that have all of the labels, each written as in /metrics: api="orders".
func (s Series) Sum(name string, labels ...string) float64 {
	sum := 0.0
series:
	for series, v := range s {
		own, rest, _ := strings.Cut(series, "{")
		if own != name {
			continue
		}
		for _, label := range labels {
			if !strings.Contains("{,"+strings.TrimSuffix(rest, "}")+",", ","+label+",") {
				continue series
			}
		}
		sum += v
	}
	return sum
}
