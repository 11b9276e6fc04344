package fault

import (
	"bytes"
	"net/http"
	"strconv"
)

// writer passes an answer on, changes its headers and tells its status.
type writer struct {
	http.ResponseWriter
	header  map[string]string
	started func(status int)
	begun   bool
}

// Unwrap lets http.ResponseController reach the connection.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader puts the rule's headers over the server's.
func (w *writer) WriteHeader(status int) {
	if w.begun {
		w.ResponseWriter.WriteHeader(status) // net/http complains in its own way
		return
	}
	if status >= 200 { // 1xx are not yet the answer
		w.begun = true
		w.started(status)
		for name, value := range w.header {
			if value == "" {
				w.Header()[name] = nil
			} else {
				w.Header().Set(name, value)
			}
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends what it is given.
func (w *writer) Write(p []byte) (int, error) {
	if !w.begun {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// Flush sends what is buffered.
func (w *writer) Flush() {
	if !w.begun {
		w.WriteHeader(http.StatusOK)
	}
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// dripper sends an answer in small pieces with pauses.
type dripper struct {
	*writer
	pause func() error
}

// dripSize is how many bytes are sent between two pauses.
const dripSize = 64

// Write sends p piece by piece.
func (d *dripper) Write(p []byte) (int, error) {
	sent := 0
	for sent < len(p) {
		n, err := d.writer.Write(p[sent:min(sent+dripSize, len(p))])
		sent += n
		if err != nil {
			return sent, err
		}
		d.Flush()
		if err := d.pause(); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// halver holds an answer back and sends half of it.
type halver struct {
	*writer
	whole  bool // announce the whole length
	status int
	body   bytes.Buffer
}

// WriteHeader remembers the status.
func (h *halver) WriteHeader(status int) {
	if h.status == 0 && status >= 200 {
		h.status = status
	}
}

// Write remembers the body.
func (h *halver) Write(p []byte) (int, error) { return h.body.Write(p) }

// Flush means that the answer is a stream, which has no half: what there is of it is sent by halves and
// the connection broken off.
func (h *halver) Flush() {
	h.finish()
	panic(http.ErrAbortHandler)
}

// finish sends the half.
func (h *halver) finish() {
	if h.status == 0 {
		h.status = http.StatusOK
	}
	body := h.body.Bytes()
	half := body[:len(body)/2]
	// With Truncate net/http sees that less was sent than announced and closes the connection.
	length := len(half)
	if h.whole {
		length = len(body)
	}
	if length > 0 {
		h.Header().Set("Content-Length", strconv.Itoa(length))
	}
	h.writer.WriteHeader(h.status)
	if len(half) > 0 {
		_, _ = h.writer.Write(half)
		h.writer.Flush()
	}
}
