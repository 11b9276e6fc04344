package resttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"vestibule.example/clients"
	"vestibule.example/graph/plan"
	"vestibule.example/graph/rest"
	"vestibule.example/graph/rest/resttest/exec"
	byhand "vestibule.example/graph/rest/resttest/hand/exec"
	"vestibule.example/graph/rest/resttest/hand/resolver"
)

// subject is one of the two implementations over a world of its own.
type subject struct {
	*side
	runner  *executor.Executor
	loaders func(context.Context) context.Context
}

func newSubject(t testing.TB, s *side, schema graphql.ExecutableSchema, tables plan.Tables, cfg plan.Config, loaders func(context.Context) context.Context) subject {
	runner := executor.New(plan.New(schema, tables, cfg))
	runner.SetErrorPresenter(present)
	runner.SetRecoverFunc(func(_ context.Context, v any) error {
		t.Errorf("panic: %v", v)
		return errors.New("panic")
	})
	return subject{side: s, runner: runner, loaders: loaders}
}

// present keeps all that an error says.
func present(ctx context.Context, err error) *gqlerror.Error {
	public := *graphql.DefaultErrorPresenter(ctx, err)
	var call *clients.Error
	var input *rest.InputError
	switch {
	case errors.As(err, &call):
		public.Message = call.Error()
		public.Extensions = map[string]any{"code": call.Code, "api": call.API, "status": call.Status, "retryable": call.Retryable, "retryAfter": call.RetryAfter, "fields": call.Fields, "stepUp": call.StepUp}
	case errors.As(err, &input):
		public.Extensions = map[string]any{"code": "INPUT", "field": input.Field}
	}
	return &public
}

// newSubjects are the generated resolvers and those by hand.
func newSubjects(t testing.TB, world *shopWorld) (generated, byHand subject) {
	cursors, err := rest.NewCursors([][]byte{slices.Repeat([]byte("k"), 32)})
	if err != nil {
		t.Fatal(err)
	}
	a, b := &side{world: world}, &side{world: world}
	made := &Resolver{APIs: map[string]*clients.API{}, cursors: cursors, failed: a.hide}
	made.APIs["shop"], made.APIs["stock"] = a.open(t)
	hand := &resolver.Resolver{Cursors: cursors, Hidden: b.hide}
	hand.ShopAPI, hand.StockAPI = b.open(t)
	cfg := wholly()
	if world.oddities == 0 && world.faults == 0 {
		cfg = planned() // By hand all of an answer is decoded: what is wrong where nobody asks is noticed.
	}
	return newSubject(t, a, exec.NewExecutableSchema(exec.Config{Resolvers: made}), exec.PlanTables(), cfg, func(ctx context.Context) context.Context {
			return made.withRestLoaders(context.WithValue(ctx, failedKey{}, a.hide))
		}),
		newSubject(t, b, byhand.NewExecutableSchema(byhand.Config{Resolvers: hand}), byhand.PlanTables(), wholly(), hand.WithLoaders)
}

// outcome is what came of an operation.
type outcome struct {
	Data   string
	Errors []string
	Calls  []string
	Hidden []string
	Took   time.Duration
}

var errInvalid = errors.New("no valid operation")

// run runs an operation.
func (s subject) run(ctx context.Context, query string, variables map[string]any) (outcome, error) {
	ctx, cancel := context.WithCancel(s.loaders(graphql.StartOperationTrace(ctx)))
	defer cancel()
	op, faults := s.runner.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: variables})
	if len(faults) > 0 {
		return outcome{}, errors.Join(errInvalid, faults)
	}
	responses, ctx := s.runner.DispatchOperation(ctx, op)
	var o outcome
	began := time.Now()
	for range enough {
		response := responses(ctx)
		if response == nil {
			o.Data += "the end"
			break
		}
		if err := o.add(response); err != nil {
			return o, err
		}
		if op.Operation.Operation != ast.Subscription {
			break
		}
	}
	o.Took = time.Since(began)
	synctest.Wait() // Whatever is still said to a caller that has gone is said.
	o.Calls, o.Hidden = s.asked()
	cancel()
	synctest.Wait()
	return o, nil
}

// enough is how many events of a subscription are looked at.
const enough = 6

// add adds an answer of the operation.
func (o *outcome) add(response *graphql.Response) error {
	o.Data += string(response.Data)
	var errs []string
	for _, e := range response.Errors {
		extensions, err := json.Marshal(e.Extensions)
		if err != nil {
			return err
		}
		errs = append(errs, e.Path.String()+": "+e.Message+" "+string(extensions))
	}
	slices.Sort(errs)
	o.Errors = append(o.Errors, errs...)
	return nil
}

// sharing are the fields that load the same kind of thing.
var sharing = [][]string{{"maker", "second"}, {"parts", "gaps"}, {"related"}, {"stock"}, {"found"}, {"tags"}}

// isOneByOne tells operations in which nothing of one kind is loaded from two places, so that the very calls are always the same.
func isOneByOne(asked []string) bool {
	for _, names := range sharing {
		n := 0
		for _, field := range asked {
			if _, name, _ := strings.Cut(field, "."); slices.Contains(names, name) {
				n++
			}
		}
		if n > 1 {
			return false
		}
	}
	return true
}

var cursorOf = regexp.MustCompile(`"(?:cursor|endCursor)":"([^"]+)"`)

// tally counts what was compared.
type tally struct {
	operations, invalid, failing, calls, exact, events int

	well map[string]int // how often a field was asked for in an operation without errors
}

