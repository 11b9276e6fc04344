package fault_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vestibule.example/demo/fault"
)

const goodBody = `{"items":[{"id":"p-1","name":"Lamp"},{"id":"p-2","name":"Chair, very comfortable, in oak and wool"}]}`

// startServer serves goodBody as orders behind a Control.
func startServer(t *testing.T, rules ...fault.Rule) (*fault.Control, *httptest.Server) {
	t.Helper()
	control := fault.New(fault.Config{})
	if err := control.Set(rules...); err != nil {
		t.Fatalf("Set: %v", err)
	}
	server := httptest.NewServer(control.Wrap("orders", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("ETag", `"1"`)
		_, _ = io.WriteString(w, goodBody)
	})))
	t.Cleanup(server.Close)
	t.Cleanup(control.Close)
	// Without keep-alive the client never repeats a request by itself.
	server.Client().Transport.(*http.Transport).DisableKeepAlives = true
	return control, server
}

func get(t *testing.T, server *httptest.Server, path string) (*http.Response, string, error) {
	t.Helper()
	response, err := server.Client().Get(server.URL + path)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return response, string(body), err
}

func TestAnswersOverTheWire(t *testing.T) {
	for _, test := range []struct {
		name        string
		rule        fault.Rule
		status      int
		contentType string
		body        string // exact, unless empty
		check       func(*testing.T, *http.Response, string)
	}{
		{name: "a rule for another server leaves the answer alone", rule: fault.Rule{Target: "catalog", Drop: true}, status: 200, contentType: "application/json", body: goodBody},
		{name: "a rule for another path leaves the answer alone", rule: fault.Rule{Target: "orders", PathPrefix: "/else", Drop: true}, status: 200, contentType: "application/json", body: goodBody},
		{name: "a rule for another method leaves the answer alone", rule: fault.Rule{Target: "orders", Method: "POST", Drop: true}, status: 200, contentType: "application/json", body: goodBody},
		{name: "a status is a problem document", rule: fault.Rule{Target: "orders", Status: 503}, status: 503, contentType: "application/problem+json",
			check: func(t *testing.T, _ *http.Response, body string) {
				var problem struct{ Status int }
				if err := json.Unmarshal([]byte(body), &problem); err != nil || problem.Status != 503 {
					t.Errorf("body %q: %v", body, err)
				}
			}},
		{name: "an HTML error page", rule: fault.Rule{Target: "orders", Status: 502, Body: "<h1>Bad Gateway</h1>", ContentType: "text/html"}, status: 502, contentType: "text/html", body: "<h1>Bad Gateway</h1>"},
		{name: "a plain JSON error", rule: fault.Rule{Target: "orders", Status: 500, Body: `{"error":"no"}`}, status: 500, contentType: "application/json", body: `{"error":"no"}`},
		{name: "an error without body or type", rule: fault.Rule{Target: "orders", Status: 500, Empty: true}, status: 500,
			check: func(t *testing.T, _ *http.Response, body string) {
				if body != "" {
					t.Errorf("body %q, want none", body)
				}
			}},
		{name: "garbage under a good status", rule: fault.Rule{Target: "orders", Garbage: true}, status: 200, contentType: "application/json",
			check: func(t *testing.T, _ *http.Response, body string) {
				if body == "" || json.Valid([]byte(body)) {
					t.Errorf("body %q, want garbage", body)
				}
			}},
		{name: "half of the JSON as a whole message", rule: fault.Rule{Target: "orders", Cut: true}, status: 200, contentType: "application/json", body: goodBody[:len(goodBody)/2]},
		{name: "a slow drip arrives whole", rule: fault.Rule{Target: "orders", Drip: time.Millisecond}, status: 200, contentType: "application/json", body: goodBody},
		{name: "a wrong content type over the true body", rule: fault.Rule{Target: "orders", ContentType: "text/html"}, status: 200, contentType: "text/html", body: goodBody},
		{name: "headers set and removed", rule: fault.Rule{Target: "orders", Header: map[string]string{"etag": "", "retry-after": "7"}}, status: 200, contentType: "application/json", body: goodBody,
			check: func(t *testing.T, response *http.Response, _ string) {
				if response.Header.Get("Retry-After") != "7" || response.Header.Values("ETag") != nil {
					t.Errorf("header %v", response.Header)
				}
			}},
		{name: "latency before the true answer", rule: fault.Rule{Target: "orders", Latency: 2 * time.Millisecond}, status: 200, contentType: "application/json", body: goodBody},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, server := startServer(t, test.rule)
			response, body, err := get(t, server, "/orders")
			if err != nil {
				t.Fatal(err)
			}
			if got := response.Header.Get("Content-Type"); response.StatusCode != test.status || got != test.contentType {
				t.Errorf("got %d %q, want %d %q", response.StatusCode, got, test.status, test.contentType)
			}
			if test.body != "" && body != test.body {
				t.Errorf("body %q, want %q", body, test.body)
			}
			if test.check != nil {
				test.check(t, response, body)
			}
		})
	}
}

