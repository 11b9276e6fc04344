package plan

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
)

// run is one execution of a plan.
type run struct {
	schema   *Schema
	plan     *plan
	oc       *graphql.OperationContext
	exec     any
	columns  []Column
	observer Observer
	// denied are the nodes that the operation may not have.
	denied map[*node]error
	// spare is how many more resolvers may be called in parallel.
	spare atomic.Int64
	// broken is a panic of ours.
	broken atomic.Pointer[panicked]
	writer Writer
	// roots is room for the root's fields.
	roots [4]task
}

// panicked is a panic that gqlgen's RecoverFunc has yet to make an error of.
type panicked struct{ value any }

func (p *panicked) Error() string { return fmt.Sprintf("plan: panic: %v", p.value) }

// task is a field to be resolved for the parents.
type task struct {
	node    *node
	parents []any
}

// run executes the plan and writes the answer; that of a subscription for the event that its source found.
func (s *Schema) run(ctx context.Context, oc *graphql.OperationContext, p *plan, source *Source) *graphql.Response {
	exec := s.tables.Exec(s.ExecutableSchema, oc)
	if p.takes {
		ctx = graphql.WithLazyInputUnmarshalerIndex(ctx, func() *graphql.InputUnmarshalerIndex { return s.tables.Inputs(exec) })
	}
	if p.attach != nil {
		ctx = p.attach(ctx)
	}
	r := p.take()
	r.schema, r.oc, r.exec, r.denied = s, oc, exec, p.denials(denied(ctx))
	r.spare.Store(int64(s.cfg.Parallel))
	if s.cfg.Observer != nil {
		r.observer = s.cfg.Observer(ctx)
	}
	switch {
	case source != nil:
		r.event(ctx, source)
	case p.mutation:
		for _, n := range p.root.resolved {
			r.start(ctx, r.gather(n, p.parents, nil)) // One after another, each with all beneath it (specification §6.2.2).
		}
	default:
		tasks := r.roots[:0]
		for _, n := range p.root.resolved {
			tasks = r.gather(n, p.parents, tasks)
		}
		r.start(ctx, tasks)
	}
	response := &graphql.Response{Data: r.answer(ctx)}
	p.put(r)
	return response
}

// gather finds what has to be resolved for the node: the node itself, or, if its values are the parents', what lies beneath.
// For a denied one that is nothing.
func (r *run) gather(n *node, parents []any, tasks []task) []task {
	if len(r.denied) > 0 && r.denied[n] != nil {
		return tasks
	}
	if n.table.Resolver != nil {
		return append(tasks, task{n, parents})
	}
	c := &r.columns[n.column]
	for i, p := range parents {
		c.begin()
		r.bound(c, i, p)
	}
	return r.beneath(n, tasks)
}

// bound adds what a parent's Go value holds.
func (r *run) bound(c *Column, i int, parent any) {
	state := c.mark()
	defer func() {
		if v := recover(); v != nil {
			c.undo(state)
			c.fail(&panicked{v})
		}
	}()
	c.node.table.Column(c, parent)
}

// beneath gathers from the objects that the node gave.
func (r *run) beneath(n *node, tasks []task) []task {
	for slot, s := range n.selections {
		if objects := r.columns[n.column].groups[slot].objects; len(objects) > 0 {
			for _, child := range s.resolved {
				tasks = r.gather(child, objects, tasks)
			}
		}
	}
	return tasks
}

// start resolves the tasks in parallel, each with all beneath it, and waits for them. Nothing else waits: what lies beneath
// one of them begins when that one is there.
func (r *run) start(ctx context.Context, tasks []task) {
	switch len(tasks) {
	case 0:
		return
	case 1:
		r.resolve(ctx, tasks[0], nil)
		return
	}
	var wg sync.WaitGroup
	last := len(tasks) - 1
	seats := r.seats(ctx, tasks)
	for _, t := range tasks[:last] {
		wg.Go(func() { r.resolve(ctx, t, seats[t.node.kind]) })
	}
	r.resolve(ctx, tasks[last], seats[tasks[last].node.kind])
	wg.Wait()
}

// seats finds the fields that load things of one kind, so that these become one call.
func (r *run) seats(ctx context.Context, tasks []task) map[string]seat {
	if r.schema.cfg.Together == nil {
		return nil
	}
	var seats map[string]seat
	for i, t := range tasks {
		if !t.loadsOnce() || seats[t.node.kind] != nil {
			continue
		}
		fields := 1
		for _, other := range tasks[i+1:] {
			if other.node.kind == t.node.kind && other.loadsOnce() {
				fields++
			}
		}
		if fields > 1 {
			if seats == nil {
				seats = map[string]seat{}
			}
			seats[t.node.kind] = r.schema.cfg.Together(ctx, fields)
		}
	}
	return seats
}

// seat gives a field's context among those of its kind.
type seat func() (loading context.Context, leave func())

// loadsOnce tells a task that loads things by one call of its resolver.
func (t task) loadsOnce() bool {
	return t.node.kind != "" && (t.node.table.Resolver.batch || len(t.parents) == 1)
}

func (r *run) resolve(ctx context.Context, t task, s seat) {
	defer func() {
		if v := recover(); v != nil {
			r.broken.CompareAndSwap(nil, &panicked{v})
		}
	}()
	r.load(ctx, t, s)
	r.start(ctx, r.beneath(t.node, nil))
}

// load resolves the field, with its kind's others if it is one of several.
func (r *run) load(ctx context.Context, t task, s seat) {
	if s != nil && t.loadsOnce() {
		loading, leave := s()
		defer leave()
		ctx = loading
	}
	if r.observer != nil {
		r.observed(ctx, t)
	} else {
		r.call(ctx, t)
	}
}

func (r *run) observed(ctx context.Context, t task) {
	resolving, done := r.observer.Node(ctx, t.node.path, len(t.parents))
	defer done()
	r.call(resolving, t)
}

// take gives a run with empty columns.
func (p *plan) take() *run {
	if r, ok := p.runs.Get().(*run); ok {
		return r
	}
	r := &run{plan: p, columns: make([]Column, len(p.columns))}
	for i, n := range p.columns {
		r.columns[i] = Column{node: n, groups: make([]group, len(n.ids))}
	}
	return r
}

// put keeps a run's memory for the next one.
func (p *plan) put(r *run) {
	for i := range r.columns {
		r.columns[i].reset()
	}
	r.schema, r.oc, r.exec, r.observer, r.denied, r.writer = nil, nil, nil, nil, nil, Writer{}
	clear(r.roots[:])
	r.broken.Store(nil)
	p.runs.Put(r)
}
