package clients_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/clients"
)

type numbered struct {
	N int `json:"n"`
}

var errEnough = errors.New("enough")

// streaming answers with an event stream of those parts; the last breaks off.
func streaming(parts ...string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		readers := make([]io.Reader, len(parts))
		for i, p := range parts {
			readers[i] = strings.NewReader(p)
		}
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream; charset=utf-8"}}, ContentLength: -1, Body: io.NopCloser(io.MultiReader(readers...))}, nil
	}
}

// silent answers with an event stream that says nothing more after a while.
func silent(text string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		from, to := io.Pipe()
		go func() {
			io.WriteString(to, text)
			<-r.Context().Done()
			to.CloseWithError(r.Context().Err())
		}()
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, ContentLength: -1, Body: from}, nil
	}
}

// follow gives the events' kinds and values, and how it ended. It has enough after so many.
func follow(ctx context.Context, api *clients.API, enough int) (got []string, err error) {
	err = clients.Events(ctx, api, clients.At("/events"), nil, func(_ context.Context, kind string, value numbered) error {
		got = append(got, kind+string(rune('0'+value.N)))
		if len(got) == enough {
			return errEnough
		}
		return nil
	})
	return got, err
}

// What an event stream says is read as the standard wants, however it is cut and whatever ends its lines.
func TestAnEventStreamIsRead(t *testing.T) {
	for _, c := range []struct {
		name  string
		parts []string
		want  []string
	}{
		{"line ends", []string{"data:{\"n\":1}\n\ndata: {\"n\":2}\r\rdata: {\"n\":3}\r\n\r\n"}, []string{"1", "2", "3"}},
		{"cut anywhere", strings.Split("event: a\r\ndata: {\"n\":1}\r\n\r\nevent: b\rdata: {\"n\":2}\r\r", ""), []string{"a1", "b2"}},
		{"a byte order mark and comments", []string{"\xef\xbb\xbfdata: {\"n\":1}\n\n: hello\n\ndata: {\"n\":2}\n\n"}, []string{"1", "2"}},
		{"data of several lines, unknown fields", []string{"data: {\ndata: \"n\"\nfoo: bar\ndata\ndata: :1}\n\n"}, []string{"1"}},
		{"a kind without data", []string{"event: a\n\ndata: {\"n\":1}\n\n"}, []string{"1"}},
		{"an event that the stream ends within", []string{"data: {\"n\":1}\n\ndata: {\"n\":2}\n"}, []string{"1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := &counting{answers: []func(*http.Request) (*http.Response, error){streaming(c.parts...), status(204)}}
				got, err := follow(t.Context(), u.api(t, nil), 0)
				if err != nil || !slices.Equal(got, c.want) {
					t.Errorf("%q, %v, want %q", got, err, c.want)
				}
			})
		})
	}
}

// A stream that breaks off is asked for again where it was, when the API wants it.
func TestAnEventStreamGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		var at []time.Duration
		began := time.Now()
		note := func(next func(*http.Request) (*http.Response, error)) func(*http.Request) (*http.Response, error) {
			return func(r *http.Request) (*http.Response, error) {
				asked, at = append(asked, r.Header.Get("Last-Event-Id")+" "+r.Header.Get("Accept")), append(at, time.Since(began))
				return next(r)
			}
		}
		u := &counting{answers: []func(*http.Request) (*http.Response, error){
			note(streaming("id: e0\nretry: 4000\ndata: {\"n\":1}\n\nid: e1\n\nid: half\ndata: {}\n")), note(status(503)), note(unreachable),
			note(streaming("data: {\"n\":2}\n\nid: \xff\ndata: {\"n\":3}\n\n")), note(silent("id\ndata: {\"n\":4}\n\n")), note(status(204)),
		}}
		got, err := follow(t.Context(), u.api(t, nil), 0)
		if err != nil || !slices.Equal(got, []string{"1", "2", "3", "4"}) {
			t.Errorf("%q, %v", got, err)
		}
		const accept = " text/event-stream"
		if want := []string{accept, "e1" + accept, "e1" + accept, "e1" + accept, "e1" + accept, accept}; !slices.Equal(asked, want) {
			t.Errorf("asked %q, want %q", asked, want)
		}
		for i, most := range []time.Duration{0, 4 * time.Second, 4 * time.Second, 8 * time.Second, 4 * time.Second, 2*time.Minute + 4*time.Second} {
			if waited := at[i] - at[max(i-1, 0)]; waited > most || waited < most/2 {
				t.Errorf("stream %d was asked for after %s, want at most %s and at least half", i, waited, most)
			}
		}
	})
}

