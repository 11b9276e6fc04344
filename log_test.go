package main

import (
	"strings"
	"sync"
)

// logBuffer keeps what the program writes.
type logBuffer struct {
	mu   sync.Mutex // guards text
	text strings.Builder
	grew chan struct{}
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.grew <- struct{}{}:
	default:
	}
	return l.text.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
