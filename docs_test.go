//go:build !nodemo

package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Every block of code in the documentation is held against what it is about. A block that cannot be has the reason before it:
//
//	<!-- sketch: the API is the reader's -->
//
// and is still looked at for its syntax, in GraphQL for its directives too. So is a block that e2e/guides writes where it says, and compiles and runs there:
//
//	<!-- step: graph/resolver.go, after "Shipping: shipping.New" -->

// block is a fenced block of a document.
type block struct {
	file     string
	line     int
	language string
	sketch   string // why it is only looked at for its syntax here
	text     string
}

func (b block) String() string { return fmt.Sprintf("%s:%d", b.file, b.line) }

var sketchMark = regexp.MustCompile(`^<!-- ((?:sketch|step): .{10,}) -->$`)

// blocks are those of all documents; the text is without the indentation of the list that it stands in.
func blocks(t *testing.T) []block {
	t.Helper()
	var all []block
	for _, file := range tracked(t, "*.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var open *block
		before, indent := "", ""
		for i, line := range strings.Split(string(text), "\n") {
			fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
			switch {
			case isFence && open == nil:
				indent, _, _ = strings.Cut(line, "`")
				open = &block{file: file, line: i + 1, language: fence}
				if m := sketchMark.FindStringSubmatch(strings.TrimSpace(before)); m != nil {
					open.sketch = m[1]
				}
			case isFence:
				all = append(all, *open)
				open = nil
			case open != nil:
				open.text += strings.TrimPrefix(line, indent) + "\n"
			}
			if strings.TrimSpace(line) != "" {
				before = line
			}
		}
		if open != nil {
			t.Errorf("%s is not closed", open)
		}
	}
	if len(all) < 30 {
		t.Fatalf("only %d blocks were found", len(all))
	}
	return all
}

// checks are by language; nil is what no machine here can tell.
func checks() map[string]func(*testing.T, block) {
	return map[string]func(*testing.T, block){
		"go": checkGo, "yaml": checkYAML, "graphql": checkGraphQL, "json": checkJSON, "sh": checkShell,
		"ts": standsIn("*.ts", "*.tsx"), "tsx": standsIn("*.tsx"), "vue": standsIn("*.vue"), "svelte": standsIn("*.svelte"), "html": standsIn("*.html"), "js": standsIn("*.js"),
		"mermaid": nil, "http": nil, "text": nil,
	}
}

// Issue 9: every command and every snippet in the documentation is run, compiled, validated or loaded.
func TestSnippetsOfTheDocumentation(t *testing.T) {
	known := checks()
	for _, b := range blocks(t) {
		check, is := known[b.language]
		if !is {
			t.Errorf("%s: a block of the language %q: want one of %s", b, b.language, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		if check != nil {
			check(t, b)
		}
	}
}

// checkGo wants the lines in a Go file of this repository, where the compiler sees them.
func checkGo(t *testing.T, b block) {
	t.Helper()
	if b.sketch != "" {
		for _, frame := range []string{"%s", "package p\n%s", "package p\nfunc _() {\n%s\n}", "package p\nvar _ = map[string]any{\n%s}"} {
			if _, err := parser.ParseFile(token.NewFileSet(), "", fmt.Sprintf(frame, b.text), parser.SkipObjectResolution); err == nil {
				return
			}
		}
		t.Errorf("%s: not Go", b)
		return
	}
	standsIn("*.go")(t, b)
}

// standsIn wants the lines in a file of this repository that a compiler or a browser sees.
func standsIn(patterns ...string) func(*testing.T, block) {
	return func(t *testing.T, b block) {
		t.Helper()
		if b.sketch != "" {
			return
		}
		want := trimmedLines(b.text)
		for _, file := range tracked(t, patterns...) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(trimmedLines(string(text)), want) {
				return
			}
		}
		t.Errorf("%s: these lines are in no file %s", b, strings.Join(patterns, " or "))
	}
}

// trimmedLines is a text without its indentation and empty lines.
func trimmedLines(text string) string {
	var out strings.Builder
	out.WriteByte('\n')
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out.WriteString(line + "\n")
		}
	}
	return out.String()
}

var placeOfSecret = regexp.MustCompile(`/(?:run/secrets|etc/vestibule)/[\w./-]+`)

