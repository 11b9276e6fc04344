package fault_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule.example/demo/fault"
)

func startControl(t *testing.T) (*fault.Control, *httptest.Server) {
	t.Helper()
	control := fault.New(fault.Config{})
	server := httptest.NewServer(control.Handler())
	t.Cleanup(server.Close)
	server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return control, server
}

// send sends a request with headers given as "Name: value".
func send(t *testing.T, server *httptest.Server, method, path, body string, headers ...string) (int, string, http.Header) {
	t.Helper()
	request, err := http.NewRequest(method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			request.Host = value
		}
		request.Header.Set(name, value)
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text), response.Header
}

const jsonType = "Content-Type: application/json"

func TestControlAPI(t *testing.T) {
	control, server := startControl(t)
	status, body, _ := send(t, server, "PUT", "/control/faults", `{"faults":[{"target":"orders","latency":"250ms"},{"target":"catalog","status":503,"times":2}]}`, jsonType)
	if status != 200 || !strings.Contains(body, `"latency":"250ms"`) {
		t.Fatalf("PUT: %d %s", status, body)
	}
	if rules := control.Rules(); len(rules) != 2 || rules[0].Latency != 250*time.Millisecond || rules[1].Times != 2 {
		t.Fatalf("rules %+v", rules)
	}
	_, listed, _ := send(t, server, "GET", "/control/faults", "")
	if status, body, _ := send(t, server, "PUT", "/control/faults", listed, jsonType); status != 200 || body != listed {
		t.Errorf("what GET says is not what PUT takes: %d %s", status, body)
	}
	if status, body, _ := send(t, server, "POST", "/control/faults", `{"id":"mine","target":"orders","drop":true}`, jsonType); status != 201 || !strings.Contains(body, `"id":"mine"`) {
		t.Errorf("POST: %d %s", status, body)
	}
	for _, step := range []struct {
		path   string
		status int
		left   int
	}{
		{"/control/faults?id=mine", 204, 2}, {"/control/faults?id=mine", 404, 2},
		{"/control/faults?target=orders", 204, 1}, {"/control/faults", 204, 0},
	} {
		if status, _, _ := send(t, server, "DELETE", step.path, ""); status != step.status || len(control.Rules()) != step.left {
			t.Errorf("DELETE %s: %d, %d rules left; want %d, %d", step.path, status, len(control.Rules()), step.status, step.left)
		}
	}
	control.Wrap("orders", http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/orders", nil))
	if _, body, _ := send(t, server, "GET", "/control/calls?target=orders", ""); !strings.Contains(body, `"path":"/orders"`) {
		t.Errorf("calls of orders: %s", body)
	}
	if _, body, _ := send(t, server, "GET", "/control/calls?target=catalog", ""); body != "{\"calls\":[]}\n" {
		t.Errorf("calls of catalog: %s", body)
	}
	if status, _, _ := send(t, server, "DELETE", "/control/calls", ""); status != 204 || len(control.Calls("")) != 0 {
		t.Errorf("DELETE calls: %d", status)
	}
}

func TestControlRefusesBadBodies(t *testing.T) {
	control, server := startControl(t)
	for name, test := range map[string]struct {
		body, contentType string
		status            int
	}{
		"not JSON":          {`{`, jsonType, 400},
		"an unknown field":  {`{"target":"orders","drop":true,"explode":true}`, jsonType, 400},
		"two values":        {`{"target":"orders","drop":true}{}`, jsonType, 400},
		"a form":            {`{"target":"orders","drop":true}`, "Content-Type: text/plain", 415},
		"no duration":       {`{"target":"orders","latency":"soon"}`, jsonType, 422},
		"an unknown target": {`{"target":"moon","drop":true}`, jsonType, 422},
		"too much":          {`{"target":"orders","body":"` + strings.Repeat("x", 5<<20) + `"}`, jsonType, 413},
	} {
		t.Run(name, func(t *testing.T) {
			if status, body, header := send(t, server, "POST", "/control/faults", test.body, test.contentType); status != test.status || header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("got %d %s, want %d as a problem", status, body, test.status)
			}
			if len(control.Rules()) != 0 {
				t.Errorf("rules %v", control.Rules())
			}
		})
	}
}

