package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"vestibule.example/internal/mutants/table"
)

// checkTable fails unless at least one Go test of each row kills a site of the packages. Rows without Go tests it passes over: those that
// only a browser proves, and those that give a reason instead.
func (o options) checkTable(ctx context.Context, dir, file string, packages []string) error {
	rows, err := table.Read(file)
	if err != nil {
		return err
	}
	behind, err := instrument(ctx, dir, packages)
	if err != nil {
		return err
	}
	kills := map[table.Test]string{}
	for _, pkg := range packagesOf(rows) {
		if err := o.killsOf(ctx, dir, pkg, rows, behind, kills); err != nil {
			return err
		}
	}
	blunt, proven := 0, 0
	for _, row := range rows {
		if len(row.Go) == 0 {
			continue
		}
		proven++
		ids := strings.Join(row.IDs, ", ")
		sharp := slices.IndexFunc(row.Go, func(t table.Test) bool { return kills[t] != "" })
		if sharp < 0 {
			blunt++
			fmt.Fprintf(o.out, "KILLS NONE  %s:%d %s\n", file, row.Line, ids)
		} else if o.verbose {
			fmt.Fprintf(o.out, "kills       %s: %s by %s\n", ids, kills[row.Go[sharp]], row.Go[sharp])
		}
	}
	fmt.Fprintf(o.out, "%d rows with Go tests, %d kill no guard\n", proven, blunt)
	if blunt > 0 {
		return errTable
	}
	return nil
}

// packagesOf lists the packages of the rows' tests.
func packagesOf(rows []table.Row) []string {
	var dirs []string
	for _, row := range rows {
		for _, t := range row.Go {
			dirs = append(dirs, t.Dir())
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// killsOf notes, for each of the rows' tests in a package, one site that it kills.
func (o options) killsOf(ctx context.Context, dir, pkg string, rows []table.Row, behind *overlay, kills map[table.Test]string) error {
	named := map[string]table.Test{}
	for _, row := range rows {
		for _, t := range row.Go {
			if t.Dir() == pkg {
				named[t.Name] = t
			}
		}
	}
	names := make([]string, 0, len(named))
	for name := range named {
		names = append(names, name)
	}
	suite, err := compile(ctx, dir, pkg, behind)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, "%s: %d tests in the table\n", suite.pkg, len(names))
	tests, err := suite.observe(ctx, names, o.at)
	if err != nil {
		return err
	}
	// What few tests see fire is the likeliest to be what a test is about.
	rarity := map[int]int{}
	for _, t := range tests {
		for id := range t.fires {
			rarity[id]++
		}
	}
	found := make([]string, len(tests))
	runs, ctx := errgroup.WithContext(ctx)
	runs.SetLimit(o.at)
	for i, t := range tests {
		runs.Go(func() error {
			sites := slices.DeleteFunc(slices.Clone(behind.sites), func(s site) bool { return !t.fires[s.id] })
			slices.SortStableFunc(sites, func(a, b site) int { return cmp.Compare(rarity[a.id], rarity[b.id]) })
			for _, site := range sites {
				noticed, err := suite.notices(ctx, t, site, changes()[0])
				if err != nil {
					return err
				}
				if noticed {
					found[i] = site.String()
					return nil
				}
			}
			return nil
		})
	}
	if err := runs.Wait(); err != nil {
		return err
	}
	for i, t := range tests {
		kills[named[t.name]] = found[i]
	}
	return nil
}
