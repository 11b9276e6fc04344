package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"slices"
	"time"
)

//go:embed schema.graphqls
var schemaSource string

// restDirectives defines the directives of the schema that the generator compiles, @rest and its companions.
//
//go:embed internal/gen/restgen/rest.graphqls
var restDirectives string

// healthTimeout bounds the healthcheck command. An orchestrator's probe would not wait longer.
const healthTimeout = 3 * time.Second

func usage(out io.Writer) error {
	_, err := io.WriteString(out, `Vestibule is a GraphQL aggregation gateway and Back-end For Front-end.

Usage:
  vestibule [serve] [flags]   serve; without any configuration this is the demo, on loopback
  vestibule check   [flags]   read the configuration and report every fault at once
  vestibule check -live       then ask the provider, the session store and each API, and say how to mend what is wrong
  vestibule schema            print the GraphQL schema
  vestibule sessions          list or end a user's sessions; see vestibule sessions -help
  vestibule healthcheck       ask the running gateway's admin listener whether it is ready
  vestibule version           print the version

Flags:
  -config FILE       YAML configuration file (VESTIBULE_CONFIG)
  -address HOST:PORT public listener (VESTIBULE_SERVER_ADDRESS)
  -dev               mode: development

Every key is described in docs/configuration.md; each is also a variable, VESTIBULE_SECTION_KEY. The exit code is 0 if all
went well, 2 if the command line is wrong and 1 if anything else is; then the standard error says what, and how to mend it.
`)
	return err
}

// usageError is a mistake on the command line itself: the same words will never do.
type usageError struct{ error }

// Unwrap gives what is wrong.
func (e usageError) Unwrap() error { return e.error }

// exitCode tells those who start the program what kind of error ended it, as the Go tools and POSIX utilities do.
func exitCode(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return 2
	}
	return 1
}

// check reads the configuration as serve would, with the files that it names, and starts nothing. With -live it goes on to ask what is configured.
func check(ctx context.Context, args []string, getenv func(string) string, environ []string, out io.Writer) error {
	isLive := func(arg string) bool { return arg == "-live" || arg == "--live" }
	cfg, err := loadConfig(slices.DeleteFunc(slices.Clone(args), isLive), getenv, environ)
	if err != nil {
		return err
	}
	if cfg.Demo {
		if err := demoThere(); err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, "The configuration is in order: nothing is set, so `serve` starts the demo.")
		return err
	}
	withLive := slices.ContainsFunc(args, isLive)
	unasked, wrong := rehearse(cfg)
	for _, name := range unasked {
		fmt.Fprintf(out, "%-5s  apis.%s: no resolver, no @rest and no relay asks this API\n       → take it out, or see whether a line of graph/resolver.go, or its relay, is missing\n", note, name)
	}
	if wrong == nil {
		_, err = fmt.Fprintf(out, "The configuration is in order: provider %s, %d APIs, public address %s.\n",
			cfg.Identity.Issuer, len(cfg.APIs), cfg.publicURL())
	}
	if err != nil || !withLive {
		return errors.Join(wrong, err)
	}
	return errors.Join(wrong, live(ctx, cfg, out))
}

func printSchema(args []string, out io.Writer) error {
	if err := parseFlags(flag.NewFlagSet("schema", flag.ContinueOnError), args); err != nil {
		return err
	}
	_, err := io.WriteString(out, schemaSource+restDirectives)
	return err
}

func printVersion(args []string, out io.Writer) error {
	if err := parseFlags(flag.NewFlagSet("version", flag.ContinueOnError), args); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "vestibule", version())
	return err
}

// stamped is the version that a build without the repository's history is given: go build -ldflags "-X main.stamped=v1.2.3".
var stamped string

// version is what the build was given, or what the Go toolchain stamped into the binary: the module's version, or the commit
// it was built from.
func version() string {
	if stamped != "" {
		return stamped
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "devel"
}

// healthcheck asks the admin listener for readiness, so that a container image needs no other program to probe it.
func healthcheck(ctx context.Context, args []string, getenv func(string) string, environ []string) error {
	cfg, err := loadConfig(args, getenv, environ)
	if err != nil {
		return err
	}
	base, err := adminURL(cfg)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
	if err != nil {
		return err
	}
	transport := newTransport()
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return fmt.Errorf("not reachable: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", res.Status)
	}
	return nil
}
