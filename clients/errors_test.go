package clients_test

import (
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule.example/clients"
)

type widget struct {
	ID    string    `json:"id"`
	Count int       `json:"count"`
	At    time.Time `json:"at"`
}

const (
	jsonType    = "application/json"
	problemType = "application/problem+json"
	// canary stands for what an API's body may hold: it must reach no public error (GQL-5).
	canary = "canary-4711"
	// manyBytes is beyond the limit that these tests set.
	manyBytes = 70_000
)

func drop(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		conn.Close()
	}
}

func zipped(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(status)
		z := gzip.NewWriter(w)
		z.Write([]byte(body))
		z.Close()
	}
}

// broken promises more than it sends.
func broken(status int, contentType, body string) http.HandlerFunc {
	return says(status, contentType, body, "Content-Length", "50000")
}

func streamed(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", jsonType)
		w.WriteHeader(status)
		http.NewResponseController(w).Flush()
		w.Write([]byte(body))
	}
}

// Every kind of answer that is not the promised one ends as one code (issue: errors that say what to do; GQL-5, GQL-8,
// GQL-10, GQL-16).
func TestEveryAnswerEndsAsOneCode(t *testing.T) {
	text := func(n int) string { return `"` + strings.Repeat("x", n) + `"` }
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, c := range []struct {
		name   string
		method string // GET unless given
		answer http.HandlerFunc
		want   clients.Error
	}{
		// Answers that claim success and are not what was promised.
		{"no body", "", says(200, jsonType, ""), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"a body of spaces", "", says(200, jsonType, " \r\n"), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"204 where a body was promised", "", says(204, "", ""), clients.Error{Code: "UPSTREAM_INVALID", Status: 204}},
		{"an HTML page", "", says(200, "text/html", "<h1>"+canary), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"JSON that calls itself HTML", "", says(200, "text/html", `{"id":"1"}`), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"JSON that calls itself nothing", "", says(200, "", `{"id":"1"}`), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"a content type that cannot be read", "", says(200, "application/json; =", `{"id":"1"}`), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"another charset", "", says(200, "application/json; charset=iso-8859-1", `{"id":"1"}`), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"an unknown content coding", "", says(200, jsonType, `{"id":"1"}`, "Content-Encoding", "br"), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"null", "", says(200, jsonType, "null"), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"null among spaces", "", says(200, jsonType, " null\n"), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"half the JSON", "", says(200, jsonType, `{"id":"`+canary), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"two values", "", says(200, jsonType, `{"id":"1"} {"id":"2"}`), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"a list for an object", "", says(200, jsonType, `[]`), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"a member of the wrong type", "", says(200, jsonType, `{"id":{"`+canary+`":1}}`), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"a number with a fraction", "", says(200, jsonType, `{"count":1.5}`), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"a time that is none", "", says(200, jsonType, `{"at":"`+canary+`"}`), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"nested too deep", "", says(200, jsonType, `{"x":`+nested(64)+`}`), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"a bomb of brackets", "", says(200, jsonType, strings.Repeat("[", 60_000)), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"too large, as declared", "", says(200, jsonType, "{}", "Content-Length", "1000000000000000"), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"too large, streamed", "", streamed(200, "{}"+strings.Repeat(" ", manyBytes)), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"too large once decompressed", "", zipped(200, jsonType, text(manyBytes)), clients.Error{Code: "UPSTREAM_INVALID", Status: 200}},
		{"a redirect to another host (GQL-10)", "", says(302, "", "", "Location", "http://evil.test/"), clients.Error{Code: "UPSTREAM_INVALID", Status: 302}},
		{"a redirect of a POST", "POST", says(307, "", "", "Location", "/elsewhere"), clients.Error{Code: "UPSTREAM_INVALID", Status: 307}},
		{"304 to a plain GET", "", says(304, "", ""), clients.Error{Code: "UPSTREAM_INVALID", Status: 304}},

		// Refusals.
		{"400", "", says(400, problemType, `{"detail":"`+canary+`"}`), clients.Error{Code: "BAD_USER_INPUT", Status: 400}},
		{"413", "POST", says(413, "", ""), clients.Error{Code: "BAD_USER_INPUT", Status: 413}},
		{"422", "POST", says(422, problemType, `{}`), clients.Error{Code: "BAD_USER_INPUT", Status: 422}},
		{"401", "", says(401, "text/html", canary), clients.Error{Code: "UNAUTHENTICATED", Status: 401}},
		{"401 of a token that is not good enough by scope", "", says(401, "", "", "WWW-Authenticate", `Bearer error="insufficient_scope"`), clients.Error{Code: "UNAUTHENTICATED", Status: 401}},
		{"403", "", says(403, jsonType, `{"error":"`+canary+`"}`), clients.Error{Code: "FORBIDDEN", Status: 403}},
		{"451", "", says(451, "", ""), clients.Error{Code: "FORBIDDEN", Status: 451}},
		{"404", "", says(404, "text/html", canary), clients.Error{Code: "NOT_FOUND", Status: 404}},
		{"410", "", says(410, "", ""), clients.Error{Code: "NOT_FOUND", Status: 410}},
		{"409", "POST", says(409, problemType, `{"type":"urn:`+canary+`"}`), clients.Error{Code: "CONFLICT", Status: 409}},
		{"412", "PUT", says(412, "", ""), clients.Error{Code: "CONFLICT", Status: 412}},
		{"423", "PUT", says(423, "", ""), clients.Error{Code: "CONFLICT", Status: 423}},
		{"405, our mistake", "", says(405, "", ""), clients.Error{Code: "UPSTREAM_INVALID", Status: 405}},
		{"415, our mistake", "POST", says(415, "", ""), clients.Error{Code: "UPSTREAM_INVALID", Status: 415}},
		{"418", "", says(418, "", ""), clients.Error{Code: "UPSTREAM_INVALID", Status: 418}},
		{"599", "", says(599, "", ""), clients.Error{Code: "UPSTREAM_UNAVAILABLE", Status: 599, Retryable: true}},
		{"a status beyond those of HTTP", "", says(600, "", ""), clients.Error{Code: "UPSTREAM_INVALID", Status: 600}},
		{"429 is never acted on", "POST", says(429, "", ""), clients.Error{Code: "RATE_LIMITED", Status: 429, Retryable: true}},
		{"429 that says when", "", says(429, "", "", "Retry-After", "7"), clients.Error{Code: "RATE_LIMITED", Status: 429, Retryable: true, RetryAfter: 7 * time.Second}},
		{"408 of a GET", "", says(408, "", ""), clients.Error{Code: "UPSTREAM_TIMEOUT", Status: 408, Retryable: true}},
		{"504 of a GET", "", says(504, "", "", "Retry-After", "3"), clients.Error{Code: "UPSTREAM_TIMEOUT", Status: 504, Retryable: true, RetryAfter: 3 * time.Second}},
		{"504 of a POST may have acted", "POST", says(504, "", ""), clients.Error{Code: "UPSTREAM_TIMEOUT", Status: 504}},
		{"500 of a GET", "", says(500, "text/html", canary), clients.Error{Code: "UPSTREAM_UNAVAILABLE", Status: 500, Retryable: true}},
		{"500 of a POST may have acted", "POST", says(500, "", ""), clients.Error{Code: "UPSTREAM_UNAVAILABLE", Status: 500}},
		{"502 of a POST may have acted", "POST", says(502, "", ""), clients.Error{Code: "UPSTREAM_UNAVAILABLE", Status: 502}},
		{"503 is never acted on", "POST", says(503, "", "", "Retry-After", "120"), clients.Error{Code: "UPSTREAM_UNAVAILABLE", Status: 503, Retryable: true, RetryAfter: 2 * time.Minute}},
		{"501 stays so", "", says(501, "", ""), clients.Error{Code: "UPSTREAM_UNAVAILABLE", Status: 501}},
		{"505 stays so", "", says(505, "", ""), clients.Error{Code: "UPSTREAM_UNAVAILABLE", Status: 505}},
		{"a refusal whose body breaks off is that refusal", "", broken(403, problemType, `{"title":`), clients.Error{Code: "FORBIDDEN", Status: 403}},
		{"a refusal whose body is too large is that refusal", "", says(404, problemType, text(manyBytes)), clients.Error{Code: "NOT_FOUND", Status: 404}},
		{"a refusal whose streamed body is too large is that refusal", "", streamed(409, text(manyBytes)), clients.Error{Code: "CONFLICT", Status: 409}},

		// No answer.
		{"the connection drops", "", drop, clients.Error{Code: "UPSTREAM_UNAVAILABLE", Retryable: true}},
		{"the connection drops at a POST", "POST", drop, clients.Error{Code: "UPSTREAM_UNAVAILABLE"}},
		{"the body breaks off", "", broken(200, jsonType, `{"id":"`+canary), clients.Error{Code: "UPSTREAM_UNAVAILABLE", Retryable: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := newUpstream(t, c.answer).api(t, func(cfg *clients.Config) { cfg.MaxResponseBytes = manyBytes })
			method := cmp.Or(c.method, "GET")
			got, err := clients.Do[widget](t.Context(), api, clients.Call{Method: method, Path: clients.At("/things/{id}", "t-1")})
			var e *clients.Error
			if !errors.As(err, &e) {
				t.Fatalf("Do = %+v, %v, want an *Error", got, err)
			}
			if got != (widget{}) {
				t.Errorf("value = %+v, want none beside an error", got)
			}
			if e.Code != c.want.Code || e.Status != c.want.Status || e.Retryable != c.want.Retryable || e.RetryAfter != c.want.RetryAfter || len(e.Fields) > 0 || e.StepUp != nil {
				t.Errorf("error = %+v\nwant    %+v", e, c.want)
			}
			if e.API != "orders" || e.Method != method || e.Path != "/things/{id}" {
				t.Errorf("error names %q %q %q, want API, method and template", e.API, e.Method, e.Path)
			}
			if text := e.Error(); strings.Contains(text, canary) || strings.Contains(text, "t-1") || strings.Contains(text, "127.0.0.1") {
				t.Errorf("the public error says too much: %s", text)
			}
			if e.Unwrap() == nil {
				t.Error("the error has no cause for the log")
			}
		})
	}
}

