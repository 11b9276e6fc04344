package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// readFile reads a file that the configuration names. One of more than most bytes is refused, not read in part: half a file fails
// later, and says nothing of the reason.
func readFile(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > most {
		return nil, &os.PathError{Op: "read", Path: name, Err: fmt.Errorf("it is larger than %d bytes", most)}
	}
	return text, nil
}

// withoutName is an error of reading a file without the file's name, for those who show that apart.
func withoutName(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
