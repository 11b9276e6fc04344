package clients

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxRefusalBytes bounds what is read of an error's body, in bytes: enough for problem details with many fields.
const maxRefusalBytes = 64 << 10

// errTooLarge is that an answer is larger than Config.MaxResponseBytes.
var errTooLarge = errors.New("answer is larger than the limit")

// answer is an answer that was read in full. It is immutable: several callers may hold it.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// perform makes the call within its timeout.
func (a *API) perform(ctx context.Context, x *exchange) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	return a.attempts(ctx, x)
}

// send is one attempt: one request, its answer read in full.
func (a *API) send(ctx context.Context, x *exchange) (*answer, error) {
	var body io.Reader
	if x.body != nil {
		body = bytes.NewReader(x.body)
	}
	req, err := http.NewRequestWithContext(ctx, x.method, "", body) // its URL is there and need not be read again
	if err != nil {
		return nil, fmt.Errorf("%w: request: %w", errProgram, err)
	}
	req.URL, req.Header = x.url, a.traced(ctx, x.header) // a RoundTripper changes neither
	// A RoundTripper follows no redirect and keeps no cookies.
	resp, err := a.transport.RoundTrip(req)
	if err != nil {
		return nil, a.exhausted(err)
	}
	defer resp.Body.Close()
	limit := a.maxBytes
	if resp.StatusCode > 299 {
		limit = min(limit, maxRefusalBytes)
	}
	buf, err := readBody(resp, limit)
	switch {
	case err == nil:
	case resp.StatusCode > 299 && ctx.Err() == nil:
		buf = nil // the status says enough
	case errors.Is(err, errTooLarge):
		return nil, a.invalid(x, resp.StatusCode, "%w", err)
	default:
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	return &answer{status: resp.StatusCode, header: resp.Header, body: buf}, nil
}

// readBody reads at most limit bytes, with a single allocation if the length is declared.
func readBody(resp *http.Response, limit int64) ([]byte, error) {
	if resp.ContentLength > limit {
		return nil, errTooLarge
	}
	buf := bytes.NewBuffer(make([]byte, 0, max(resp.ContentLength, 0)+bytes.MinRead))
	_, err := buf.ReadFrom(io.LimitReader(resp.Body, limit+1))
	if int64(buf.Len()) > limit {
		return nil, errTooLarge
	}
	return buf.Bytes(), err
}
