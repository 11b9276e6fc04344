//go:build nodemo

package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
)

// startDemo is not part of this build.
func startDemo(context.Context, *Config, string, *slog.Logger, io.Writer) (func(context.Context) error, error) {
	return nil, errors.New("this build has no demo (-tags nodemo): name an identity provider and session keys, see docs/configuration.md")
}
