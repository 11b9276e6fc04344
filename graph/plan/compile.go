package plan

import (
	"context"
	"slices"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

const (
	typename = "__typename"
	// maxNodes bounds a plan. Nested fields of abstract types multiply: each has its fields once per concrete type.
	maxNodes = 10_000
)

// plan is an operation as it is run, for one outcome of its @skip and @include.
type plan struct {
	reason Reason // why gqlgen's executor runs it instead; empty for a plan
	root   *selection
	// parents are the parents of the root's fields: a single nil.
	parents []any
	// columns are the nodes that have a column, and nodes is the number of all.
	columns  []*node
	nodes    int
	mutation bool
	// takes tells that some field takes arguments.
	takes bool
	// attach is what Config.Compiled returned; it may be nil.
	attach func(context.Context) context.Context
	runs   sync.Pool // of *run
}

// selection is what is asked of the objects of one concrete type in one place.
type selection struct {
	object *Object
	owner  *node // whose objects they are; nil for the root
	slot   int
	fields []*node
	// resolved are the fields that have a column: those that are more than a scalar in the parent's Go value.
	resolved []*node
}

// node is one response field in one selection.
type node struct {
	in    *selection
	field graphql.CollectedField
	table *Field
	typ   *ast.Type
	// key is the field's name in the answer, as JSON with its colon; for __typename with its value too.
	key []byte
	// column is the node's place among a run's columns; -1 for a scalar in the parent's Go value.
	column int
	// ids are the possible object types, and selections what is asked of each; both are empty for scalars.
	ids        []int
	selections []*selection
	// path is the response path without indices.
	path []string
	// kind is what the field's resolver loads (see Config.Kind).
	kind string
	// root is what resolvers see of the root field that the node is or lies beneath. All runs share it; nobody writes to it.
	root *graphql.RootFieldContext
}

// slot is the place of an object type among the possible ones. It panics for a type that is not possible.
func (n *node) slot(id int) int {
	for i, possible := range n.ids {
		if possible == id {
			return i
		}
	}
	panic("plan: " + n.field.Name + " gave an object of a type that it cannot have")
}

// compiler makes a plan from an operation.
type compiler struct {
	schema *Schema
	oc     *graphql.OperationContext
	plan   *plan
	nodes  int
	// selected are the plan's fields, each once.
	selected []Selected
}

func (s *Schema) compile(oc *graphql.OperationContext) *plan {
	p := &plan{mutation: oc.Operation.Operation == ast.Mutation, parents: []any{nil}}
	root := s.Schema().Query
	switch oc.Operation.Operation {
	case ast.Mutation:
		root = s.Schema().Mutation
	case ast.Subscription:
		root = s.Schema().Subscription
	}
	c := &compiler{schema: s, oc: oc, plan: p}
	p.root = c.selection(nil, 0, root, oc.Operation.SelectionSet)
	p.nodes = c.nodes
	if s.cfg.Compiled != nil && p.reason == "" {
		p.attach = s.cfg.Compiled(c.selected)
	}
	return p
}

func (c *compiler) selection(owner *node, slot int, def *ast.Definition, set ast.SelectionSet) *selection {
	s := &selection{object: c.schema.tables.Objects[c.schema.ids[def.Name]], owner: owner, slot: slot}
	collected := collector{doc: c.oc.Doc, variables: c.oc.Variables, satisfies: map[string]bool{def.Name: true}, visited: map[string]bool{}}
	for _, abstract := range c.schema.Schema().GetImplements(def) {
		collected.satisfies[abstract.Name] = true
	}
	collected.collect(set)
	for _, f := range collected.fields {
		if c.nodes++; c.nodes > maxNodes {
			c.plan.reason = ReasonSize
		}
		if c.plan.reason != "" {
			return s
		}
		n := c.node(s, f)
		s.fields = append(s.fields, n)
		if n.column >= 0 {
			s.resolved = append(s.resolved, n)
		}
	}
	return s
}

func (c *compiler) node(in *selection, f graphql.CollectedField) *node {
	n := &node{in: in, field: f, key: []byte(`"` + f.Alias + `":`), column: -1}
	if in.owner == nil {
		n.root = &graphql.RootFieldContext{Object: f.Name, Field: f}
	} else {
		n.path, n.root = slices.Clone(in.owner.path), in.owner.root
	}
	n.path = append(n.path, f.Alias)
	if f.Name == typename {
		n.key = append(n.key, `"`+in.object.Name+`"`...)
		return n
	}
	n.table = in.object.Fields[f.Name]
	if n.table == nil || n.table.Reason != "" {
		c.plan.reason = ReasonBinding
		if n.table != nil {
			c.plan.reason = n.table.Reason
		}
		return n
	}
	// What an interface says of the field may be less strict than what its type says.
	def := c.schema.Schema().Types[in.object.Name].Fields.ForName(f.Name)
	n.typ = def.Type
	if field := (Selected{Coordinate{in.object.Name, f.Name}, n.table.isResolved()}); !slices.Contains(c.selected, field) {
		c.selected = append(c.selected, field)
	}
	if n.table.Leaf != nil {
		return n
	}
	if kind := c.schema.cfg.Kind; kind != nil && n.table.isResolved() {
		n.kind = kind(Coordinate{Object: in.object.Name, Field: f.Name})
	}
	c.plan.takes = c.plan.takes || len(def.Arguments) > 0
	n.column = len(c.plan.columns)
	c.plan.columns = append(c.plan.columns, n)
	if of := c.schema.Schema().Types[n.typ.Name()]; of.IsCompositeType() {
		for _, possible := range c.schema.Schema().GetPossibleTypes(of) {
			if possible.Kind == ast.Object { // An interface that implements another is among its types too.
				n.ids = append(n.ids, c.schema.ids[possible.Name])
				n.selections = append(n.selections, c.selection(n, len(n.selections), possible, f.Selections))
			}
		}
	}
	return n
}