// checkYAML loads a piece of the configuration, over the smallest there is, as the gateway would.
func checkYAML(t *testing.T, b block) {
	t.Helper()
	if b.sketch != "" {
		var any map[string]any
		if err := yaml.Unmarshal([]byte(b.text), &any); err != nil {
			t.Errorf("%s: %v", b, err)
		}
		return
	}
	secret := func(place string) string { // Another one at each place.
		return writeFile(t, "secret", fmt.Sprintf("%x", sha256.Sum256([]byte(place))))
	}
	l := &loader{getenv: func(string) string { return "" }, seen: map[string]string{}}
	var cfg Config
	l.defaults(&cfg)
	l.yaml(&cfg, "minimal", []byte(minimal))
	l.yaml(&cfg, b.file, []byte(placeOfSecret.ReplaceAllStringFunc(b.text, secret)))
	l.profile(&cfg.Identity)
	l.check(&cfg)
	if len(l.faults) > 0 {
		t.Errorf("%s: %v", b, &configError{l.faults})
	}
}

// checkJSON wants a value, or members of an object.
func checkJSON(t *testing.T, b block) {
	t.Helper()
	if !json.Valid([]byte(b.text)) && !json.Valid([]byte("{"+b.text+"}")) {
		t.Errorf("%s: not JSON", b)
	}
}

// foreign are programs that are not ours to run; their lines are looked at for their syntax.
const foreign = `cd cp mkdir export curl docker kubectl systemctl npm npx grep sed xargs git`

// checkShell looks at each command by itself: ours are asked whether they know it, OpenSSL is run.
func checkShell(t *testing.T, b block) {
	t.Helper()
	syntax := exec.Command("sh", "-n")
	syntax.Stdin = strings.NewReader(b.text)
	if out, err := syntax.CombinedOutput(); err != nil {
		t.Errorf("%s: %s", b, out)
	}
	if b.sketch != "" {
		return
	}
	for line := range strings.Lines(strings.ReplaceAll(b.text, "\\\n", " ")) {
		line, _, _ = strings.Cut(line, " #")
		words := strings.Fields(line)
		for len(words) > 0 && regexp.MustCompile(`^[A-Z_]+=|\)$`).MatchString(words[0]) { // NAME=$(cat file)
			words = words[1:]
		}
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		switch name := words[0]; {
		case name == "go":
			checkGoCommand(t, b, words)
		case name == "make": // TestDocumentationNamesWhatExists
		case strings.TrimPrefix(name, "./") == "vestibule":
			checkVestibule(t, b, words[1:])
		case name == "openssl":
			command := exec.Command("sh", "-ec", line)
			command.Dir = t.TempDir()
			if err := os.Mkdir(filepath.Join(command.Dir, "secrets"), 0o700); err != nil {
				t.Fatal(err)
			}
			if out, err := command.CombinedOutput(); err != nil {
				t.Errorf("%s: %s: %v\n%s", b, line, err, out)
			}
		case !slices.Contains(strings.Fields(foreign), name):
			t.Errorf("%s: nobody knows whether %q works; teach checkShell", b, name)
		}
	}
}

// checkGoCommand wants the packages that a go command names, and of go test -run a test.
func checkGoCommand(t *testing.T, b block, words []string) {
	t.Helper()
	dir := "."
	for _, word := range words {
		if strings.HasPrefix(word, "./") {
			dir = strings.TrimSuffix(word, "/...")
			if _, err := os.Stat(dir); err != nil {
				t.Errorf("%s: %s: %v", b, strings.Join(words, " "), err)
			}
		}
	}
	at := slices.Index(words, "-run")
	if at < 0 || words[1] != "test" || strings.HasPrefix(words[at+1], "'^$") {
		return
	}
	test := regexp.MustCompile(`(?m)^func ` + strings.Trim(words[at+1], "'"))
	if !slices.ContainsFunc(tracked(t, dir+"/*_test.go"), func(file string) bool {
		text, err := os.ReadFile(file)
		return err == nil && test.Match(text)
	}) {
		t.Errorf("%s: %s: there is no such test", b, strings.Join(words, " "))
	}
}