func TestDroppedConnectionIsAnErrorWithoutAnswer(t *testing.T) {
	control, server := startServer(t, fault.Rule{Target: "orders", Drop: true})
	if response, _, err := get(t, server, "/"); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, %v; want EOF", response, err)
	}
	if calls := control.Calls("orders"); len(calls) != 1 || calls[0].Status != 0 {
		t.Errorf("calls %+v, want one without a status", calls)
	}
}

func TestTruncatedBodyBreaksOffUnderTheWholeLength(t *testing.T) {
	_, server := startServer(t, fault.Rule{Target: "orders", Truncate: true})
	response, body, err := get(t, server, "/")
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("got %v, want an unexpected end", err)
	}
	if response.ContentLength != int64(len(goodBody)) || body != goodBody[:len(goodBody)/2] {
		t.Errorf("length %d and body %q", response.ContentLength, body)
	}
}

func TestHangEndsWhenTheClientGoes(t *testing.T) {
	for _, method := range []string{"GET", "POST"} { // a body must not keep the server from noticing
		t.Run(method, func(t *testing.T) {
			control, server := startServer(t, fault.Rule{Target: "orders", Hang: true})
			ctx, cancel := context.WithCancel(t.Context())
			request, _ := http.NewRequestWithContext(ctx, method, server.URL, strings.NewReader(`{}`))
			failed := make(chan error, 1)
			go func() {
				response, err := server.Client().Do(request)
				if err == nil {
					_ = response.Body.Close()
				}
				failed <- err
			}()
			awaitCall(t, control, func(call fault.Call) bool { return !call.Done })
			cancel()
			if err := <-failed; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want the cancellation", err)
			}
			awaitCall(t, control, func(call fault.Call) bool { return call.Done && call.Status == 0 })
		})
	}
}

func TestLatencyEndsWhenTheClientGoes(t *testing.T) {
	control, server := startServer(t, fault.Rule{Target: "orders", Latency: time.Minute})
	ctx, cancel := context.WithCancel(t.Context())
	request, _ := http.NewRequestWithContext(ctx, "POST", server.URL, strings.NewReader(`{}`))
	failed := make(chan error, 1)
	go func() {
		response, err := server.Client().Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		failed <- err
	}()
	awaitCall(t, control, func(call fault.Call) bool { return !call.Done })
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the cancellation", err)
	}
	awaitCall(t, control, func(call fault.Call) bool { return call.Done && call.Status == 0 })
}

func TestRemovingTheRuleReleasesWhatHangs(t *testing.T) {
	for name, release := range map[string]func(*fault.Control){
		"clear": func(c *fault.Control) { c.Clear("orders") },
		"close": func(c *fault.Control) { c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			control, server := startServer(t, fault.Rule{Target: "orders", Hang: true})
			failed := make(chan error, 1)
			go func() {
				response, err := server.Client().Get(server.URL)
				if err == nil {
					_ = response.Body.Close()
				}
				failed <- err
			}()
			awaitCall(t, control, func(call fault.Call) bool { return !call.Done })
			release(control)
			if err := <-failed; err == nil {
				t.Error("got an answer, want a broken connection")
			}
			if _, body, err := get(t, server, "/"); err != nil || body != goodBody {
				t.Errorf("afterwards: %q, %v", body, err)
			}
		})
	}
}