// compare makes up a world and one to four operations over it, one after the other, and holds the two implementations' answers against
// each other: data, errors, calls, and what fallbacks hide.
func compare(t *testing.T, seed uint64, wishes []byte, count *tally) {
	world := newShopWorld(seed)
	generated, byHand := newSubjects(t, world)
	a := &author{schema: byhand.NewExecutableSchema(byhand.Config{}).Schema(), wishes: wishes, plain: world.cached}
	operations := 1 + a.choose(4)
	if a.plain {
		operations += 3
	}
	for range operations {
		if world.cached && world.faults == 0 { // Repeats wait by chance, and then not both keep what is fresh to the second.
			<-time.After([]time.Duration{0, 0, 17 * time.Second, 41 * time.Second}[a.choose(4)])
		}
		query, variables := a.operation()
		want, err := byHand.run(t.Context(), query, variables)
		got, gotErr := generated.run(t.Context(), query, variables)
		if errors.Is(err, errInvalid) != errors.Is(gotErr, errInvalid) {
			t.Fatalf("%s: %v, by hand %v", query, gotErr, err)
		}
		count.operations++
		if err != nil {
			count.invalid++
			continue
		}
		if len(want.Errors) > 0 {
			count.failing++
		} else {
			for _, name := range a.asked {
				count.well[name]++
			}
		}
		count.calls += len(want.Calls)
		if strings.HasPrefix(query, "subscription") {
			count.events += len(regexp.MustCompile(`"s":`).FindAllString(want.Data, -1))
		}
		if isOneByOne(a.asked) {
			count.exact++
		} else {
			got.Calls, want.Calls = byKey(t, got.Calls), byKey(t, want.Calls)
		}
		if world.faults > 0 || strings.Contains(query, "moved") || strings.Contains(query, "noted") || (got.Took-want.Took).Abs() <= want.Took/8 {
			got.Took = want.Took // What is repeated, and followed again, waits by chance; who asks again and again does a tenth at most.
		}
		if difference := differ(got, want); difference != "" {
			t.Fatalf("world %d\nquery %s\nvariables %v\n%s", seed, query, variables, difference)
		}
		for _, match := range cursorOf.FindAllStringSubmatch(got.Data, -1) {
			a.cursors = append(a.cursors, match[1])
		}
	}
}

// differ says where two outcomes differ.
func differ(got, want outcome) string {
	var lines []string
	for _, part := range []struct{ name, got, want string }{
		{"data", got.Data, want.Data},
		{"errors", strings.Join(got.Errors, "\n\t"), strings.Join(want.Errors, "\n\t")},
		{"calls", strings.Join(got.Calls, "\n\t"), strings.Join(want.Calls, "\n\t")},
		{"time", got.Took.String(), want.Took.String()},
		{"hidden", strings.Join(got.Hidden, "\n\t"), strings.Join(want.Hidden, "\n\t")},
	} {
		if part.got != part.want {
			lines = append(lines, fmt.Sprintf("%s\n\t%s\nby hand\n\t%s", part.name, part.got, part.want))
		}
	}
	return strings.Join(lines, "\n")
}

// What the generator makes of a line of the schema answers as a resolver that was written by hand: the same data, byte for byte, the same
// errors, and the same calls, whatever is asked, whatever the APIs say, and whatever goes wrong with them.
func TestGeneratedAnswersAsHandWritten(t *testing.T) {
	const rounds = 1500
	count := tally{well: map[string]int{}}
	for seed := range uint64(rounds) {
		dice := rand.New(rand.NewPCG(seed, 3))
		wishes := make([]byte, dice.IntN(300))
		for i := range wishes {
			wishes[i] = byte(dice.IntN(256))
		}
		synctest.Test(t, func(t *testing.T) { compare(t, seed, wishes, &count) })
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%d operations with %d calls, of %d the very calls, and %d events; %d had errors, %d were not valid", count.operations, count.calls, count.exact, count.events, count.failing, count.invalid)
	if count.failing < count.operations/10 || count.failing > count.operations/2 || count.invalid > count.operations/10 || count.exact < count.operations/2 || count.events < count.operations/10 {
		t.Errorf("%+v: that is not a mixture that shows much", count)
	}
	for name := range restCalls().Fields {
		if count.well[name] < 10 {
			t.Errorf("%s was asked for %d times without an error: want 10", name, count.well[name])
		}
	}
}

// FuzzGeneratedAnswersAsHandWritten looks for a world and an operation where they differ.
func FuzzGeneratedAnswersAsHandWritten(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, []byte{3, byte(seed), 7, 11, 13})
	}
	f.Fuzz(func(t *testing.T, seed uint64, wishes []byte) {
		synctest.Test(t, func(t *testing.T) { compare(t, seed, wishes, &tally{well: map[string]int{}}) })
	})
}

// Both schemas are one, and nothing of it is left out.
func TestEveryFieldIsWrittenByHandToo(t *testing.T) {
	made := exec.NewExecutableSchema(exec.Config{}).Schema()
	hand := byhand.NewExecutableSchema(byhand.Config{}).Schema()
	for name, def := range made.Types {
		if def.BuiltIn {
			continue
		}
		if got, want := shapeOf(hand.Types[name]), shapeOf(def); got != want {
			t.Errorf("%s is, by hand,\n%s\nwant\n%s", name, got, want)
		}
	}
}

// shapeOf writes a type without directives.
func shapeOf(def *ast.Definition) string {
	if def == nil {
		return "not there"
	}
	var b strings.Builder
	b.WriteString(string(def.Kind))
	for _, f := range def.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		fmt.Fprintf(&b, "\n  %s", f.Name)
		for _, arg := range f.Arguments {
			fmt.Fprintf(&b, " %s: %s = %v", arg.Name, arg.Type, arg.DefaultValue)
		}
		fmt.Fprintf(&b, ": %s = %v", f.Type, f.DefaultValue)
	}
	for _, v := range def.EnumValues {
		b.WriteString("\n  " + v.Name)
	}
	return b.String()
}
