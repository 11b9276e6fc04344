package graph

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"vestibule.example/graph/cost"
	"vestibule.example/graph/plan"
)

// keptEstimates bounds the estimates that are kept for one operation, one for each outcome of the variables that matter.
const keptEstimates = 16

// price keeps an operation's estimates, by the variables that they depend on.
type price struct {
	variables cost.Variables

	mu   sync.Mutex // guards what follows
	kept map[string]*cost.Estimate
	// room is how many more fields the kept estimates may have, so that they take no more memory than the document itself.
	room int
}

// prices are the prices of a document's operations.
type prices struct {
	mu sync.Mutex // guards of
	of map[*ast.OperationDefinition]*price
}

func (p *prices) find(operation *ast.OperationDefinition, variables func() cost.Variables) *price {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == nil {
		p.of = map[*ast.OperationDefinition]*price{}
	}
	if p.of[operation] == nil {
		p.of[operation] = &price{variables: variables(), kept: map[string]*cost.Estimate{}, room: 4 + len(operation.Position.Src.Input)/8}
	}
	return p.of[operation]
}

// estimate gives what an operation asks for with its variables, out of the document's memory if variables that matter the same way
// were estimated before.
func (d *document) estimate(model *cost.Model, operation *graphql.OperationContext) (*cost.Estimate, error) {
	known := d.prices.find(operation.Operation, func() cost.Variables { return model.Variables(d.QueryDocument, operation.Operation) })
	key, keep := known.variables.Key(operation.Variables)
	if keep {
		known.mu.Lock()
		estimate := known.kept[key]
		known.mu.Unlock()
		if estimate != nil {
			return estimate, nil
		}
	}
	estimate, err := model.Estimate(d.QueryDocument, operation.Operation, operation.Variables)
	if err != nil || !keep {
		return estimate, err
	}
	known.mu.Lock()
	defer known.mu.Unlock()
	if size := fieldsOf(estimate.Tree); len(known.kept) < keptEstimates && size <= known.room {
		known.kept[key] = estimate
		known.room -= size
	}
	return estimate, nil
}

// fieldsOf is how many fields a tree has.
func fieldsOf(tree []*cost.Node) int {
	n := len(tree)
	for _, node := range tree {
		n += fieldsOf(node.Children)
	}
	return n
}

// affordable gives what an operation asks for, and the limits that this breaks. The error is that of an operation that does not say how
// long its lists are, or that has too many fields to count.
func (h *handler) affordable(found *document, operation *graphql.OperationContext) (*cost.Estimate, []excess, *gqlerror.Error) {
	estimate, err := found.estimate(h.model, operation)
	if errors.Is(err, cost.ErrTooLarge) {
		return nil, nil, excess{name: "fields", value: h.cfg.Limits.Fields + 1, max: h.cfg.Limits.Fields, at: operation.Operation.Position}.refusal()
	}
	if estimate.Fault != nil {
		return nil, nil, &gqlerror.Error{Message: estimate.Fault.Message, Locations: at(estimate.Fault.At), Extensions: map[string]any{"code": codeValidationFailed}}
	}
	l := h.cfg.Limits
	var over []excess
	if estimate.Longest.Size > float64(l.ListSize) {
		over = append(over, excess{name: "listSize", value: int(estimate.Longest.Size), max: l.ListSize, at: estimate.Longest.At})
	}
	if estimate.Cost > l.Cost {
		over = append(over, excess{name: "cost", value: estimate.Cost, max: l.Cost, at: estimate.Dearest})
	}
	for _, api := range estimate.APIs {
		if n := estimate.Calls[api]; n > l.Calls {
			over = append(over, excess{name: "calls", value: n, max: l.Calls, api: api, at: busiest(estimate.Tree, api).At})
		}
	}
	return estimate, over, nil
}

// busiest is the field with the most calls of an API.
func busiest(tree []*cost.Node, api string) *cost.Node {
	most := &cost.Node{Calls: -1}
	for _, n := range tree {
		if n.API == api && n.Calls > most.Calls {
			most = n
		}
		if below := busiest(n.Children, api); below.Calls > most.Calls {
			most = below
		}
	}
	return most
}

// apisOf names the APIs that an operation may call, so that their tokens can be fetched before the first field needs one. A denied
// field calls nobody, nor does what lies beneath it.
func apisOf(estimate *cost.Estimate, denied map[plan.Coordinate]error) []string {
	if len(denied) == 0 {
		return estimate.APIs
	}
	names := map[string]bool{}
	var look func([]*cost.Node)
	look = func(nodes []*cost.Node) {
		for _, n := range nodes {
			object, field, _ := strings.Cut(n.Field, ".")
			if denied[plan.Coordinate{Object: object, Field: field}] == nil {
				names[n.API] = true
				look(n.Children)
			}
		}
	}
	look(estimate.Tree)
	return slices.Sorted(maps.Keys(names))
}

// showCost puts an operation's cost into its answer, for developers.
func (h *handler) showCost(estimate *cost.Estimate, result *graphql.Response) {
	if result.Extensions == nil {
		result.Extensions = map[string]any{}
	}
	result.Extensions["cost"] = h.costExtension(estimate)
}

// costExtension is extensions.cost; docs/limits.md is its contract.
func (h *handler) costExtension(estimate *cost.Estimate) map[string]any {
	calls := map[string]any{}
	for api, n := range estimate.Calls {
		calls[api] = map[string]int{"max": n}
	}
	return map[string]any{"value": estimate.Cost, "max": h.cfg.Limits.Cost, "calls": calls}
}