func TestLatencyLetsTheBodyThrough(t *testing.T) {
	control := fault.New(fault.Config{})
	if _, err := control.Add(fault.Rule{Target: "orders", Latency: time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(control.Wrap("orders", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	})))
	defer server.Close()
	sent := strings.Repeat("0123456789", 20_000) // more than is read ahead
	response, err := server.Client().Post(server.URL, "text/plain", strings.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if got, _ := io.ReadAll(response.Body); string(got) != sent {
		t.Errorf("%d bytes came through, want %d", len(got), len(sent))
	}
}

func TestTimesConcernsTheNextRequestsOnly(t *testing.T) {
	control, server := startServer(t, fault.Rule{Target: "orders", Status: 503, Times: 2})
	var got []int
	for range 4 {
		response, _, err := get(t, server, "/")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, response.StatusCode)
	}
	if want := []int{503, 503, 200, 200}; got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] {
		t.Errorf("statuses %v, want %v", got, want)
	}
	if rules := control.Rules(); len(rules) != 0 {
		t.Errorf("rules %v are left", rules)
	}
}

func TestRulesWorkTogether(t *testing.T) {
	control, server := startServer(t,
		fault.Rule{Target: "orders", Latency: time.Millisecond, Header: map[string]string{"X-Old": "old", "X-Both": "old"}},
		fault.Rule{Target: "orders", Status: 500, Times: 1},
		fault.Rule{Target: "orders", Status: 404, Times: 1, Header: map[string]string{"X-Both": "new"}},
	)
	for _, want := range []int{404, 500, 200} { // the newest effect first; the other waits for its turn
		response, _, err := get(t, server, "/")
		if err != nil || response.StatusCode != want || response.Header.Get("X-Old") != "old" {
			t.Fatalf("got %v, %v; want %d and the older header", response, err, want)
		}
		if got := response.Header.Get("X-Both"); (want == 404) != (got == "new") {
			t.Errorf("with %d X-Both is %q", want, got)
		}
	}
	if got := control.Calls("")[0].Fault; got != "answer 404, change headers, next 1; wait 1ms, change headers" {
		t.Errorf("fault of the first call: %q", got)
	}
}

func TestWrongRulesAreRefusedWhole(t *testing.T) {
	for name, rule := range map[string]fault.Rule{
		"no target":            {Drop: true},
		"an unknown target":    {Target: "moon", Drop: true},
		"nothing to do":        {Target: "orders"},
		"two effects":          {Target: "orders", Drop: true, Hang: true},
		"status 99":            {Target: "orders", Status: 99},
		"a negative latency":   {Target: "orders", Latency: -1},
		"hours of latency":     {Target: "orders", Latency: time.Hour},
		"a path without slash": {Target: "orders", Drop: true, PathPrefix: "orders"},
		"a method in small":    {Target: "orders", Drop: true, Method: "get"},
		"a header injection":   {Target: "orders", Header: map[string]string{"X": "a\r\nSet-Cookie: b"}},
		"negative times":       {Target: "orders", Drop: true, Times: -1},
		"a huge body":          {Target: "orders", Body: strings.Repeat("x", 1<<20+1)},
	} {
		t.Run(name, func(t *testing.T) {
			control := fault.New(fault.Config{})
			if err := control.Set(fault.Rule{Target: "orders", Drop: true}); err != nil {
				t.Fatal(err)
			}
			if err := control.Set(fault.Rule{Target: "orders", Hang: true}, rule); err == nil {
				t.Error("Set took it")
			}
			if _, err := control.Add(rule); err == nil {
				t.Error("Add took it")
			}
			if rules := control.Rules(); len(rules) != 1 || !rules[0].Drop {
				t.Errorf("rules are now %v", rules)
			}
		})
	}
}

// awaitCall waits until the newest call of orders is as wanted.
func awaitCall(t *testing.T, control *fault.Control, wanted func(fault.Call) bool) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for {
		if calls := control.Calls("orders"); len(calls) > 0 && wanted(calls[len(calls)-1]) {
			return
		}
		select {
		case <-ticker.C:
		case <-t.Context().Done():
			t.Fatal("the call did not come to that")
		}
	}
}
