package auth_test

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// faultyProvider stands before a provider's token endpoint and lets calls go wrong before they reach it: 503, garbage,
// late, or invalid_grant. It knows which login each refresh token comes from.
type faultyProvider struct {
	next http.RoundTripper

	mu     sync.Mutex // guards all of the following
	random *rand.Rand
	share  int            // of four calls go wrong
	family map[string]int // refresh token → its login
	logins int
	ended  map[int]bool // logins that were told invalid_grant
}

// begin lets so many of four calls go wrong from now on.
func (f *faultyProvider) begin(seed uint64, share int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.random, f.share = rand.New(rand.NewPCG(seed, 2)), share
}

func (f *faultyProvider) newest() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.logins
}

func (f *faultyProvider) hasEnded(family int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ended[family]
}

func (f *faultyProvider) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodPost || !strings.HasSuffix(req.URL.Path, "/token") {
		return f.next.RoundTrip(req)
	}
	form := formOf(req)
	used := form.Get("refresh_token")
	f.mu.Lock()
	family := f.family[used]
	fault := -1
	if form.Get("grant_type") != "authorization_code" && f.random != nil && f.random.IntN(4) < f.share {
		if fault = f.random.IntN(8); fault == 7 && used != "" {
			f.ended[family] = true
		}
	}
	f.mu.Unlock()
	switch fault {
	case 0, 1:
		return jsonAnswer(http.StatusServiceUnavailable, `{"error":"temporarily_unavailable"}`), nil
	case 2, 3:
		return jsonAnswer(http.StatusOK, `<!doctype html>`), nil
	case 4:
		return jsonAnswer(http.StatusUnauthorized, `{"error":"invalid_client"}`), nil
	case 5, 6:
		select {
		case <-time.After(20 * time.Millisecond):
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	case 7:
		return jsonAnswer(http.StatusBadRequest, `{"error":"invalid_grant"}`), nil
	}
	res, err := f.next.RoundTrip(req)
	if err != nil || res.StatusCode != http.StatusOK || form.Get("grant_type") != "authorization_code" && used == "" {
		return res, err
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(strings.NewReader(string(body)))
	var answer struct {
		RefreshToken string `json:"refresh_token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if used == "" {
		f.logins++
		family = f.logins
	}
	f.family[answer.RefreshToken] = family
	return res, nil
}
