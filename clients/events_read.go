package clients

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"time"
)

// event is one event of an event stream.
type event struct {
	kind string
	data []byte
}

// eventReader reads an event stream (HTML §9.2.6), line by line.
type eventReader struct {
	from *bufio.Reader
	most int // the most that an event's lines hold
	// id is that of the last event, and wait how long the API wants to be left alone before it is asked again; 0 if it
	// has not said.
	id   string
	wait time.Duration

	started, afterCR bool
	line             []byte
}

func newEventReader(from io.Reader, id string, most int) *eventReader {
	return &eventReader{from: bufio.NewReader(from), id: id, most: most}
}

// next gives the next event, or why there is none: io.EOF, errTooLarge, or what the connection failed with. What the stream
// ends within is dropped, as the standard wants.
func (r *eventReader) next() (event, error) {
	e, id, size := event{}, r.id, 0
	hasData := false
	for {
		if err := r.readLine(); err != nil {
			return event{}, err
		}
		if size += len(r.line); size > r.most {
			return event{}, errTooLarge
		}
		if len(r.line) == 0 {
			r.id = id
			if !hasData {
				e, size = event{}, 0
				continue
			}
			return e, nil
		}
		field, value, _ := bytes.Cut(r.line, []byte{':'})
		value = bytes.TrimPrefix(value, []byte{' '})
		switch string(field) {
		case "event":
			e.kind = string(value)
		case "data":
			if hasData {
				e.data = append(e.data, '\n')
			}
			e.data, hasData = append(e.data, value...), true
		case "id":
			if !bytes.ContainsRune(value, 0) {
				id = string(value)
			}
		case "retry":
			if n, err := strconv.ParseUint(string(value), 10, 31); err == nil {
				r.wait = time.Duration(n) * time.Millisecond
			}
		}
	}
}

// readLine reads a line, which ends with CR, LF or both. A line is over with its CR: the LF that may follow is passed over
// when it comes.
func (r *eventReader) readLine() error {
	r.line = r.line[:0]
	for {
		b, err := r.from.ReadByte()
		if err != nil {
			return err
		}
		afterCR := r.afterCR
		r.afterCR = false
		switch {
		case b == '\n' && afterCR:
			continue
		case b == '\n', b == '\r':
			r.afterCR = b == '\r'
			if !r.started {
				r.started, r.line = true, bytes.TrimPrefix(r.line, []byte("\xef\xbb\xbf"))
			}
			return nil
		}
		if r.line = append(r.line, b); len(r.line) > r.most {
			return errTooLarge
		}
	}
}