func TestGoodAnswers(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"JSON", says(200, jsonType, `{"id":"t-1"}`)},
		{"201", says(201, jsonType, `{"id":"t-1"}`)},
		{"with a charset", says(200, `Application/JSON; Charset="UTF-8"`, `{"id":"t-1"}`)},
		{"of a type of its own", says(200, "application/vnd.shop.thing+json; v=2", `{"id":"t-1"}`)},
		{"compressed", zipped(200, jsonType, `{"id":"t-1"}`)},
		{"streamed", streamed(200, `{"id":"t-1"}`)},
		{"with the identity coding", says(200, jsonType, `{"id":"t-1"}`, "Content-Encoding", "identity")},
		{"with members we do not know", says(200, jsonType, `{"id":"t-1","more":[[{"x":"]}"}]],"q":"\"]["}`)},
		{"nested as deep as allowed", says(200, jsonType, `{"id":"t-1","x":`+strings.Repeat("[", 63)+strings.Repeat("]", 63)+`}`)},
		{"with brackets in a text", says(200, jsonType, `{"id":"t-1","x":"\\\"`+strings.Repeat("[", 100)+`"}`)},
		{"as large as allowed", says(200, jsonType, `{"id":"t-1"}`+strings.Repeat(" ", manyBytes-12))},
		{"as large as allowed, streamed", streamed(200, `{"id":"t-1"}`+strings.Repeat(" ", manyBytes-12))},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := newUpstream(t, c.answer).api(t, func(cfg *clients.Config) { cfg.MaxResponseBytes = manyBytes })
			if got, err := clients.Get[widget](t.Context(), api, clients.At("/things"), nil); err != nil || got.ID != "t-1" {
				t.Errorf("Get = %+v, %v, want t-1", got, err)
			}
		})
	}
}

