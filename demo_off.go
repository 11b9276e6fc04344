//go:build nodemo

package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
)

// demoThere is the error of a build that the demo is not part of.
func demoThere() error {
	return errors.New("this build has no demo (-tags nodemo): name an identity provider and session keys, see docs/configuration.md")
}

func startDemo(context.Context, *Config, string, *slog.Logger, io.Writer) (func(context.Context) error, error) {
	return nil, demoThere()
}
