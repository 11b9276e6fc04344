package observe_test

import (
	"os"
	"testing"
)

// Files that are opened are counted, and closed ones are not; the limit is the process's own.
func TestOpenFiles(t *testing.T) {
	telemetry := newTelemetry(t)
	_, before := scrape(t, telemetry)
	files := make([]*os.File, 100) // The runtime may open and close some of its own meanwhile.
	for i := range files {
		var err error
		if files[i], err = os.Open(os.DevNull); err != nil {
			t.Fatal(err)
		}
	}
	_, during := scrape(t, telemetry)
	for _, f := range files {
		f.Close()
	}
	_, after := scrape(t, telemetry)
	const name = "vestibule_open_files"
	if more, fewer := during[name]-before[name], during[name]-after[name]; more < 90 || more > 110 || fewer < 90 || fewer > 110 || before[name] < 3 {
		t.Errorf("open files: %v, then %v with 100 more, then %v", before[name], during[name], after[name])
	}
	if got := during["vestibule_open_files_limit"]; got < during[name] {
		t.Errorf("the limit is %v, below the %v that are open", got, during[name])
	}
}