func TestNoneTakesAnyBody(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{"204": says(204, "", ""), "200 with a page": says(200, "text/html", "done"), "202": says(202, "", "")} {
		if _, err := clients.Delete[clients.None](t.Context(), newUpstream(t, answer).api(t, nil), clients.At("/things/{id}", "1")); err != nil {
			t.Errorf("%s: Delete = %v, want nil", name, err)
		}
	}
}

// An answer to HEAD has the length of a body and no body.
func TestHead(t *testing.T) {
	api := newUpstream(t, says(200, jsonType, "", "Content-Length", "500")).api(t, nil)
	if _, err := clients.Do[clients.None](t.Context(), api, clients.Call{Method: "HEAD", Path: clients.At("/things")}); err != nil {
		t.Errorf("HEAD = %v, want nil", err)
	}
}

// The API's own words about the input are the only ones of a body that go on, bounded and made safe to show.
func TestFieldsOfARefusal(t *testing.T) {
	long := strings.Repeat("ä", 400)
	for _, c := range []struct {
		name, contentType, body string
		want                    []clients.FieldError
	}{
		{"a list by field", problemType, `{"errors":[{"field":"city","message":"must not be empty"}]}`, []clients.FieldError{{Field: "city", Message: "must not be empty"}}},
		{"a list by pointer, as RFC 9457 shows it", problemType, `{"errors":[{"detail":"must be positive","pointer":"#/age"}]}`, []clients.FieldError{{Field: "/age", Message: "must be positive"}}},
		{"a list by name and reason", problemType, `{"errors":[{"name":"age","reason":"too young"}]}`, []clients.FieldError{{Field: "age", Message: "too young"}}},
		{"invalid-params, as RFC 7807 showed them", problemType, `{"invalid-params":[{"name":"age","reason":"too young"}]}`, []clients.FieldError{{Field: "age", Message: "too young"}}},
		{"a list of texts", problemType, `{"errors":["no such city"]}`, []clients.FieldError{{Message: "no such city"}}},
		{"an object of lists", problemType, `{"errors":{"b":["1","2"],"a":["3"]}}`, []clients.FieldError{{Field: "a", Message: "3"}, {Field: "b", Message: "1"}, {Field: "b", Message: "2"}}},
		{"an object of texts", problemType, `{"errors":{"city":"must not be empty"}}`, []clients.FieldError{{Field: "city", Message: "must not be empty"}}},
		{"an object of objects", problemType, `{"errors":{"city":{"message":"must not be empty"}}}`, []clients.FieldError{{Field: "city", Message: "must not be empty"}}},
		{"a field without a message", problemType, `{"errors":[{"field":"city"}]}`, []clients.FieldError{{Field: "city"}}},
		{"plain JSON", jsonType, `{"errors":[{"field":"city","message":"m"}]}`, []clients.FieldError{{Field: "city", Message: "m"}}},
		{"one fault of the wrong type among good ones", problemType, `{"title":1,"errors":[7,{"field":2,"message":"m"},{"field":"city","message":"m"},null]}`, []clients.FieldError{{Message: "m"}, {Field: "city", Message: "m"}}},
		{"a text", problemType, `{"errors":"city"}`, nil},
		{"a number", problemType, `{"errors":4}`, nil},
		{"null", problemType, `{"errors":null}`, nil},
		{"empty", problemType, `{"errors":[{}, [], ""]}`, nil},
		{"another member", jsonType, `{"error":"` + canary + `","message":"` + canary + `"}`, nil},
		{"a list at the top", jsonType, `[{"field":"x","message":"y"}]`, nil},
		{"an HTML page", "text/html", `{"errors":[{"field":"x","message":"` + canary + `"}]}`, nil},
		{"another charset", "application/json; charset=latin1", `{"errors":["` + canary + `"]}`, nil},
		{"nested too deep", problemType, `{"errors":["x"],"y":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, nil},
		{"control characters", problemType, `{"errors":[{"field":"a\u0000b","message":"x\r\ny\u001b[1m"}]}`, []clients.FieldError{{Field: "a b", Message: "x  y [1m"}}},
		{"no UTF-8", problemType, "{\"errors\":[\"a\xffb\"]}", []clients.FieldError{{Message: "a\uFFFDb"}}},
		{"long texts", problemType, `{"errors":[{"field":"` + long + `","message":"` + long + `"}]}`, []clients.FieldError{{Field: strings.Repeat("ä", 100) + "…", Message: strings.Repeat("ä", 150) + "…"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := clients.Post[widget](t.Context(), newUpstream(t, says(422, c.contentType, c.body)).api(t, nil), clients.At("/things"), map[string]int{})
			var e *clients.Error
			if !errors.As(err, &e) || e.Code != "BAD_USER_INPUT" {
				t.Fatalf("error = %v, want BAD_USER_INPUT", err)
			}
			if len(e.Fields) != len(c.want) {
				t.Fatalf("fields = %+v, want %+v", e.Fields, c.want)
			}
			for i := range c.want {
				if e.Fields[i] != c.want[i] {
					t.Errorf("field %d = %+v, want %+v", i, e.Fields[i], c.want[i])
				}
			}
		})
	}
}

func TestFieldsAreBounded(t *testing.T) {
	for name, body := range map[string]string{
		"a list":             `{"errors":["m"` + strings.Repeat(`,"m"`, 80) + `]}`,
		"an object of lists": `{"errors":{"a":["m"` + strings.Repeat(`,"m"`, 40) + `],"b":["m"` + strings.Repeat(`,"m"`, 40) + `]}}`,
	} {
		_, err := clients.Post[widget](t.Context(), newUpstream(t, says(400, problemType, body)).api(t, nil), clients.At("/things"), nil)
		var e *clients.Error
		if !errors.As(err, &e) || len(e.Fields) != 50 {
			t.Errorf("%s: %d fields, want 50 of 81", name, len(e.Fields))
		}
	}
}

// What the log learns of an answer that is not what was promised.
func TestTheCauseOfAnInvalidAnswer(t *testing.T) {
	for _, c := range []struct{ name, contentType, body, says string }{
		{"no body", jsonType, "", "no body where one was promised"},
		{"null", jsonType, "null", "null where a value was promised"},
		{"a page", "text/html", "<p>secret", "content type is not JSON"},
		{"a broken text", jsonType, `{"id":"secret`, "not JSON at byte 13"},
		{"a wrong type", jsonType, `{"id":{"secret":1}}`, `member "id" of type string has the wrong JSON type`},
		{"a time that is none", jsonType, `{"at":"secret"}`, "cannot be read as its type"},
		{"brackets", jsonType, strings.Repeat("[", 100), "nested too deep"},
	} {
		_, err := clients.Get[widget](t.Context(), newUpstream(t, says(200, c.contentType, c.body)).api(t, nil), clients.At("/things"), nil)
		if cause := errors.Unwrap(err).Error(); !strings.Contains(cause, c.says) || strings.Contains(cause, "secret") {
			t.Errorf("%s: cause = %s, want %s", c.name, cause, c.says)
		}
	}
}

// What the log learns of a refusal: the problem's own words, shortened, or what kind of body there was; never a page.
func TestTheCauseOfARefusal(t *testing.T) {
	for _, c := range []struct{ name, contentType, body, says string }{
		{"problem details", problemType, `{"type":"urn:x","title":"T","detail":"D"}`, `type "urn:x", title "T", detail "D"`},
		{"problem details with control characters", problemType, `{"detail":"a\nb"}`, `detail "a b"`},
		{"a page", "text/html", "<p>secret", `9 bytes of "text/html"`},
		{"nothing", "", "", `0 bytes of ""`},
	} {
		_, err := clients.Get[widget](t.Context(), newUpstream(t, says(500, c.contentType, c.body)).api(t, nil), clients.At("/things"), nil)
		if cause := errors.Unwrap(err).Error(); !strings.Contains(cause, c.says) || strings.Contains(cause, "secret") {
			t.Errorf("%s: cause = %s, want %s", c.name, cause, c.says)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		value string
		want  time.Duration
	}{
		{"5", 5 * time.Second},
		{" 5 ", 5 * time.Second},
		{"0", 0},
		{"-5", 0},
		{"1.5", 0},
		{"soon", 0},
		{"99999999999999999999", 0},
		{"9223372036854775807", 24 * time.Hour},
		{"86401", 24 * time.Hour},
		{"Wed, 25 Nov 2026 12:00:30 GMT", 30 * time.Second},
		{"Wed, 25 Nov 2026 11:00:00 GMT", 0},
		{"Fri, 01 Jan 2100 00:00:00 GMT", 24 * time.Hour},
	} {
		api := newUpstream(t, says(503, "", "", "Retry-After", c.value)).api(t, func(cfg *clients.Config) { cfg.Now = func() time.Time { return now } })
		_, err := clients.Get[widget](t.Context(), api, clients.At("/"), nil)
		var e *clients.Error
		if !errors.As(err, &e) || e.RetryAfter != c.want {
			t.Errorf("Retry-After %q = %v, want %v", c.value, e.RetryAfter, c.want)
		}
	}
}

// GQL-7, GQL-14: who gives up, or whose session ended, is not the API's fault.
func TestErrorsThatAreNotTheAPIs(t *testing.T) {
	known := errors.New("the session has ended")
	failing := func(err error) func(*clients.Config) {
		return func(cfg *clients.Config) {
			cfg.Transport = roundTripper(func(*http.Request) (*http.Response, error) { return nil, err })
			cfg.Classify = func(err error) *clients.Error {
				if errors.Is(err, known) {
					return &clients.Error{Code: clients.CodeUnavailable, Retryable: true, RetryAfter: time.Second}
				}
				return nil
			}
		}
	}
	u := newUpstream(t, says(200, jsonType, "{}"))
	_, err := clients.Get[widget](t.Context(), u.api(t, failing(known)), clients.At("/things"), nil)
	var e *clients.Error
	if !errors.As(err, &e) || e.Code != clients.CodeUnavailable || !e.Retryable || e.RetryAfter != time.Second || e.API != "orders" || !errors.Is(err, known) {
		t.Errorf("error = %+v, want what Classify says, with the cause", e)
	}
	_, err = clients.Get[widget](t.Context(), u.api(t, failing(errors.New("no route"))), clients.At("/things"), nil)
	if !errors.As(err, &e) || e.Code != clients.CodeUpstreamUnavailable || !e.Retryable {
		t.Errorf("error = %+v, want UPSTREAM_UNAVAILABLE", e)
	}
	_, err = clients.Get[widget](t.Context(), u.api(t, failing(context.DeadlineExceeded)), clients.At("/things"), nil)
	if !errors.As(err, &e) || e.Code != clients.CodeUpstreamTimeout {
		t.Errorf("error = %+v, want UPSTREAM_TIMEOUT", e)
	}
	_, err = clients.Get[widget](t.Context(), u.api(t, failing(&url.Error{Op: "Get", Err: timeout{}})), clients.At("/things"), nil)
	if !errors.As(err, &e) || e.Code != clients.CodeUpstreamTimeout {
		t.Errorf("error = %+v, want UPSTREAM_TIMEOUT", e)
	}
}

type timeout struct{}

func (timeout) Error() string   { return "i/o timeout" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// GQL-7: an API that hangs costs its own time and no more, and learns that nobody waits.
func TestAHangingAPI(t *testing.T) {
	gone := make(chan struct{})
	u := newUpstream(t, func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		close(gone)
	})
	_, err := clients.Get[widget](t.Context(), u.api(t, func(cfg *clients.Config) { cfg.Timeout = 20 * time.Millisecond }), clients.At("/things"), nil)
	var e *clients.Error
	if !errors.As(err, &e) || e.Code != clients.CodeUpstreamTimeout || !e.Retryable || e.Status != 0 {
		t.Errorf("error = %+v, want UPSTREAM_TIMEOUT", e)
	}
	<-gone
}