func TestControlIsNotDrivenByOtherSites(t *testing.T) {
	form := url.Values{"do": {"down"}, "target": {"orders"}}.Encode()
	const formType = "Content-Type: application/x-www-form-urlencoded"
	for name, test := range map[string]struct {
		headers []string
		status  int
	}{
		"a program without browser headers":       {nil, 303},
		"the page itself":                         {[]string{"Sec-Fetch-Site: same-origin", "Origin: self"}, 303},
		"another site":                            {[]string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.example"}, 403},
		"another port of this host":               {[]string{"Sec-Fetch-Site: same-site"}, 403},
		"an older browser at another site":        {[]string{"Origin: https://evil.example"}, 403},
		"an opaque origin":                        {[]string{"Origin: null"}, 403},
		"a foreign name that leads here":          {[]string{"Host: evil.example"}, 421},
		"a foreign name, called same-origin":      {[]string{"Host: evil.example", "Sec-Fetch-Site: same-origin"}, 421},
		"a name that only begins like a loopback": {[]string{"Host: localhost.evil.example:80"}, 421},
		"an address of the network":               {[]string{"Host: 192.168.0.1"}, 421},
		"localhost":                               {[]string{"Host: localhost:8081"}, 303},
		"the loopback address of IPv6":            {[]string{"Host: [::1]:8081"}, 303},
	} {
		t.Run(name, func(t *testing.T) {
			control, server := startControl(t)
			headers := []string{formType}
			for _, header := range test.headers {
				headers = append(headers, strings.Replace(header, "Origin: self", "Origin: "+server.URL, 1))
			}
			if status, body, _ := send(t, server, "POST", "/control/form", form, headers...); status != test.status {
				t.Errorf("got %d %s, want %d", status, body, test.status)
			}
			if done := len(control.Rules()) == 1; done != (test.status == 303) {
				t.Errorf("rules %v", control.Rules())
			}
		})
	}
	t.Run("a foreign name cannot read either", func(t *testing.T) {
		_, server := startControl(t)
		if status, _, _ := send(t, server, "GET", "/control/calls", "", "Host: evil.example"); status != 421 {
			t.Errorf("got %d, want 421", status)
		}
	})
}

func TestControlPage(t *testing.T) {
	control, server := startControl(t)
	press := func(pairs ...string) (int, string) {
		form := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		status, body, _ := send(t, server, "POST", "/control/form", form.Encode(), "Content-Type: application/x-www-form-urlencoded")
		return status, body
	}
	for _, effect := range []string{"", "503", "html", "json", "empty", "hang", "drop", "garbage", "truncate", "cut", "drip", "type"} {
		if status, body := press("do", "add", "target", "orders", "effect", effect, "latency", "20", "times", "3", "path", "/orders"); status != 303 {
			t.Errorf("adding %q: %d %s", effect, status, body)
		}
	}
	if rules := control.Rules(); len(rules) != 12 || rules[1].Status != 503 || rules[1].Latency != 20*time.Millisecond || rules[1].Times != 3 || rules[1].PathPrefix != "/orders" {
		t.Errorf("rules %+v", rules)
	}
	press("do", "remove", "id", control.Rules()[0].ID)
	if len(control.Rules()) != 11 {
		t.Error("remove did not remove one")
	}
	press("do", "down", "target", "provider")
	_, page, header := send(t, server, "GET", "/control/", "")
	for _, wanted := range []string{`<html lang="en">`, `<span class="state">down</span>`, "Bring up", "wait 20ms, answer 503, change headers, next 3"} {
		if !strings.Contains(page, wanted) {
			t.Errorf("the page lacks %q", wanted)
		}
	}
	if csp := header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'self'; form-action 'self'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "style=") || strings.Contains(page, "<style") {
		t.Error("the page holds what its policy forbids")
	}
	press("do", "up", "target", "provider")
	press("do", "clear", "target", "orders")
	if rules := control.Rules(); len(rules) != 0 {
		t.Errorf("rules %v are left", rules)
	}
	if status, body := press("do", "add", "target", "orders"); status != 422 || !strings.Contains(body, `role="alert"`) || !strings.Contains(body, "does nothing") {
		t.Errorf("an empty fault: %d", status)
	}
	if status, _ := press("do", "explode"); status != 422 {
		t.Errorf("an unknown button: %d", status)
	}
	// What was called is shown as text.
	control.Wrap("orders", http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/%3Cscript%3Ealert(1)", nil))
	if _, page, _ := send(t, server, "GET", "/control/?target=orders&follow=1", ""); strings.Contains(page, "<script") || !strings.Contains(page, "&lt;script&gt;") || !strings.Contains(page, `http-equiv="refresh"`) {
		t.Error("the call is not shown as text, or the page does not follow")
	}
}
