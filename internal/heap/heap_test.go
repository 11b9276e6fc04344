package heap

import (
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"testing"
)

func TestPercent(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		name               string
		floor, live, roots int64
		want               int
	}{
		{"a small heap", 64 * mib, 8 * mib, 0, 700},
		{"stacks count too", 64 * mib, 4 * mib, mib, 1200},
		{"half of it lives", 64 * mib, 32 * mib, 0, 100},
		{"above the floor", 64 * mib, 200 * mib, 10 * mib, 100},
		{"before the first collection, when the runtime takes 4 MiB for granted", 64 * mib, 0, 0, 1600},
		{"a floor of nothing", 0, 4 * mib, 0, 100},
	} {
		if got := percent(c.floor, c.live, c.roots); got != c.want {
			t.Errorf("%s: percent = %d, want %d", c.name, got, c.want)
		}
	}
}

// The process of this test has a floor of its own, which the other tests must not share.
const child = "HEAP_TEST_FLOOR"

func TestMain(m *testing.M) {
	if os.Getenv(child) != "" {
		Floor(32 << 20)
		os.Stdout.WriteString(strconv.FormatInt(goal(2<<20), 10) + " " + strconv.FormatInt(goal(100<<20), 10) + "\n")
		return
	}
	os.Exit(m.Run())
}

// goal is the size at which the collector begins when the given bytes live.
func goal(live int) int64 {
	kept := make([]byte, live)
	sample := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
	// The percentage is set by a finalizer, which runs some time after a collection: what counts is where it comes to rest.
	for last := uint64(0); ; last = sample[0].Value.Uint64() {
		runtime.GC()
		done := make(chan struct{})
		runtime.SetFinalizer(&struct{ _ *byte }{}, func(any) { close(done) })
		runtime.GC()
		<-done
		if metrics.Read(sample); sample[0].Value.Uint64() == last {
			break
		}
	}
	runtime.KeepAlive(kept)
	return int64(sample[0].Value.Uint64()) //nolint:gosec // The runtime's numbers are below 2^63.
}

func TestFloor(t *testing.T) {
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), child+"=1", "GOGC=100")
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	small, large, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	for _, c := range []struct {
		what, got   string
		least, most int64
	}{
		{"with 2 MiB alive", small, 24 << 20, 40 << 20},
		{"with 100 MiB alive", large, 180 << 20, 220 << 20},
	} {
		if got, err := strconv.ParseInt(c.got, 10, 64); err != nil || got < c.least || got > c.most {
			t.Errorf("%s: the collector begins at %s bytes, want %d to %d (%v)", c.what, c.got, c.least, c.most, err)
		}
	}
}

// A limit of memory bounds the floor: an eighth of it at the most.
func TestFloorBelowAMemoryLimit(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	defer debug.SetGCPercent(debug.SetGCPercent(least))
	debug.SetMemoryLimit(8 << 20)
	Floor(1 << 40)
	if got := debug.SetGCPercent(least); got > 200 {
		t.Errorf("GOGC is %d, which lets the heap grow beyond an eighth of the limit", got)
	}
}
