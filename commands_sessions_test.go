//go:build !nodemo

package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vestibule.example/demo/visitor"
)

// operate runs `vestibule sessions` against a gateway.
func operate(t *testing.T, g *gateway, args ...string) (string, error) {
	t.Helper()
	var out strings.Builder
	environment := map[string]string{"VESTIBULE_SERVER_ADMIN_ADDRESS": strings.TrimPrefix(g.admin, "http://")}
	err := sessionsCommand(t.Context(), args, func(name string) string { return environment[name] }, []string{"VESTIBULE_SERVER_ADMIN_ADDRESS="}, &out)
	return out.String(), err
}

func isIn(t *testing.T, v *visitor.Visitor) bool {
	t.Helper()
	in, err := v.SignedIn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// SES-11: an operator lists a user's sessions and ends one or all, and open pages are told.
func TestOperatorsListAndEndSessions(t *testing.T) {
	g := startGateway(t)
	first, second, bob := signIn(t, g, "alice"), signIn(t, g, "alice"), signIn(t, g, "bob")
	stream, err := first.Fetch(t.Context(), "GET", "/auth/events", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()

	text, err := operate(t, g, "list", "-sub", "c-alice")
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if err != nil || len(lines) != 3 || !strings.HasPrefix(lines[0], "ID ") {
		t.Fatalf("list = %q, %v, want a head and two lines", text, err)
	}
	text, err = operate(t, g, "list", "-sub", "c-alice", "-json")
	var listed listedSessions
	if json.Unmarshal([]byte(text), &listed) != nil || err != nil || len(listed.Sessions) != 2 || listed.Sessions[0].LogID == "" || listed.Sessions[0].Device == "" {
		t.Fatalf("list -json = %q, %v", text, err)
	}
	if log := g.log.String(); !strings.Contains(log, "session="+listed.Sessions[1].LogID) || strings.Contains(log, listed.Sessions[1].ID) {
		t.Error("the log does not have the session by its log name alone")
	}

	// The newest comes first.
	if text, err = operate(t, g, "end", "-sub", "c-alice", "-id", listed.Sessions[0].ID); err != nil || text != "1 session of \"c-alice\" ended.\n" {
		t.Errorf("end -id = %q, %v", text, err)
	}
	if !isIn(t, first) || isIn(t, second) || !isIn(t, bob) {
		t.Errorf("after one was ended: %v %v %v, want the first of alice and bob in", isIn(t, first), isIn(t, second), isIn(t, bob))
	}
	if text, err = operate(t, g, "end", "-sub", "c-bob", "-id", listed.Sessions[1].ID); err == nil || !strings.Contains(err.Error(), "vestibule sessions list -sub c-bob") || !isIn(t, first) {
		t.Errorf("ending alice's session as bob's = %q, %v, want advice", text, err)
	}
	if text, err = operate(t, g, "end", "-sub", "c-bob", "-id", "none", "-json"); err == nil || text != "{\"ended\":0}\n" {
		t.Errorf("ending none with -json = %q, %v", text, err)
	}
	if text, err = operate(t, g, "end", "-sub", "c-alice"); err != nil || text != "1 session of \"c-alice\" ended.\n" || isIn(t, first) {
		t.Errorf("end = %q, %v", text, err)
	}
	events := bufio.NewReader(stream.Body)
	for {
		line, err := events.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream broke off before it told the end: %v", err)
		}
		if strings.Contains(line, `"ended"`) {
			if !strings.Contains(line, `"reason":"revoked"`) {
				t.Errorf("the stream ended with %s, want revoked", line)
			}
			break
		}
	}
	if text, err = operate(t, g, "list", "-sub", "c-alice"); err != nil || text != "\"c-alice\" has no session.\n" {
		t.Errorf("list afterwards = %q, %v", text, err)
	}
	if text, err = operate(t, g, "list", "-sub", "c-bob", "-issuer", "https://another.test"); err != nil || text != "\"c-bob\" has no session.\n" {
		t.Errorf("list at another issuer = %q, %v", text, err)
	}
	for _, event := range []string{"event=operator_listed", "event=operator_ended", "reason=revoked"} {
		if !strings.Contains(g.log.String(), event) {
			t.Errorf("the audit trail has no %s (LOG-1)", event)
		}
	}
	if strings.Contains(g.log.String(), "c-alice") {
		t.Error("the user's name is in the log (LOG-2)")
	}
}

// What a page on an operator's machine can send reaches no session.
func TestNoWebPageIsAnOperator(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	for _, c := range []struct {
		name   string
		header http.Header
		status int
	}{
		{"a program", http.Header{"Vestibule-Operator": {"1"}}, 200},
		{"an address that was typed, with a header that cannot be", http.Header{"Vestibule-Operator": {"1"}, "Sec-Fetch-Site": {"none"}}, 200},
		{"no header", nil, 403},
		{"the header with another value", http.Header{"Vestibule-Operator": {"yes"}}, 403},
		{"an origin", http.Header{"Vestibule-Operator": {"1"}, "Origin": {"https://evil.test"}}, 403},
		{"the null origin", http.Header{"Vestibule-Operator": {"1"}, "Origin": {"null"}}, 403},
		{"another site", http.Header{"Vestibule-Operator": {"1"}, "Sec-Fetch-Site": {"cross-site"}}, 403},
		{"its own site", http.Header{"Vestibule-Operator": {"1"}, "Sec-Fetch-Site": {"same-origin"}}, 403},
		{"a name that was rebound", http.Header{"Vestibule-Operator": {"1"}, "Host": {"evil.test"}}, 421},
	} {
		for _, method := range []string{"GET", "DELETE"} {
			if method == "DELETE" && c.status == 200 {
				continue
			}
			if res := do(t, method, g.admin+"/sessions?sub=c-alice", c.header, nil); res.StatusCode != c.status {
				t.Errorf("%s from %s = %d, want %d", method, c.name, res.StatusCode, c.status)
			}
		}
	}
	if res := do(t, "OPTIONS", g.admin+"/sessions", http.Header{"Origin": {"https://evil.test"}, "Access-Control-Request-Headers": {"vestibule-operator"}}, nil); res.Header.Get("Access-Control-Allow-Origin") != "" || res.StatusCode < 400 {
		t.Errorf("a preflight = %d %v, want a refusal", res.StatusCode, res.Header)
	}
	if res := do(t, "GET", g.admin+"/sessions", http.Header{"Vestibule-Operator": {"1"}}, nil); res.StatusCode != 400 {
		t.Errorf("nobody's sessions = %d, want 400", res.StatusCode)
	}
	if res := do(t, "GET", g.origin+"/sessions?sub=c-alice", http.Header{"Vestibule-Operator": {"1"}, "Accept": {"application/json"}}, nil); strings.Contains(res.Header.Get("Content-Type"), "json") && res.StatusCode == 200 {
		t.Error("the public listener lists sessions")
	}
	if !isIn(t, v) {
		t.Error("alice was signed out")
	}
}

func TestTheSessionsCommandSaysWhatToDo(t *testing.T) {
	closed := &gateway{admin: "http://127.0.0.1:1"}
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"nothing", nil, "list or end"},
		{"no user", []string{"list"}, "-sub"},
		{"another command", []string{"dance"}, "list or end"},
		{"a flag that is none", []string{"list", "-id", "x"}, "lists the flags"},
		{"an argument too many", []string{"end", "-sub", "x", "y"}, "unexpected"},
		{"no gateway", []string{"list", "-sub", "x"}, "is the gateway running"},
		{"a configuration that is not there", []string{"list", "-sub", "x", "-config", "nowhere.yaml"}, "nowhere.yaml"},
	} {
		if _, err := operate(t, closed, c.args...); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q in it", c.name, err, c.says)
		}
	}
	for _, args := range [][]string{{"--help"}, {"list", "-h"}, {"end", "--help"}} {
		if text, err := operate(t, closed, args...); err != nil || text != sessionsUsage {
			t.Errorf("sessions %v = %q, %v, want the usage", args, text, err)
		}
	}
	for _, c := range []struct {
		name   string
		status int
		body   string
		args   []string
		says   string
	}{
		{"a refusal", 503, `{"title":"Unavailable","detail":"The store is away."}`, []string{"list", "-sub", "x"}, "Unavailable. The store is away."},
		{"a refusal of nobody we know", 502, "<html>", []string{"list", "-sub", "x"}, "not the admin listener"},
		{"a list that is none", 200, "<html>", []string{"list", "-sub", "x"}, "the answer cannot be read"},
		{"a number that is none", 200, "<html>", []string{"end", "-sub", "x"}, "the answer cannot be read"},
	} {
		if text, err := operate(t, &gateway{admin: answering(t, c.status, c.body)}, c.args...); err == nil || !strings.Contains(err.Error(), c.says) || text != "" {
			t.Errorf("%s: %q, %v, want %q", c.name, text, err, c.says)
		}
	}
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, `{"sessions":[]}`)
	}))
	defer broken.Close()
	if text, err := operate(t, &gateway{admin: broken.URL}, "list", "-sub", "x", "-json"); err == nil || !strings.Contains(err.Error(), "broke off") || text != "" {
		t.Errorf("half an answer: %q, %v, want that it broke off", text, err)
	}
	g := startGateway(t)
	another := &gateway{admin: g.origin}
	if _, err := operate(t, another, "list", "-sub", "x"); err == nil || !strings.Contains(err.Error(), "server.admin_address") {
		t.Errorf("the public listener in place of the operators': %v, want advice", err)
	}
}
