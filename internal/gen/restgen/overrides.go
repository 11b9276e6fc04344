package restgen

import (
	"fmt"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// Bounds of what a field may say in place of its API: those of apis.NAME.timeout, and a day.
const (
	shortestTimeout, longestTimeout = 10 * time.Millisecond, 5 * time.Minute
	shortestKept, longestKept       = time.Second, 24 * time.Hour
)

// notKept is what the argument cache says of an answer that is not kept.
const notKept = "none"

// overrides are a call's own values for what its API sets for all calls.
type overrides struct {
	timeout time.Duration
	keep    time.Duration // negative: not at all
}

// readOverrides reads timeout and cache.
func (p *Plan) readOverrides(c *call, d *ast.Directive) {
	if said := argument(d, "timeout"); said != "" {
		c.own.timeout = p.readDuration(c, "timeout", said, shortestTimeout, longestTimeout)
	}
	said := argument(d, "cache")
	switch {
	case said == "":
	case c.op.method != "get":
		p.faults.at(c.at("cache"), "cache", "%s: answers to GET alone are kept: want no cache", c.name())
	case said == notKept:
		c.own.keep = -1
	default:
		c.own.keep = p.readDuration(c, "cache", said, shortestKept, longestKept)
	}
}

func (p *Plan) readDuration(c *call, name, said string, shortest, longest time.Duration) time.Duration {
	d, err := time.ParseDuration(said)
	if err != nil || d < shortest || d > longest {
		also := ""
		if name == "cache" {
			also = ", or none"
		}
		p.faults.at(c.at(name), "duration", "%s: %s is %q: want a time from %s to %s, such as 2s%s", c.name(), name, said, shortest, longest, also)
	}
	return d
}

// text are the members of clients.Call.
func (o overrides) text() string {
	text := ""
	if o.timeout > 0 {
		text += ", Timeout: " + durationText(o.timeout)
	}
	switch {
	case o.keep < 0:
		text += ", Keep: clients.NotKept"
	case o.keep > 0:
		text += ", Keep: " + durationText(o.keep)
	}
	return text
}

// durationText is a time in Go.
func durationText(d time.Duration) string {
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "Hour"}, {time.Minute, "Minute"}, {time.Second, "Second"}, {time.Millisecond, "Millisecond"}} {
		if d%unit.size == 0 {
			return fmt.Sprintf("%d * time.%s", d/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%d * time.Nanosecond", d)
}
