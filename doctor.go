package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// doctorTimeout bounds one question that the doctor asks, doctorBody what is read of one answer, in bytes.
const (
	doctorTimeout = 10 * time.Second
	doctorBody    = 1 << 20
)

// finding is one thing that the doctor looked at.
type finding struct {
	// about is the key of the configuration, or the part that was asked.
	about string
	level level
	says  string
	// mend is what to do about it.
	mend string
}

type level string

// A fine finding needs nothing, a note is worth knowing, and a fault will hurt the people who use the gateway.
const (
	fine   level = "ok"
	note   level = "note"
	faulty level = "FAULT"
)

var errFaults = errors.New("check -live found faults; each line above says how to mend it")

// live asks everything that the configuration names whether it will work, and prints what it finds (check -live). Nothing is
// changed anywhere: no session begins, and no user's token is asked for.
func live(ctx context.Context, cfg Config, out io.Writer) error {
	provider, err := newProvider(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	names := sortedKeys(cfg.APIs)
	found := make([][]finding, 2+len(names))
	var all sync.WaitGroup
	all.Go(func() { found[0] = examineStore(ctx, cfg.Session) })
	all.Go(func() { found[1] = examineProvider(ctx, cfg, provider) })
	for i, name := range names {
		all.Go(func() { found[2+i] = examineAPI(ctx, name, cfg, provider) })
	}
	all.Wait()
	faults := 0
	for _, part := range found {
		for _, f := range part {
			if f.level == faulty {
				faults++
			}
			if err := f.print(out); err != nil {
				return err
			}
		}
	}
	if faults > 0 {
		return errFaults
	}
	return nil
}

func (f finding) print(out io.Writer) error {
	_, err := fmt.Fprintf(out, "%-5s  %s: %s\n", f.level, f.about, f.says)
	if f.mend != "" && err == nil {
		_, err = fmt.Fprintf(out, "       → %s\n", f.mend)
	}
	return err
}

// examineStore opens the session store as the gateway would, and has it read and write once.
func examineStore(ctx context.Context, cfg SessionConfig) []finding {
	const about = "session.store"
	switch cfg.Store {
	case "memory":
		return []finding{{about, note, "memory: a restart signs everybody out, and replicas do not share sessions", "file for one machine, redis for several; see docs/stores.md"}}
	case "file":
		// A running gateway holds the file, so it is not opened.
		if info, err := os.Stat(filepath.Dir(cfg.File)); err != nil || !info.IsDir() {
			return []finding{{"session.file", faulty, "its directory is not there: " + filepath.Dir(cfg.File), "make the directory, writable for the gateway's user alone"}}
		}
		return []finding{{about, fine, "file: its directory is there", ""}}
	}
	ctx, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	begun := time.Now()
	var notes []finding
	store, err := newStore(ctx, cfg, func(addresses []string) {
		says := "no maxmemory is set at " + strings.Join(addresses, ", ") + ": strangers can fill the machine's memory, and then nobody's refresh is stored"
		notes = append(notes, finding{"session.redis.addresses", note, says, "set maxmemory in redis.conf; docs/stores.md says how much"})
	})
	if err == nil {
		err = errors.Join(store.Check(ctx), store.Close())
	}
	if err != nil {
		return []finding{{about, faulty, err.Error(), "mend the keys named, or the server; docs/stores.md says what it needs"}}
	}
	return append(notes, finding{about, fine, fmt.Sprintf("%s does its work, in %s", cfg.Store, time.Since(begun).Round(time.Millisecond)), ""})
}

// reply is the answer to one of the doctor's questions.
type reply struct {
	status int
	header http.Header
	body   []byte
	// ahead is how far the other side's clock is ahead of ours, as far as whole seconds can show; known tells whether it said.
	ahead time.Duration
	known bool
}

// question sends a request once, and follows no redirect.
func question(ctx context.Context, transport http.RoundTripper, req *http.Request) (*reply, error) {
	ctx, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	begun := time.Now()
	res, err := client.Do(req.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	ended := time.Now()
	body, err := io.ReadAll(io.LimitReader(res.Body, doctorBody))
	if err != nil {
		return nil, err
	}
	out := &reply{status: res.StatusCode, header: res.Header, body: body}
	if date, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		out.known = true
		switch { // The header has whole seconds.
		case date.After(ended):
			out.ahead = date.Sub(ended)
		case date.Add(time.Second).Before(begun):
			out.ahead = date.Add(time.Second).Sub(begun)
		}
	}
	return out, nil
}

// clock judges how far the other side's clock differs from ours by what is allowed.
func (r *reply) clock(about string, allowed time.Duration) []finding {
	off := r.ahead.Abs().Round(time.Second)
	switch {
	case !r.known:
		return nil
	case off > allowed:
		return []finding{{about, faulty, fmt.Sprintf("its clock and this machine's differ by %s, and %s are allowed", off, allowed), "set both clocks by NTP; identity.leeway allows up to 5m, which hides it"}}
	case off > allowed/2:
		return []finding{{about, note, fmt.Sprintf("its clock and this machine's differ by %s; %s are allowed", off, allowed), "set both clocks by NTP"}}
	}
	return []finding{{about, fine, "the clocks agree", ""}}
}

// systemAuthorities is where certificate authorities are put for connections that have no setting of their own.
const systemAuthorities = "the system's authorities, or into a file of them that the variable SSL_CERT_FILE names"

// unreachable says in words what kept an answer from coming, and what to do. authorities is where to put one that is not trusted yet.
func unreachable(err error, authorities string) (says, mend string) {
	var name *net.DNSError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &name):
		return "the name " + name.Name + " is not known here", "check the spelling, and this machine's resolver"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there", "check host and port, and that it runs"
	case errors.As(err, &authority):
		return "its certificate is of an authority that this machine does not trust", "put the authority into " + authorities
	case errors.As(err, &host):
		return "its certificate is for another name: " + host.Error(), "use the name that the certificate has, or give it one for this"
	case errors.As(err, &certificate):
		return "its certificate is not good: " + certificate.Error(), "renew the certificate, or mend its chain"
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "it does not speak TLS", "http:// instead of https://, if it may; or another port"
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer within %s", doctorTimeout), "check the way there: firewalls, network policies, proxies"
	}
	return err.Error(), "check the way there: firewalls, network policies, proxies"
}
