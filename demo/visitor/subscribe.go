package visitor

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Subscription is an open subscription, over server-sent events. It belongs to one goroutine.
type Subscription struct {
	Status int
	Header http.Header
	body   io.ReadCloser
	lines  *bufio.Scanner
	// Retry is the last retry field of the stream, in milliseconds; empty if there was none.
	Retry string
}

// Subscribe asks for an operation's answers as a stream, as the SPA does. A refusal is no error of this function: its status
// says so, and Next gives nothing.
func (v *Visitor) Subscribe(ctx context.Context, query string, variables map[string]any) (*Subscription, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return nil, fmt.Errorf("visitor: %w", err)
	}
	req, err := v.request(ctx, http.MethodPost, "/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	res, err := v.client.Do(req) //nolint:bodyclose // Close closes it.
	if err != nil {
		return nil, fmt.Errorf("visitor: %w", err)
	}
	s := &Subscription{Status: res.StatusCode, Header: res.Header, body: res.Body, lines: bufio.NewScanner(res.Body)}
	s.lines.Buffer(nil, maxBody)
	return s, nil
}

// Close leaves the subscription.
func (s *Subscription) Close() error { return s.body.Close() }

// Next gives the next answer, or nil when the stream has completed. io.EOF means that the stream ended without completing: the client
// should subscribe again.
func (s *Subscription) Next() (*Answer, error) {
	kind, data := "", ""
	for s.lines.Scan() {
		field, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch field {
		case "event":
			kind = value
		case "data":
			data = value
		case "retry":
			s.Retry = value
		case "":
			switch kind {
			case "complete":
				return nil, nil //nolint:nilnil // The end.
			case "next":
				return s.answer(data)
			}
		}
	}
	if err := s.lines.Err(); err != nil {
		return nil, fmt.Errorf("visitor: %w", err)
	}
	return nil, io.EOF
}

func (s *Subscription) answer(data string) (*Answer, error) {
	answer := &Answer{Status: s.Status, Header: s.Header, Body: []byte(data)}
	if err := json.Unmarshal(answer.Body, &struct {
		Data   *json.RawMessage `json:"data"`
		Errors *[]Error         `json:"errors"`
	}{&answer.Data, &answer.Errors}); err != nil {
		return nil, fmt.Errorf("visitor: the stream has %.200q: %w", data, err)
	}
	return answer, nil
}
