package graph

import (
	"net/http"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"vestibule.example/graph/cost"
)

// prediction is extensions.plan: what an operation would ask of the APIs at most. docs/limits.md is its contract.
type prediction struct {
	// MaxCalls is how many calls of one API are allowed.
	MaxCalls int              `json:"maxCalls"`
	Fields   []predictedField `json:"fields"`
	Exceeds  []exceeded       `json:"exceeds,omitempty"`
	// Refused tells that the operation would be refused for what it exceeds.
	Refused bool `json:"refused,omitempty"`
}

// predictedField is a field that calls an API, with those beneath it that wait for it.
type predictedField struct {
	Path       string           `json:"path"`
	Field      string           `json:"field"`
	API        string           `json:"api"`
	Parents    int              `json:"parents"`
	Calls      int              `json:"calls"`
	PerElement bool             `json:"perElement,omitempty"`
	Fields     []predictedField `json:"fields,omitempty"`
}

// exceeded is a limit that an operation breaks.
type exceeded struct {
	Name      string              `json:"name"`
	API       string              `json:"api,omitempty"`
	Value     int                 `json:"value"`
	Max       int                 `json:"max"`
	Locations []gqlerror.Location `json:"locations,omitempty"`
}

// errNotExplained refuses an operation that is to be explained where none is. Unknown extensions are ignored, but ignoring this one
// would run what was not to be run.
var errNotExplained = &requestError{status: http.StatusBadRequest, code: codeNotAllowed, message: "Operations are explained over HTTP, by a gateway in development. This one did not run."}

// readExplain tells whether a request wants to know what its operation would ask for, instead of having it run.
func (r *request) readExplain() error {
	own, there := r.Extensions["vestibule"].(map[string]any)
	if !there || own["explain"] == nil {
		return nil
	}
	explain, ok := own["explain"].(bool)
	if !ok {
		return notWellFormed("The extension vestibule has an explain that is neither true nor false.")
	}
	r.explain = explain
	return nil
}

// predict answers what an operation would cost and call. Nothing of it runs, no API hears of it, and it is charged like an empty
// request.
func (h *handler) predict(w http.ResponseWriter, r *http.Request, media string, asked *request) {
	estimate, over, err := h.foresee(r, asked)
	if err != nil {
		h.refuse(w, r, media, err)
		return
	}
	out := prediction{MaxCalls: h.cfg.Limits.Calls, Fields: predicted(estimate.Tree)}
	for _, e := range over {
		out.Exceeds = append(out.Exceeds, exceeded{e.name, e.api, e.value, e.max, at(e.at)})
		out.Refused = out.Refused || e.always || !h.cfg.Limits.Measure
	}
	if media == mediaEvents {
		media = mediaJSON // Nothing happens that could be followed.
	}
	h.write(w, media, http.StatusOK, response{Extensions: map[string]any{"cost": h.costExtension(estimate), "plan": out}})
}

// foresee estimates what is asked, as [handler.admit] would, and gives every limit that it breaks.
func (h *handler) foresee(r *http.Request, asked *request) (*cost.Estimate, []excess, error) {
	ctx := graphql.StartOperationTrace(r.Context())
	if err := h.resolve(ctx, asked); err != nil {
		return nil, nil, err
	}
	operation, found, faults := h.operation(ctx, &asked.RawParams)
	if len(faults) > 0 {
		return nil, nil, &documentError{faults}
	}
	estimate, over, fault := h.affordable(found, operation)
	if fault != nil {
		return nil, nil, refused(fault)
	}
	return estimate, slices.Concat(found.excesses, over), nil
}

// predicted are the fields that call, in the order of the document.
func predicted(tree []*cost.Node) []predictedField {
	fields := make([]predictedField, len(tree))
	for i, n := range tree {
		fields[i] = predictedField{
			Path: strings.Join(n.Path, "."), Field: n.Field, API: n.API, Parents: n.Parents, Calls: n.Calls, PerElement: n.PerElement,
			Fields: predicted(n.Children),
		}
	}
	return fields
}
