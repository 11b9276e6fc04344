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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

var errSurvivors = errors.New("guards survived: write the test that misses them, or exclude the site with its reason")

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	only := flags.String("run", "", "only sites whose file:line matches this regular expression")
	excludedFile := flags.String("excluded", "internal/mutants/excluded.txt", "sites that may survive, each with its reason")
	verbose := flags.Bool("v", false, "print which test kills each site")
	if err := flags.Parse(args); err != nil {
		return err
	}
	filter, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	excluded, err := readExcluded(*excludedFile)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	var survivors, total int
	for _, pkg := range flags.Args() {
		suite, err := compile(ctx, dir, pkg)
		if err != nil {
			return err
		}
		results, err := suite.kill(ctx, filter)
		if err != nil {
			return err
		}
		for _, r := range results {
			total++
			reason, isExcluded := excluded[r.site.key()]
			switch {
			case r.killer != "":
				if *verbose {
					fmt.Fprintf(out, "killed    %s by %s\n", r.site, r.killer)
				}
			case isExcluded:
				fmt.Fprintf(out, "excluded  %s: %s\n", r.site, reason)
			default:
				survivors++
				fmt.Fprintf(out, "SURVIVED  %s (%s)\n", r.site, r.why)
			}
		}
	}
	fmt.Fprintf(out, "%d guards, %d survived\n", total, survivors)
	if survivors > 0 {
		return errSurvivors
	}
	return nil
}
