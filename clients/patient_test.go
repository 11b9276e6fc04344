package clients

import (
	"errors"
	"net"
	"testing"
	"time"
)

// endlessConn is a connection that takes everything and knows no deadline.
type endlessConn struct {
	net.Conn
	written int
}

var errNoDeadline = errors.New("no deadline")

func (*endlessConn) SetWriteDeadline(time.Time) error { return errNoDeadline }

func (c *endlessConn) Write(b []byte) (int, error) {
	c.written += len(b)
	return len(b), nil
}

// A write that could not be bounded is not made.
func TestAWriteWithoutADeadlineIsNotMade(t *testing.T) {
	conn := &endlessConn{}
	if _, err := (patient{conn}).Write([]byte("x")); !errors.Is(err, errNoDeadline) || conn.written != 0 {
		t.Errorf("Write = %v with %d bytes written, want errNoDeadline and none", err, conn.written)
	}
}
