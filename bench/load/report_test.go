package main

import (
	"math"
	"strings"
	"testing"
	"time"

	"vestibule.example/bench/rig"
)

func point(sessions int, memory, rss int64) pair {
	of := func(cpu float64) []figures {
		return []figures{{Figures: rig.Figures{Requests: 10, Took: time.Second, Latencies: []time.Duration{time.Millisecond}}, cpu: cpu, rss: rss, redisMemory: memory}}
	}
	return pair{sessions: sessions, connections: 1, min: of(100), gateway: of(200)}
}

// The model is fitted to the rows before the last, and says how far it is from that.
func TestTheModelDoesNotSeeWhatItIsJudgedBy(t *testing.T) {
	rows := []pair{point(10, 1<<20+10*4000, 40<<20), point(100, 1<<20+100*4000, 40<<20), point(1000, 1<<20+1000*4000, 40<<20)}
	line := fit(rows, pair.redisMemory)
	if math.Abs(line.each-4000) > 1 || math.Abs(line.at(10_000)-(1<<20+10_000*4000)) > 1000 {
		t.Errorf("the line is %+v, want 1 MiB and 4000 a session", line)
	}
	var out strings.Builder
	if err := report(&out, append(rows, point(10_000, 2*(1<<20+10_000*4000), 20<<20)), nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1.0 MiB + 4000 B a session | 39.1 MiB | 78.3 MiB | +100 %", "| 40.0 MiB | 20.0 MiB | -50 % |", "| 10 | 1 | 10 | 10 | 1.00 | 1.0 |"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, &out)
		}
	}
}

func TestNumbers(t *testing.T) {
	if got, err := numbers("1,10,100"); err != nil || len(got) != 3 || got[2] != 100 {
		t.Errorf("numbers = %v, %v", got, err)
	}
	for _, bad := range []string{"", "1,1", "2,1", "0", "a"} {
		if got, err := numbers(bad); err == nil {
			t.Errorf("numbers(%q) = %v", bad, got)
		}
	}
}
