package fault_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule.example/demo/fault"
)

func TestCallsHoldNoCredential(t *testing.T) {
	control, server := startServer(t)
	const token, other = "eyJhbGciOiJSUzI1NiJ9.secret.signature", "opaque-secret"
	query := url.Values{"id": {"p-1", "p-2"}, "id_token_hint": {other}, "client_secret": {other}, "code": {other}, "x": {token}}
	request, _ := http.NewRequest("GET", server.URL+"/orders?"+query.Encode(), nil)
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Cookie", "session="+other)
	request.Header.Set("User-Agent", token) // where it does not belong
	request.Header.Set("Idempotency-Key", "abcdefgh")
	request.Header.Set("X-Secret", other)
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()

	calls := control.Calls("orders")
	if len(calls) != 1 {
		t.Fatalf("%d calls, want 1", len(calls))
	}
	call := calls[0]
	if !call.Bearer || call.TokenHash != fault.TokenHash(token) || call.TokenHash == fault.TokenHash(other) {
		t.Errorf("bearer %v with hash %q", call.Bearer, call.TokenHash)
	}
	if call.Method != "GET" || call.Path != "/orders" || call.Status != 200 || !strings.Contains(call.Query, "id=p-1&id=p-2") || call.Header["Idempotency-Key"] != "abcdefgh" {
		t.Errorf("call %+v", call)
	}
	text, _ := json.Marshal(calls)
	for _, secret := range []string{token, "eyJ", "signature", other} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%q is in the record %s", secret, text)
		}
	}
	if !strings.Contains(string(text), `"Cookie"`) {
		t.Error("that there was a Cookie header is not recorded")
	}
}

func TestCallsAreBounded(t *testing.T) {
	control := fault.New(fault.Config{MaxCalls: 3})
	handler := control.Wrap("orders", http.NotFoundHandler())
	for range 5 {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/"+strings.Repeat("x", 5000), nil))
	}
	calls := control.Calls("")
	if len(calls) != 3 || calls[0].Seq != 3 || calls[2].Seq != 5 || calls[0].Status != 404 {
		t.Fatalf("calls %+v, want the last three", calls)
	}
	if len(calls[0].Path) > 2100 {
		t.Errorf("a path of %d bytes was kept", len(calls[0].Path))
	}
	control.ResetCalls()
	if calls := control.Calls(""); len(calls) != 0 {
		t.Errorf("%d calls after ResetCalls", len(calls))
	}
}

func TestDurationHoldsTheInjectedLatency(t *testing.T) {
	control, server := startServer(t, fault.Rule{Target: "orders", Latency: 20 * time.Millisecond})
	if _, _, err := get(t, server, "/"); err != nil {
		t.Fatal(err)
	}
	// A lower bound only: how much longer it took is the machine's affair.
	awaitCall(t, control, func(call fault.Call) bool { return call.Done && call.Duration >= 20*time.Millisecond })
}
