// Package heap keeps Go's garbage collector from working on a heap that is too small to be worth it.
//
// By default (GOGC=100) the collector begins again when the heap has grown to twice its live size. A gateway with 5 MiB of live heap, which
// makes many short-lived objects for each request, is collected tens of times a second, and each time all that lives is marked. With a
// floor the collector begins when the heap has that size, however little of it lives; above the floor GOGC is 100 again, and a limit by
// [debug.SetMemoryLimit] holds as ever.
package heap

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Default is the gateway's floor, in bytes. With few users 5 MiB of its heap are live, and the collector would run after every 5 MiB.
const Default = 64 << 20

// least is GOGC's own default, below which a floor never goes.
const least = 100

// Floor lets the heap grow to the given bytes before the collector begins, from now on and for the rest of the process. The floor is at most
// an eighth of the memory limit. Call it once, and not if an operator has set GOGC.
func Floor(bytes int64) {
	bytes = min(bytes, debug.SetMemoryLimit(-1)/8)
	set := least
	adjust := func() {
		samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}
		metrics.Read(samples)
		value := func(i int) int64 { return int64(samples[i].Value.Uint64()) } //nolint:gosec // The runtime's numbers are below 2^63.
		// A change stops the world for a moment, so small ones are not made.
		if wanted := percent(bytes, value(0), value(1)+value(2)); wanted < set-set/8 || wanted > set+set/8 {
			debug.SetGCPercent(wanted)
			set = wanted
		}
	}
	adjust()
	afterEach(adjust)
}

// percent is the GOGC with which the collector begins when the heap has the given bytes. The runtime lets the heap grow to its live size plus
// GOGC percent of that and of the roots, and in any case to GOGC percent of 4 MiB.
func percent(bytes, live, roots int64) int {
	byLive := float64(max(bytes-live, 0)) / float64(max(live+roots, 1))
	return max(int(100*min(byLive, float64(bytes)/(4<<20))), least)
}

// afterEach calls f after each collection: as the finalizer of an object that nothing refers to, which sets itself again each time.
func afterEach(f func()) {
	type found struct{ _ *byte } // with a pointer, so that it shares no block with others
	var again func(*found)
	again = func(object *found) {
		f()
		runtime.SetFinalizer(object, again)
	}
	runtime.SetFinalizer(&found{}, again)
}
