package guides

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// What is compiled in one copy need not be compiled again in the next.
func TestMain(m *testing.M) {
	if err := os.Setenv("GOFLAGS", "-trimpath"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// Each guide that says what to do is done, in a copy of the repository of its own.
func TestTheGuidesAreFollowed(t *testing.T) {
	for _, guide := range []string{"authorization.md", "caching.md", "errors.md", "production.md", "resolvers.md", "spa.md", "subscriptions.md"} {
		t.Run(guide, func(t *testing.T) {
			tree := copied(t)
			follow(t, tree, guide)
			if unformatted := run(t, tree, "gofmt", "-l", "graph"); unformatted != "" {
				t.Errorf("not as gofmt has it: %s", unformatted)
			}
			run(t, tree, "go", "vet", "./graph")
		})
	}
}

// docs/testing.md writes answers and records them anew; nothing of them has changed.
func TestWhatIsWrittenAnewIsTheSame(t *testing.T) {
	tree := copied(t)
	follow(t, tree, "testing.md")
	for _, name := range []string{"order.json", "account.json"} {
		want, err := os.ReadFile(filepath.Join(root, "graph", "testdata", "resolvers", name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(tree, "graph", "testdata", "resolvers", name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is now %s (%v), want as it was", name, got, err)
		}
	}
}

// follow takes all steps of a guide.
func follow(t *testing.T, tree, guide string) {
	t.Helper()
	var started *gateway
	said := ""
	all := steps(t, guide)
	if len(all) == 0 {
		t.Fatalf("docs/%s has no steps", guide)
	}
	for _, s := range all {
		switch s.file {
		case "start it here":
			started = start(t, tree, s.text)
		case "run it here":
			said = run(t, tree, "sh", "-ec", started.places(s.text))
		case "it then says":
			for line := range strings.Lines(s.text) {
				if line = strings.TrimSpace(line); !strings.Contains(said, line) {
					t.Errorf("docs/%s:%d: %q is not in\n%s", guide, s.line, line, said)
				}
			}
		default:
			if err := s.take(tree); err != nil {
				t.Fatalf("docs/%s:%d: %v", guide, s.line, err)
			}
		}
	}
}

// gateway is one that a guide has started, at addresses of the test's.
type gateway struct {
	public, admin, demo string
	log                 *output
}

// places puts the addresses where they are in a guide's commands.
func (g *gateway) places(text string) string {
	if g == nil {
		return text
	}
	return strings.NewReplacer("localhost:8080", strings.Replace(g.public, "127.0.0.1", "localhost", 1), "127.0.0.1:8081", g.demo).Replace(text)
}

// output is what a process says while it runs.
type output struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start runs commands that start a gateway, waits until it serves, and stops it when the test ends.
func start(t *testing.T, tree, text string) *gateway {
	t.Helper()
	at := free(3)
	g := &gateway{at[0], at[1], at[2], &output{}}
	command := exec.Command("sh", "-ec", text)
	command.Dir, command.Stdout, command.Stderr = tree, g.log, g.log
	command.Env = append(os.Environ(), "VESTIBULE_SERVER_ADDRESS="+g.public, "VESTIBULE_SERVER_ADMIN_ADDRESS="+g.admin, "VESTIBULE_DEMO_ADDRESS="+g.demo)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() {
		if err := syscall.Kill(-command.Process.Pid, syscall.SIGINT); err == nil { // All of them, as Ctrl-C does.
			<-ended
		}
	})
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(3 * time.Minute)
	for {
		select {
		case err := <-ended:
			t.Fatalf("%s: it ended (%v):\n%s", text, err, g.log)
		case <-deadline:
			t.Fatalf("%s: it serves nothing:\n%s", text, g.log)
		case <-tick.C:
			if res, err := http.Get("http://" + g.admin + "/readyz"); err == nil {
				res.Body.Close()
				if res.StatusCode == http.StatusOK {
					return g
				}
			}
		}
	}
}

// free are as many addresses on which nobody listened a moment ago. Their ports are below those that the system gives to whoever asks
// for any: such a one may be somebody else's before it is used.
func free(n int) (addresses []string) {
	for len(addresses) < n {
		address := fmt.Sprint("127.0.0.1:", 15000+rand.N(15000))
		if listener, err := net.Listen("tcp", address); err == nil {
			defer listener.Close()
			addresses = append(addresses, address)
		}
	}
	return addresses
}

// docs/resolvers.md, "When it is wrong": whatever is forgotten or misspelt has a file, a line and what was meant.
func TestTheGeneratorNamesThePlace(t *testing.T) {
	tree := copied(t)
	var field, binding step
	for _, s := range steps(t, "resolvers.md") {
		switch s.file {
		case "schema.graphqls":
			field = s
		case "gqlgen.yml":
			binding = s
		}
	}
	if err := field.take(tree); err != nil {
		t.Fatal(err)
	}
	generator(t, tree, at(t, tree, "schema.graphqls", "scarce: Boolean!")+": property: Product.scarce: catalog's object has no scarce")
	binding.text = strings.Replace(binding.text, "scarce", "scarse", 1)
	if err := binding.take(tree); err != nil {
		t.Fatal(err)
	}
	generator(t, tree, at(t, tree, "gqlgen.yml", "scarse:")+": the schema has no field Product.scarse; did you mean scarce?")
}

// at is where a text begins: FILE:LINE:COLUMN.
func at(t *testing.T, tree, name, text string) string {
	t.Helper()
	whole, err := os.ReadFile(filepath.Join(tree, name))
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := strings.Cut(string(whole), text)
	if !found {
		t.Fatalf("%s has no %q", name, text)
	}
	return fmt.Sprintf("%s:%d:%d", name, strings.Count(before, "\n")+1, len(before)-strings.LastIndex(before, "\n"))
}

// generator wants the generator to fail and to say so.
func generator(t *testing.T, tree, want string) {
	t.Helper()
	command := exec.Command("go", "generate", "./graph")
	command.Dir = tree
	if said, err := command.CombinedOutput(); err == nil || !strings.Contains(string(said), want) {
		t.Errorf("go generate ./graph: %v\n%s\nwant a failure with %s", err, said, want)
	}
}
