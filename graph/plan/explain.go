package plan

import "github.com/99designs/gqlgen/graphql"

// Reason tells why an operation runs on gqlgen's executor; empty if it has a plan.
func (s *Schema) Reason(oc *graphql.OperationContext) Reason { return s.planFor(oc).reason }
