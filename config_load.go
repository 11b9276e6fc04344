package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
)

// demoAddress is the default place of the demo's provider. Its host is another than the gateway's (localhost), so that
// cookies behave as they do between two sites.
const demoAddress = "127.0.0.1:8081"

// parseFlags reads a command's flags. What else stands on the line is a mistake, a usageError; flag.ErrHelp asks for the usage.
func parseFlags(flags *flag.FlagSet, args []string) error {
	flags.SetOutput(io.Discard)
	if err := flags.Parse(args); err != nil {
		return usageError{fmt.Errorf("%w; `vestibule help` lists the flags", err)}
	}
	if flags.NArg() > 0 {
		return usageError{fmt.Errorf("unexpected argument %q; `vestibule help` shows the usage", flags.Arg(0))}
	}
	return nil
}

// loadConfig reads flags, environment, secret files and the configuration file, in this order of precedence, over the
// defaults. It reports every fault at once, as a *configError. environ lists the variables that are set, as os.Environ
// does; getenv reads them.
func loadConfig(args []string, getenv func(string) string, environ []string) (Config, error) {
	flags := flag.NewFlagSet("vestibule", flag.ContinueOnError)
	file := flags.String("config", getenv("VESTIBULE_CONFIG"), "")
	address := flags.String("address", "", "")
	dev := flags.Bool("dev", false, "")
	if err := parseFlags(flags, args); err != nil {
		return Config{}, err
	}

	l := &loader{getenv: getenv, seen: map[string]string{}}
	var cfg Config
	l.defaults(&cfg)
	if *file != "" {
		l.file(&cfg, *file)
	}
	set := setVariables(environ, getenv)
	l.environment(&cfg, set)
	if *address != "" {
		cfg.Server.Address = *address
		l.seen["server.address"] = "-address"
	}
	if *dev {
		cfg.Mode = "development"
	}
	cfg.DemoAddress = demoAddress
	if at := getenv("VESTIBULE_DEMO_ADDRESS"); at != "" {
		cfg.DemoAddress = at
	}
	demo := *file == "" && !slices.ContainsFunc(set, func(name string) bool { return !addressVariables[name] && !howAnAPIIsAsked(name) })
	if demo {
		l.chooseDemo(&cfg)
	}
	l.profile(&cfg.Identity)
	if !l.unreadable {
		l.check(&cfg)
	}
	if len(l.faults) > 0 {
		return Config{}, &configError{l.faults}
	}
	return cfg, nil
}

// addressVariables may be set without leaving the demo: they say where it listens and which app it shows.
var addressVariables = map[string]bool{
	"VESTIBULE_SERVER_ADDRESS": true, "VESTIBULE_SERVER_ADMIN_ADDRESS": true, "VESTIBULE_DEMO_ADDRESS": true, "VESTIBULE_SPA_DEV_SERVER": true,
	"VESTIBULE_SPA_DIR": true, "VESTIBULE_SPA_CSP": true, // Your own app, tried in the demo.
}

// demoAPIs are the names of the APIs that the demo brings along.
const demoAPIs = "accounts catalog orders shipping"

// nowhere is an address where nothing listens (the discard service's port).
const nowhere = "http://127.0.0.1:9"

// howAnAPIIsAsked tells whether a variable configures an API in a way that still leaves the demo: whoever adds an API to the schema
// tries it in the demo, and tries other settings on the demo's own APIs. Only the addresses of those cannot be set.
func howAnAPIIsAsked(variable string) bool {
	rest, ok := strings.CutPrefix(variable, "VESTIBULE_APIS_")
	place, isPlace := strings.CutSuffix(rest, "_BASE_URL")
	return ok && (!isPlace || !slices.Contains(strings.Fields(demoAPIs), strings.ToLower(place)))
}

// setVariables lists the variables of ours that are set and not empty, sorted.
func setVariables(environ []string, getenv func(string) string) []string {
	var set []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "VESTIBULE_") && getenv(name) != "" {
			set = append(set, name)
		}
	}
	slices.Sort(set)
	return set
}

// chooseDemo fills in what the demo needs, if the listener is on loopback; the demo has printed passwords.
func (l *loader) chooseDemo(cfg *Config) {
	if l.seen["server.address"] == "" {
		cfg.Server.Address = "127.0.0.1:8080"
	}
	host, port, err := net.SplitHostPort(cfg.Server.Address)
	if err != nil || !isLoopbackHost(host) {
		l.fault("server.address", cfg.Server.Address, "nothing else is configured, so this would be the demo, whose passwords are printed: it listens on loopback only. "+
			"Either listen there, or configure identity, session.keys and apis", "127.0.0.1:8080")
		return
	}
	cfg.Demo, cfg.Mode = true, "development"
	cfg.Server.PublicURL = "http://" + net.JoinHostPort("localhost", port)
	for _, name := range strings.Fields(demoAPIs) {
		if api, set := cfg.APIs[name]; set {
			api.BaseURL = nowhere // Until it has started.
			cfg.APIs[name] = api
		}
	}
}

// maxConfigFile bounds the configuration file, in bytes.
const maxConfigFile = 8 << 20

// file reads the YAML file into cfg.
func (l *loader) file(cfg *Config, name string) {
	text, err := readFile(name, maxConfigFile)
	if err != nil {
		l.unreadable = true
		l.fault("-config", name, "the file cannot be read: "+withoutName(err).Error(), "vestibule.yaml")
		return
	}
	l.yaml(cfg, name, text)
}

func isLoopbackHost(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}
