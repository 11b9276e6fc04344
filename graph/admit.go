package graph

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"vestibule.example/graph/cost"
)

// documentError is a well-formed request whose document does not parse, is not valid, asks too much or is not allowed.
type documentError struct{ faults gqlerror.List }

func (e *documentError) Error() string { return "graph: " + e.faults.Error() }

// refused makes an error of one fault.
func refused(fault *gqlerror.Error) error { return &documentError{gqlerror.List{fault}} }

// knock charges the client for a request before it is read (GQL-11); admit charges for what it asks.
func (h *handler) knock(r *http.Request) error { return h.charge(r, 0, 1) }

// admit decides whether what is asked may run, before any API hears of it, for every transport. r is the HTTP request that knock has
// charged for.
func (h *handler) admit(ctx context.Context, r *http.Request, asked *request) (*graphql.OperationContext, *cost.Estimate, error) {
	if asked.explain {
		return nil, nil, errNotExplained
	}
	if err := h.resolve(ctx, asked); err != nil {
		return nil, nil, err
	}
	operation, found, faults := h.operation(ctx, &asked.RawParams)
	if len(faults) > 0 {
		return nil, nil, &documentError{faults}
	}
	estimate, more, fault := h.affordable(found, operation)
	if fault == nil {
		fault = h.exceeds(ctx, slices.Concat(found.excesses, more))
	}
	if fault != nil {
		return nil, nil, refused(fault)
	}
	if err := h.charge(r, 1, estimate.Cost-1); err != nil {
		return nil, nil, err
	}
	h.register(asked)
	return operation, estimate, nil
}

// operation makes what can be run from a request's parameters, and runs nothing. The faults are those of the document, or of
// variables that do not fit it.
func (h *handler) operation(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, *document, gqlerror.List) {
	found, faults := h.documents.find(params.Query)
	if len(faults) > 0 {
		return nil, nil, faults
	}
	asked := found.Operations.ForName(params.OperationName)
	if fault := misfit(h.documents.schema, asked, params.Variables); fault != nil {
		return nil, nil, unfit(asked, gqlerror.List{fault})
	}
	now := graphql.Now()
	params.ReadTime = graphql.TraceTiming{Start: now, End: now}
	operation, faults := h.exec.CreateOperationContext(context.WithValue(ctx, documentKey{}, found), params)
	if len(faults) > 0 {
		return nil, nil, unfit(operation.Operation, faults)
	}
	return operation, found, nil
}

// unfit turns faults of variables into errors at the place where the document declares them; operation is nil if none could be chosen.
func unfit(operation *ast.OperationDefinition, faults gqlerror.List) gqlerror.List {
	for i, fault := range faults {
		if operation != nil {
			fault.Locations = at(variableOf(operation, fault))
			fault.Message = fmt.Sprintf("%s: %s", fault.Path, fault.Message)
		}
		faults[i] = coded(fault, codeValidationFailed)
	}
	return faults
}

// variableOf is where the document declares the variable that does not fit.
func variableOf(operation *ast.OperationDefinition, fault *gqlerror.Error) *ast.Position {
	if len(fault.Path) > 1 {
		if name, ok := fault.Path[1].(ast.PathName); ok {
			if v := operation.VariableDefinitions.ForName(string(name)); v != nil {
				return v.Position
			}
		}
	}
	return operation.Position
}