// What does not pass ends it, and so does what lasts too long.
func TestAnEventStreamEnds(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(*http.Request) (*http.Response, error)
		code   clients.Code
		took   time.Duration
	}{
		{"no such thing", status(404), clients.CodeNotFound, 0},
		{"not hers", status(403), clients.CodeForbidden, 0},
		{"no event stream", status(200), clients.CodeUpstreamInvalid, 0},
		{"a coding that was not asked for", status(200, "Content-Type", "text/event-stream", "Content-Encoding", "gzip"), clients.CodeUpstreamInvalid, 0},
		{"no JSON", streaming("data: {\n\n"), clients.CodeUpstreamInvalid, 0},
		{"no end", streaming("data: " + strings.Repeat("x", 2000) + "\n\n"), clients.CodeUpstreamInvalid, 0},
		{"no end of a line", silent("data: " + strings.Repeat("x", 2000)), clients.CodeUpstreamInvalid, 0},
		{"no end of lines", streaming(strings.Repeat(": x\n", 500)), clients.CodeUpstreamInvalid, 0},
		{"out of order for long", status(503), clients.CodeUpstreamUnavailable, 2 * time.Minute},
		{"no answer for long", hanging, clients.CodeUpstreamTimeout, 2 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := &counting{answers: []func(*http.Request) (*http.Response, error){c.answer}}
				began := time.Now()
				got, err := follow(t.Context(), u.api(t, func(cfg *clients.Config) { cfg.MaxResponseBytes, cfg.Breaker.Failures = 1000, -1 }), 0)
				if took := time.Since(began); codeOf(err) != c.code || len(got) > 0 || took < c.took || took > c.took+time.Minute {
					t.Errorf("%q, %v after %s, want %s after %s", got, err, took, c.code, c.took)
				}
			})
		})
	}
}

// SSE-3, WS-11: whoever follows no more is followed by nobody: the API's stream is closed, and the cause is told.
func TestAFollowerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var left context.Context
		u := &counting{answers: []func(*http.Request) (*http.Response, error){func(r *http.Request) (*http.Response, error) {
			left = r.Context()
			return silent("data: {\"n\":1}\n\n")(r)
		}}}
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Hour, func() { cancel(errEnough) })
		if got, err := follow(ctx, u.api(t, nil), 0); !errors.Is(err, errEnough) || len(got) == 0 || left.Err() == nil {
			t.Errorf("%q, %v, the last request's context %v, want the cause and a request that is cancelled", got, err, left.Err())
		}
		if got, err := follow(t.Context(), u.api(t, nil), 1); !errors.Is(err, errEnough) || len(got) != 1 || left.Err() == nil {
			t.Errorf("%q, %v, the last request's context %v, want the error and a request that is cancelled", got, err, left.Err())
		}
	})
}

// An open stream holds no place among the API's calls, and an event tells that answers kept before it are old.
func TestAnOpenStreamAndOtherCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		api := newFake(t, func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/events" {
				return silent("data: {\"n\":1}\n\n")(r)
			}
			asked++
			return status(200, "Cache-Control", "max-age=600")(r)
		}, func(cfg *clients.Config) {
			cfg.Concurrency, cfg.Cache.MaxBytes = 1, 1<<20
			cfg.Identity = func(context.Context) (clients.IdentityKey, error) { return clients.SessionIdentity("alice", "s"), nil }
		})
		defer api.Close()
		get := func(ctx context.Context) error {
			_, err := clients.Get[clients.None](ctx, api, clients.At("/things"), nil)
			return err
		}
		if err := errors.Join(get(t.Context()), get(t.Context())); err != nil || asked != 1 {
			t.Fatalf("%d calls, %v, want one: the answer is kept", asked, err)
		}
		err := clients.Events(t.Context(), api, clients.At("/events"), nil, func(ctx context.Context, _ string, _ struct{}) error {
			return errors.Join(get(ctx), get(ctx), errEnough)
		})
		if !errors.Is(err, errEnough) || codeOf(err) != "" || asked != 2 {
			t.Errorf("%v, %d calls, want one more", err, asked)
		}
	})
}

