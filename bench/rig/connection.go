package rig

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// maxAnswer bounds the body of an answer, in bytes.
const maxAnswer = 8 << 20

var (
	errAnswer = errors.New("rig: the answer is not HTTP/1.1 as the targets speak it")
	errClosed = errors.New("rig: the target closed the connection")
)

// connection is one keep-alive connection to a target. It reads just the HTTP/1.1 that net/http's server writes: what a
// full client costs would be taken from the target's cores.
type connection struct {
	conn   net.Conn
	reader *bufio.Reader
	body   []byte
	stop   func() bool
}

// newConnection makes one that ends with the context.
func newConnection(ctx context.Context, conn net.Conn) *connection {
	c := &connection{conn: conn, reader: bufio.NewReaderSize(conn, 64<<10)}
	c.stop = context.AfterFunc(ctx, func() { conn.Close() }) //nolint:errcheck // What is under way fails by it, and says so.
	return c
}

func (c *connection) close() {
	c.stop()
	c.conn.Close() //nolint:errcheck // Everything has been said.
}

// do sends a request and reads the answer, which must be 200. The body is good until the next call.
func (c *connection) do(wire []byte) ([]byte, error) {
	if _, err := c.conn.Write(wire); err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	line, err := c.line()
	if err != nil {
		return nil, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return nil, errAnswer
	}
	status := string(line[9:12])
	if err := c.read(); err != nil {
		return nil, err
	}
	if status != "200" {
		return c.body, fmt.Errorf("rig: the answer's status is %s: %.300q", status, c.body)
	}
	return c.body, nil
}

// read reads header and body.
func (c *connection) read() error {
	length, chunked, closes := -1, false, false
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 || length > maxAnswer {
				return errAnswer
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		case bytes.EqualFold(name, []byte("Connection")):
			closes = bytes.EqualFold(value, []byte("close"))
		}
	}
	c.body = c.body[:0]
	switch {
	case closes:
		return errClosed
	case chunked:
		return c.chunks()
	case length < 0:
		return errAnswer
	}
	return c.take(length)
}

func (c *connection) chunks() error {
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		size, err := strconv.ParseUint(string(line), 16, 31)
		if err != nil || len(c.body)+int(size) > maxAnswer {
			return errAnswer
		}
		if err := c.take(int(size)); err != nil {
			return err
		}
		if end, err := c.line(); err != nil || len(end) > 0 {
			return errors.Join(errAnswer, err)
		}
		if size == 0 {
			return nil
		}
	}
}

// take appends n bytes to the body.
func (c *connection) take(n int) error {
	at := len(c.body)
	if cap(c.body) < at+n {
		c.body = append(make([]byte, 0, 2*(at+n)), c.body...)
	}
	c.body = c.body[:at+n]
	if _, err := io.ReadFull(c.reader, c.body[at:]); err != nil {
		return fmt.Errorf("rig: %w", err)
	}
	return nil
}

// line is the next line without its end.
func (c *connection) line() ([]byte, error) {
	line, err := c.reader.ReadSlice('\n')
	if errors.Is(err, io.EOF) && len(line) == 0 {
		return nil, errClosed
	}
	if err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	return bytes.TrimRight(line, "\r\n"), nil
}
