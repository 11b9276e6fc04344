package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"text/tabwriter"
	"time"
)

// operatorTimeout bounds the commands that ask the running gateway.
const operatorTimeout = 30 * time.Second

// maxOperatorAnswer bounds what is read of the gateway's answer, in bytes.
const maxOperatorAnswer = 16 << 20

const sessionsUsage = `Usage:
  vestibule sessions list -sub SUBJECT [-issuer ISSUER] [-json] [-config FILE]
  vestibule sessions end  -sub SUBJECT [-id ID] [-issuer ISSUER] [-json] [-config FILE]

Lists or ends a user's sessions through the running gateway's admin listener, whatever store it has.

  -sub SUBJECT    the user's name at the provider (the claim "sub")
  -id ID          the one session to end, by the id that list shows; without it all of them end, and a sign-in under
                  way is refused
  -issuer ISSUER  the provider; default the configured one
  -json           print the gateway's answer as it is
  -config FILE    where server.admin_address is (VESTIBULE_CONFIG, VESTIBULE_SERVER_ADMIN_ADDRESS)
`

// sessionsQuery is what the command line asks for.
type sessionsQuery struct {
	method, subject, id, issuer string
	json                        bool
}

// sessionsCommand lists or ends a user's sessions, for operators.
func sessionsCommand(ctx context.Context, args []string, getenv func(string) string, environ []string, out io.Writer) error {
	query, configArgs, err := parseSessions(args)
	if errors.Is(err, flag.ErrHelp) {
		_, err = io.WriteString(out, sessionsUsage)
		return err
	}
	if err != nil {
		return err
	}
	cfg, err := loadConfig(configArgs, getenv, environ)
	if err != nil {
		return err
	}
	base, err := adminURL(cfg)
	if err != nil {
		return err
	}
	answer, err := askOperator(ctx, base, query)
	if err != nil {
		return err
	}
	return query.print(out, answer)
}

func parseSessions(args []string) (query sessionsQuery, configArgs []string, err error) {
	if len(args) == 0 {
		return query, nil, usageError{errors.New("sessions: say what: list or end; see `vestibule sessions -help`")}
	}
	if args[0] == "-h" || args[0] == "-help" || args[0] == "--help" || args[0] == "help" {
		return query, nil, flag.ErrHelp
	}
	flags := flag.NewFlagSet("vestibule sessions", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&query.subject, "sub", "", "")
	flags.StringVar(&query.issuer, "issuer", "", "")
	flags.BoolVar(&query.json, "json", false, "")
	config := flags.String("config", "", "")
	switch args[0] {
	case "list":
		query.method = http.MethodGet
	case "end":
		query.method = http.MethodDelete
		flags.StringVar(&query.id, "id", "", "")
	default:
		return query, nil, usageError{fmt.Errorf("sessions: unknown command %q; it is list or end, see `vestibule sessions -help`", args[0])}
	}
	if err := flags.Parse(args[1:]); err != nil { // Which may be the wish for help.
		return query, nil, usageError{fmt.Errorf("sessions: %w; `vestibule sessions -help` lists the flags", err)}
	}
	if flags.NArg() > 0 {
		return query, nil, usageError{fmt.Errorf("sessions: unexpected argument %q; `vestibule sessions -help` shows the usage", flags.Arg(0))}
	}
	if query.subject == "" {
		return query, nil, usageError{errors.New("sessions: say whose: -sub is the user's name at the provider; see `vestibule sessions -help`")}
	}
	if *config != "" {
		configArgs = []string{"-config", *config}
	}
	return query, configArgs, nil
}

// askOperator sends the query to the admin listener at base, and gives its answer's JSON.
func askOperator(ctx context.Context, base string, query sessionsQuery) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, operatorTimeout)
	defer cancel()
	params := url.Values{"sub": {query.subject}}
	for name, value := range map[string]string{"issuer": query.issuer, "id": query.id} {
		if value != "" {
			params.Set(name, value)
		}
	}
	req, err := http.NewRequestWithContext(ctx, query.method, base+"/sessions?"+params.Encode(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set(operatorHeader, "1")
	transport := newTransport()
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil, fmt.Errorf("sessions: the gateway's admin listener cannot be reached at %s: %w; is the gateway running, and is that its server.admin_address "+
			"(-config, VESTIBULE_SERVER_ADMIN_ADDRESS)?", base, errors.Unwrap(err))
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxOperatorAnswer))
	if err != nil {
		return nil, fmt.Errorf("sessions: the answer broke off: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		var refusal struct{ Title, Detail string }
		if err := json.Unmarshal(body, &refusal); err != nil || refusal.Title == "" || res.StatusCode == http.StatusNotFound {
			return nil, fmt.Errorf("sessions: %s answered %s, so it is not the admin listener; check server.admin_address", base, res.Status)
		}
		return nil, fmt.Errorf("sessions: %s. %s", refusal.Title, refusal.Detail)
	}
	return body, nil
}

// print shows the answer to a person, or as it is.
func (q sessionsQuery) print(out io.Writer, answer []byte) error {
	if q.json {
		_, err := out.Write(answer)
		return errors.Join(err, q.missing(answer))
	}
	if q.method == http.MethodDelete {
		return q.printEnded(out, answer)
	}
	var listed listedSessions
	if err := json.Unmarshal(answer, &listed); err != nil {
		return fmt.Errorf("sessions: the answer cannot be read: %w", err)
	}
	if len(listed.Sessions) == 0 {
		_, err := fmt.Fprintf(out, "%q has no session.\n", q.subject)
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tBEGAN\tLAST USED\tENDS\tDEVICE\tNETWORK\tIN THE LOG")
	for _, s := range listed.Sessions {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.ID, instant(s.Created), instant(s.LastSeen), instant(s.Expires), s.Device, s.Address, s.LogID)
	}
	return table.Flush()
}

func (q sessionsQuery) printEnded(out io.Writer, answer []byte) error {
	var ended endedSessions
	if err := json.Unmarshal(answer, &ended); err != nil {
		return fmt.Errorf("sessions: the answer cannot be read: %w", err)
	}
	if err := q.missing(answer); err != nil {
		return err
	}
	noun := "sessions"
	if ended.Ended == 1 {
		noun = "session"
	}
	_, err := fmt.Fprintf(out, "%d %s of %q ended.\n", ended.Ended, noun, q.subject)
	return err
}

// missing is the error of a session that was to end and is not there; nil if it was.
func (q sessionsQuery) missing(answer []byte) error {
	var ended endedSessions
	if q.id == "" || json.Unmarshal(answer, &ended) == nil && ended.Ended > 0 {
		return nil
	}
	return fmt.Errorf("sessions: %q has no session %q; `vestibule sessions list -sub %s` shows those there are", q.subject, q.id, q.subject)
}

// instant shows a time to a person.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// adminURL is where this machine reaches the admin listener: a wildcard address by loopback.
func adminURL(cfg Config) (string, error) {
	host, port, err := net.SplitHostPort(cfg.Server.AdminAddress)
	if err != nil {
		return "", fmt.Errorf("server.admin_address: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port), nil
}
