package clients

import (
	"errors"
	"fmt"
	"syscall"
)

// errExhausted is within the error of a request for which this machine had nothing left to connect with. It was not sent: the API
// knows nothing of it, and its breaker is told nothing.
var errExhausted = errors.New("not sent: this process or its machine has no open files, or no memory for sockets, left")

// exhausted names and counts a lack of our own among the failures of the way to an API; any other error it gives as it is.
func (a *API) exhausted(err error) error {
	for _, lack := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, lack) {
			a.count.exhausted.Add(1)
			return fmt.Errorf("%w: %w", errExhausted, err)
		}
	}
	return err
}
