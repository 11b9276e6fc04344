package fault

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// maxRequest bounds a request body to the control API: a few rules with bodies of their own.
const maxRequest = 4 << 20

// contentSecurityPolicy of everything the control serves: its page has one style sheet and plain forms, no script.
const contentSecurityPolicy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Handler returns the remote control, JSON API and page, to be mounted at /control/ with that prefix.
func (c *Control) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /control/{$}", c.showPage)
	mux.HandleFunc("GET /control/style.css", serveStyle)
	mux.HandleFunc("POST /control/form", c.submitForm)
	mux.HandleFunc("GET /control/faults", c.listFaults)
	mux.HandleFunc("PUT /control/faults", c.replaceFaults)
	mux.HandleFunc("POST /control/faults", c.addFault)
	mux.HandleFunc("DELETE /control/faults", c.deleteFaults)
	mux.HandleFunc("GET /control/calls", c.listCalls)
	mux.HandleFunc("DELETE /control/calls", c.deleteCalls)
	return guard(mux)
}

// guard keeps other sites away. Whoever lures the user's browser here under a name of his own (DNS
// rebinding) fails on the Host; a page of another origin, also of another port of this host, fails on
// Sec-Fetch-Site or Origin. Programs send neither header and may.
func guard(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusForbidden, "Requests of other sites are refused.")
	}))
	checked := crossOrigin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", contentSecurityPolicy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cache-Control", "no-store")
		if !loopbackHost(r.Host) {
			problem(w, http.StatusMisdirectedRequest, "This answers on a loopback name only.")
			return
		}
		checked.ServeHTTP(w, r)
	})
}

// loopbackHost reports whether a Host header names this machine as only this machine does.
func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// faultList is the body of GET and PUT /control/faults.
type faultList struct {
	Targets []string `json:"targets,omitempty"` // for the reader; ignored in a PUT
	Faults  []Rule   `json:"faults"`
}

// listFaults handles GET /control/faults.
func (c *Control) listFaults(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, faultList{c.targets, c.Rules()})
}

// replaceFaults handles PUT /control/faults.
func (c *Control) replaceFaults(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Targets []string   `json:"targets"`
		Faults  []wireRule `json:"faults"`
	}
	if !read(w, r, &body) {
		return
	}
	rules := make([]Rule, len(body.Faults))
	var errs []error
	for i, wire := range body.Faults {
		rule, err := wire.rule()
		rules[i] = rule
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		problem(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	if err := c.Set(rules...); err != nil {
		problem(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	reply(w, http.StatusOK, faultList{c.targets, c.Rules()})
}

// addFault handles POST /control/faults.
func (c *Control) addFault(w http.ResponseWriter, r *http.Request) {
	var body wireRule
	if !read(w, r, &body) {
		return
	}
	rule, err := body.rule()
	if err == nil {
		rule.ID, err = c.Add(rule)
	}
	if err != nil {
		problem(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	reply(w, http.StatusCreated, rule)
}

// deleteFaults handles DELETE /control/faults.
func (c *Control) deleteFaults(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if id := query.Get("id"); id != "" {
		if !c.Remove(id) {
			problem(w, http.StatusNotFound, "There is no such fault.")
			return
		}
	} else {
		c.Clear(query["target"]...)
	}
	w.WriteHeader(http.StatusNoContent)
}

// listCalls handles GET /control/calls.
func (c *Control) listCalls(w http.ResponseWriter, r *http.Request) {
	reply(w, http.StatusOK, map[string][]Call{"calls": c.Calls(r.URL.Query().Get("target"))})
}

// deleteCalls handles DELETE /control/calls.
func (c *Control) deleteCalls(w http.ResponseWriter, _ *http.Request) {
	c.ResetCalls()
	w.WriteHeader(http.StatusNoContent)
}

// read reads a JSON request body without unknown fields; otherwise it has answered and returns false.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		problem(w, http.StatusUnsupportedMediaType, "The body must be application/json.")
		return false
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, end := decoder.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("something follows the JSON value")
		}
	}
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		problem(w, http.StatusRequestEntityTooLarge, "The body is too large.")
		return false
	}
	if err != nil {
		problem(w, http.StatusBadRequest, "The body is not what is expected: "+err.Error())
		return false
	}
	return true
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// problem answers with an RFC 9457 document.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail,
	})
}