// checkVestibule runs a command of the binary where nothing is configured as it should be: it must fail for that reason
// or not at all, and not because there is no such command or flag.
func checkVestibule(t *testing.T, b block, args []string) {
	t.Helper()
	if len(args) == 0 || strings.HasPrefix(args[0], "-") && !slices.Contains(args, "-config") {
		return // It would serve.
	}
	args = slices.Clone(args)
	for i := range args {
		if args[i] == "-config" {
			args[i+1] = filepath.Join(t.TempDir(), "absent.yaml")
		}
	}
	err := run(context.Background(), func(string) string { return "" }, args, io.Discard, io.Discard)
	if err != nil && regexp.MustCompile(`unknown command|flag provided but not defined|unexpected argument|[Uu]sage`).MatchString(err.Error()) {
		t.Errorf("%s: vestibule %s: %v", b, strings.Join(args, " "), err)
	}
}

// Every setting that the documentation names exists.
func TestSettingsOfTheDocumentation(t *testing.T) {
	known := configurationDoc()
	attribute := regexp.MustCompile(`^(graphql\.(operation|field)\.[a-z]+|server\.port)$`) // Those of spans, which OpenTelemetry names.
	setting := regexp.MustCompile("`((?:server|identity|session|graphql|observe|spa|apis\\.NAME)\\.[a-z][a-z_.]*[a-z])")
	for _, file := range tracked(t, "*.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range setting.FindAllStringSubmatch(string(text), -1) {
			if name := strings.TrimSuffix(m[1], "_file"); !attribute.MatchString(name) && !strings.HasSuffix(name, ".go") && !strings.Contains(known, "`"+name+"`") && !strings.Contains(known, "`"+name+".") && !strings.Contains(known, "`"+m[1]+"`") {
				t.Errorf("%s names the setting %s, which is not there", file, m[1])
			}
		}
	}
}

// docs/errors.md, the SPA's client and the gateway know the same codes.
func TestCodesAreTheSameEverywhere(t *testing.T) {
	codes := func(file, pattern string) []string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
			all = append(all, m[1])
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	gateway := slices.Concat(codes("clients/errors.go", `Code = "([A-Z_]+)"`), codes("graph/errors.go", `code\w+ += "([A-Z_]+)"`))
	slices.Sort(gateway)
	if documented := codes("docs/errors.md", "(?m)^\\| `([A-Z_]+)`"); !slices.Equal(documented, gateway) {
		t.Errorf("docs/errors.md has the codes %q, the gateway %q", documented, gateway)
	}
	browser := slices.DeleteFunc(codes("spa/app/src/vestibule/errors.ts", `(?m)^  "([A-Z_]+)",$`), func(c string) bool { return c == "NETWORK" })
	if !slices.Equal(browser, gateway) {
		t.Errorf("the SPA's client has the codes %q, the gateway %q", browser, gateway)
	}
}

// README leads to every document.
func TestReadmeLeadsEverywhere(t *testing.T) {
	readme := read(t, "README.md")
	for _, file := range tracked(t, "docs/*.md") {
		if !strings.HasPrefix(file, "docs/decisions/2") && !strings.Contains(readme, "("+file+")") {
			t.Errorf("README.md does not lead to %s", file)
		}
	}
}

// Every file of the repository that a document names is there; those of a guide's example, which its reader writes, are not.
func TestDocumentationNamesFilesThatExist(t *testing.T) {
	files := map[string]bool{}
	for _, file := range tracked(t, "*") {
		for part := file; ; {
			files[part] = true
			_, rest, more := strings.Cut(part, "/")
			if !more {
				break
			}
			part = rest
		}
	}
	written := regexp.MustCompile(`<!-- step: ([\w./-]+) -->`)
	named := regexp.MustCompile("`((?:[a-z0-9-]+/)+[a-z0-9_.-]+\\.(?:go|tsx?|mjs|graphqls|ya?ml|md|json))`")
	seen := 0
	for _, file := range tracked(t, "*.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range written.FindAllSubmatch(text, -1) {
			files[string(m[1])] = true
		}
		for _, m := range named.FindAllSubmatch(text, -1) {
			seen++
			if name := string(m[1]); !files[name] && !strings.Contains(name, "reviews") && !strings.Contains(name, "stars") {
				t.Errorf("%s names %s, which is not there", file, name)
			}
		}
	}
	if seen < 30 {
		t.Errorf("only %d names of files were found", seen)
	}
}
