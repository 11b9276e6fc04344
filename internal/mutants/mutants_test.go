package main

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vestibule.example/internal/mutants/table"
)

const guarded = "./testdata/guarded"

func report(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out strings.Builder
	err := run(t.Context(), args, strings.NewReader(""), &out)
	return out.String(), err
}

func TestHelp(t *testing.T) {
	if text, err := report(t, "-help"); !errors.Is(err, flag.ErrHelp) || !strings.Contains(text, "-excluded") {
		t.Errorf("-help = %q, %v, want the flags", text, err)
	}
	for _, args := range [][]string{nil, {"-nothing"}} {
		if _, err := report(t, args...); !errors.Is(err, errUsage) {
			t.Errorf("%v: %v, want the usage", args, err)
		}
	}
}

func TestSurvivorsAreReported(t *testing.T) {
	text, err := report(t, "-v", guarded)
	if !errors.Is(err, errSurvivors) {
		t.Errorf("error = %v, want survivors", err)
	}
	for _, want := range []string{
		"killed    testdata/guarded/guarded.go:10 Check: if n < 0 by TestNegative and TestNegative",
		"SURVIVED  testdata/guarded/guarded.go:13 Check: if n == 7 (off, and no test notices, TestSevenWithoutLooking among them)",
		"SURVIVED  testdata/guarded/guarded.go:16 Check: if n > 1000 (no test makes it fire)",
		"Small: if n > 10 by TestSmall", "Kind: case n == 0 by TestKind", "Always: if n != 0 (no test passes it)",
		"Cookie: field HttpOnly: true by TestCookie\n", `Cookie: field Name: "session" (off, and no test notices, TestCookie`, "Even: if n%2 != 0 by TestEven and TestEven",
		"Twice: if n < 0 #1 by TestTwice and TestTwice", "Twice: if n < 0 #2 (no test makes it fire)",
		"Close: if n == 1 by TestRefusals", "Halve: if n%2 != 0 by TestRefusals", "Why: if n == 3 by TestRefusals", "Leave: if n == 4 by TestRefusals",
		"Elsewhere: if n == 5 (no test makes it fire)", "16 guards in ", ": 10 killed, 0 excluded, 6 survived",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
}

func TestAnotherPackagesTestsMayKill(t *testing.T) {
	text, err := report(t, "-v", "-also", "./testdata/guarded/beside", "-run", `(refusals\.go:4\d|guarded\.go:1[03])$`, guarded)
	if !errors.Is(err, errSurvivors) {
		t.Errorf("error = %v, want survivors", err)
	}
	for _, want := range []string{"Elsewhere: if n == 5 by TestElsewhere and TestElsewhere", "Check: if n == 7 (off, and no test notices, TestSevenWithoutLooking", "3 guards in ", ": 2 killed, 0 excluded, 1 survived"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
}

func TestAnExcludedSiteMaySurvive(t *testing.T) {
	text, err := report(t, "-excluded", "testdata/excluded.txt", "-run", `guarded\.go:1[03]$`, guarded)
	if err != nil {
		t.Errorf("error = %v, want none", err)
	}
	for _, want := range []string{
		"excluded  testdata/guarded/guarded.go:13 Check: if n == 7: nobody needs to look",
		"needless  testdata/guarded/guarded.go:10 Check: if n < 0 is killed by TestNegative and TestNegative", "2 guards",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
}

// An exclusion is of one guard that is there; whatever else it may say is a fault, before any test runs.
func TestExclusionsThatAreNone(t *testing.T) {
	for _, c := range []struct{ name, lines, want string }{
		{"no reason", "guarded/guarded.go Check: if n == 7", "excluded.txt:1: want "},
		{"an empty reason", "guarded/guarded.go Check: if n == 7 # ", "excluded.txt:1: want "},
		{"twice", "guarded/guarded.go Check: if n == 7 # x\nguarded/guarded.go Check: if n == 7 # y", `excluded.txt:2: "guarded/guarded.go Check: if n == 7" is excluded twice`},
		{"a guard that is gone", "# guards\n\nguarded/guarded.go Check: if n == 8 # x", `excluded.txt:3: there is no guard "guarded/guarded.go Check: if n == 8"`},
		{"one of several, without its number", "guarded/guarded.go Twice: if n < 0 # x", "or it wants a number"},
		{"a number too many", "guarded/guarded.go Twice: if n < 0 #3 # x", "there is no guard"},
		{"a number for the only one", "guarded/guarded.go Check: if n == 7 #1 # x", "there is no guard"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "excluded.txt")
			if err := os.WriteFile(file, []byte(c.lines), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := report(t, "-excluded", file, guarded); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error = %v, want %q", err, c.want)
			}
		})
	}
	x := exclusions{lines: []exclusion{{1, "guarded/guarded.go Twice: if n < 0 #2", "x"}, {2, "other/x.go F: if y", "of another package"}}}
	if err := x.check("guarded", []site{{pkg: "guarded", file: "guarded.go", function: "Twice", keyword: "if", condition: "n < 0", number: 2}}); err != nil {
		t.Errorf("check = %v, want none", err)
	}
}

func TestARowThatKillsNothingIsReported(t *testing.T) {
	t.Chdir("../..") // The table names packages from the top.
	text, err := report(t, "-v", "-table", "internal/mutants/testdata/table.md", "./internal/mutants/testdata/guarded")
	if !errors.Is(err, errTable) {
		t.Errorf("error = %v, want rows", err)
	}
	for _, want := range []string{
		"kills       A-1, A-2: ", "kills       A-3: ", "Kind: case n == 0 by internal/mutants/testdata/guarded.TestKind/zero is refused",
		"KILLS NONE  internal/mutants/testdata/table.md:5 A-4", "3 rows with Go tests, 1 kill no guard",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
}

func TestTheTableIsRead(t *testing.T) {
	rows, err := table.Read("testdata/table.md")
	if err != nil || len(rows) != 5 {
		t.Fatalf("rows = %v, %v, want 5", rows, err)
	}
	if !slices.Equal(rows[0].IDs, []string{"A-1", "A-2"}) || rows[0].Line != 3 || rows[0].Go[0].Dir() != "./internal/mutants/testdata/guarded" {
		t.Errorf("first row = %+v", rows[0])
	}
	if got := rows[1].Go[0].Written(); got != "TestKind/zero_is_refused" {
		t.Errorf("a subtest is written %q", got)
	}
	if got := rows[3]; len(got.Go) != 0 || len(got.Browser) != 1 || got.Browser[0] != (table.BrowserTest{File: "e2e/x.test.mjs", Title: "a title"}) {
		t.Errorf("a browser's row = %+v", got)
	}
	if got := rows[4]; got.Proof != "Does not apply." || len(got.Go)+len(got.Browser) != 0 {
		t.Errorf("a row with a reason = %+v", got)
	}
}

func TestWhatDidNotRunIsReported(t *testing.T) {
	const pkg = `"Package":"shop.example/internal/mutants/testdata/guarded"`
	passed := `{"Action":"output",` + pkg + `,"Test":"TestNegative","Output":"chatter\n"}
{"Action":"pass",` + pkg + `,"Test":"TestNegative"}
{"Action":"pass",` + pkg + `,"Test":"TestKind/zero_is_refused"}
{"Action":"output",` + pkg + `,"Output":"PASS\n"}
{"Action":"output",` + pkg + `,"Output":"ok  \tguarded\t0.1s\n"}
`
	for _, c := range []struct {
		name, events string
		says         []string
		hides        string
		fails        bool
	}{
		{"all ran", passed + `{"Action":"pass",` + pkg + `,"Test":"TestSevenWithoutLooking"}`, []string{"ok  \tguarded"}, "chatter", false},
		{"one did not", passed, []string{"table.md:5: internal/mutants/testdata/guarded.TestSevenWithoutLooking: did not run"}, "chatter", true},
		{"one was skipped", passed + `{"Action":"skip",` + pkg + `,"Test":"TestSevenWithoutLooking"}`, []string{"was skipped"}, "did not run", true},
		{"one failed", passed + `{"Action":"output",` + pkg + `,"Test":"TestSevenWithoutLooking","Output":"why\n"}
{"Action":"fail",` + pkg + `,"Test":"TestSevenWithoutLooking"}`, []string{"why", "failed"}, "did not run", true},
		{"another test failed", passed + `{"Action":"pass",` + pkg + `,"Test":"TestSevenWithoutLooking"}
{"Action":"fail","Package":"shop.example/other","Test":"TestOther"}`, nil, "did not run", true},
		{"one did not come to its end", passed + `{"Action":"output",` + pkg + `,"Test":"TestSevenWithoutLooking","Output":"panic: timed out\n"}
{"Action":"fail",` + pkg + `}`, []string{"panic: timed out", "did not run"}, "chatter", true},
		{"no JSON", passed + "\nFAIL", nil, "did not run", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			err := checkRan("testdata/table.md", "shop.example", strings.NewReader(c.events), &out)
			if (err != nil) != c.fails || strings.Contains(out.String(), c.hides) {
				t.Errorf("checkRan = %v, want failure %v:\n%s", err, c.fails, &out)
			}
			for _, want := range c.says {
				if !strings.Contains(out.String(), want) {
					t.Errorf("the report lacks %q:\n%s", want, &out)
				}
			}
		})
	}
}
