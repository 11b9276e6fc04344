package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

var (
	errUsage     = errors.New("usage: go run ./internal/mutants [flags] PACKAGE…; -help tells the flags")
	errSurvivors = errors.New("guards survived: write the test that misses them, or exclude the site with its reason")
	errTable     = errors.New("rows of the table have no test that kills a guard")
)

// options are the command's flags.
type options struct {
	only     *regexp.Regexp
	excluded exclusions
	// also are packages whose tests are asked about what a package's own leave alive.
	also    []string
	verbose bool
	at      int
	out     io.Writer
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	only := flags.String("run", "", "only sites whose file:line matches this regular expression")
	excludedFile := flags.String("excluded", "internal/mutants/excluded.txt", "sites that may survive, each with its reason")
	also := flags.String("also", "", "packages, separated by commas, whose tests may kill what a package's own do not")
	table := flags.String("table", "", "check that the tests of each row of this file kill a site of the packages")
	ran := flags.String("ran", "", "check that each Go test of this file's table passed, by the `go test -json` on the standard input")
	verbose := flags.Bool("v", false, "print which tests kill each site")
	at := flags.Int("p", 2, "how many tests run at once")
	flags.SetOutput(io.Discard) // What is wrong main tells, once.
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(out, errUsage)
		flags.SetOutput(out)
		flags.PrintDefaults()
		return err
	} else if err != nil {
		return fmt.Errorf("%w; %w", err, errUsage)
	}
	o := options{also: strings.FieldsFunc(*also, func(r rune) bool { return r == ',' }), verbose: *verbose, at: *at, out: out}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	if o.excluded, err = readExcluded(*excludedFile); err != nil {
		return err
	}
	if *ran != "" {
		top, err := list(ctx, ".")
		if err != nil {
			return err
		}
		return checkRan(*ran, top.ImportPath, in, out)
	}
	if flags.NArg() == 0 {
		return errUsage
	}
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if *table != "" {
		return o.checkTable(ctx, dir, *table, flags.Args())
	}
	return o.killAll(ctx, dir, flags.Args())
}

// killAll changes every site of each package and reports the survivors.
func (o options) killAll(ctx context.Context, dir string, packages []string) error {
	start := time.Now()
	var killed, excluded, survived int
	for _, pkg := range packages {
		results, err := o.killPackage(ctx, dir, pkg)
		if err != nil {
			return err
		}
		for _, r := range results {
			reason, isExcluded := o.excluded.reason(r.site.key())
			switch {
			case r.why == "":
				killed++
				if isExcluded {
					fmt.Fprintf(o.out, "needless  %s is killed by %s: its exclusion can go\n", r.site, strings.Join(r.killers, " and "))
				} else if o.verbose {
					fmt.Fprintf(o.out, "killed    %s by %s\n", r.site, strings.Join(r.killers, " and "))
				}
			case isExcluded:
				excluded++
				fmt.Fprintf(o.out, "excluded  %s: %s\n", r.site, reason)
			default:
				survived++
				fmt.Fprintf(o.out, "SURVIVED  %s (%s)\n", r.site, r.why)
			}
		}
	}
	fmt.Fprintf(o.out, "%d guards in %s: %d killed, %d excluded, %d survived\n",
		killed+excluded+survived, time.Since(start).Round(time.Second), killed, excluded, survived)
	if survived > 0 {
		return errSurvivors
	}
	return nil
}

func (o options) killPackage(ctx context.Context, dir, pkg string) ([]result, error) {
	behind, err := instrument(ctx, dir, []string{pkg})
	if err != nil {
		return nil, err
	}
	if len(behind.sites) > 0 {
		if err := o.excluded.check(behind.sites[0].pkg, behind.sites); err != nil {
			return nil, err
		}
	}
	sites := slices.DeleteFunc(slices.Clone(behind.sites), func(s site) bool {
		return !o.only.MatchString(fmt.Sprintf("%s:%d", s.file, s.line))
	})
	results, err := o.killBy(ctx, dir, pkg, behind, sites)
	if err != nil {
		return nil, err
	}
	for _, other := range o.also {
		var left []site
		for _, r := range results {
			if _, isExcluded := o.excluded.reason(r.site.key()); r.why != "" && !isExcluded {
				left = append(left, r.site)
			}
		}
		if len(left) == 0 {
			break
		}
		for _, s := range left {
			fmt.Fprintf(o.out, "alive     %s: the tests of %s are asked\n", s, other)
		}
		more, err := o.killBy(ctx, dir, other, behind, left)
		if err != nil {
			return nil, err
		}
		for _, m := range more {
			if m.why != "" {
				continue // What its own tests say of it says more.
			}
			results[slices.IndexFunc(results, func(r result) bool { return r.site.id == m.site.id })] = m
		}
	}
	return results, nil
}

// killBy changes the sites and runs the tests of a package, which may be another than that of the sites.
func (o options) killBy(ctx context.Context, dir, pkg string, behind *overlay, sites []site) ([]result, error) {
	suite, err := compile(ctx, dir, pkg, behind)
	if err != nil {
		return nil, err
	}
	names, err := suite.names(ctx)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(o.out, "%s: %d tests, %d guards\n", suite.pkg, len(names), len(sites))
	tests, err := suite.observe(ctx, names, o.at)
	if err != nil {
		return nil, err
	}
	const step = 50
	return suite.kill(ctx, sites, tests, o.at, func(done int) {
		if done%step == 0 {
			fmt.Fprintf(o.out, "%s: %d of %d\n", suite.pkg, done, len(sites))
		}
	})
}