// An API without an event stream is asked again and again; what has not changed is no event, and costs no body where the API
// has ETags.
func TestPolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var conditions []string
		n := 0
		api := newFake(t, func(r *http.Request) (*http.Response, error) {
			n++
			tag := `"` + string(rune('0'+n/3)) + `"`
			conditions = append(conditions, r.Header.Get("If-None-Match"))
			h := http.Header{"Content-Type": {jsonType}, "Etag": {tag}, "Cache-Control": {"private, no-cache"}}
			if n == 5 || n == 6 {
				return fakeAnswer(503, h, ""), nil
			}
			if r.Header.Get("If-None-Match") == tag {
				return fakeAnswer(304, h, ""), nil
			}
			return fakeAnswer(200, h, `{"n":`+string(rune('0'+n/3))+`}`), nil
		}, nil)
		began := time.Now()
		var got []int
		err := clients.Poll(t.Context(), api, clients.At("/things/{id}", "1"), nil, 10*time.Second, func(_ context.Context, value numbered) error {
			if got = append(got, value.N); len(got) == 4 {
				return errEnough
			}
			return nil
		})
		if want := []int{0, 1, 2, 3}; !errors.Is(err, errEnough) || !slices.Equal(got, want) || n != 9 {
			t.Errorf("%v, %v after %d calls, want %v after 9", got, err, n, want)
		}
		if want := []string{"", `"0"`, `"0"`, `"1"`, `"1"`, `"1"`, `"1"`, `"2"`, `"2"`}; !slices.Equal(conditions, want) {
			t.Errorf("If-None-Match = %q, want %q", conditions, want)
		}
		if took := time.Since(began); took < 70*time.Second || took > 110*time.Second {
			t.Errorf("took %s, want about ten seconds for each call", took)
		}
	})
}

// What is refused, or fails for long, ends the polling.
func TestPollingEnds(t *testing.T) {
	for code, c := range map[clients.Code]struct {
		status int
		took   time.Duration
	}{clients.CodeNotFound: {404, 0}, clients.CodeUpstreamInvalid: {302, 0}, clients.CodeUpstreamUnavailable: {503, 2 * time.Minute}} {
		synctest.Test(t, func(t *testing.T) {
			u := &counting{answers: []func(*http.Request) (*http.Response, error){status(c.status)}}
			began := time.Now()
			err := clients.Poll(t.Context(), u.api(t, func(cfg *clients.Config) { cfg.Breaker.Failures = -1 }), clients.At("/things"), nil, time.Second, func(context.Context, struct{}) error { return nil })
			if took := time.Since(began); codeOf(err) != code || took < c.took || took > c.took+time.Minute {
				t.Errorf("%d: %v after %s, want %s after %s", c.status, err, took, code, c.took)
			}
		})
	}
}

// What cannot be asked for is not, and what is held back is not sent: the follower gives up, or waits, as after any failure.
func TestWhatIsNotAskedFor(t *testing.T) {
	nowhere := clients.At("/things/{id}", "..")
	synctest.Test(t, func(t *testing.T) {
		u := &counting{answers: []func(*http.Request) (*http.Response, error){status(503)}}
		api := u.api(t, func(cfg *clients.Config) { cfg.Breaker = clients.Breaker{Failures: 1, Open: time.Hour} })
		if err := clients.Events(t.Context(), api, nowhere, nil, func(context.Context, string, clients.None) error { return nil }); err == nil {
			t.Error("events of a path that is none are followed")
		}
		if err := clients.Poll(t.Context(), api, nowhere, nil, time.Second, func(context.Context, clients.None) error { return nil }); err == nil {
			t.Error("a path that is none is polled")
		}
		if n := u.asked.Load(); n != 0 {
			t.Errorf("%d requests, want none", n)
		}
		_ = send(t.Context(), api, "GET")
		before, began := u.asked.Load(), time.Now()
		if _, err := follow(t.Context(), api, 0); codeOf(err) != clients.CodeUpstreamUnavailable || u.asked.Load() != before || time.Since(began) < 2*time.Minute {
			t.Errorf("behind an open breaker: %v after %s and %d requests", err, time.Since(began), u.asked.Load()-before)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		u := &counting{answers: []func(*http.Request) (*http.Response, error){hanging}}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		err := clients.Poll(ctx, u.api(t, nil), clients.At("/things"), nil, time.Second, func(context.Context, clients.None) error { return nil })
		if !errors.Is(err, context.Canceled) || time.Since(began) != time.Second {
			t.Errorf("polling by who has gone = %v after %s", err, time.Since(began))
		}
	})
}
