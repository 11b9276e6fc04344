package realtest

import (
	"context"

	"vestibule.example/graph/rest/realtest/clients/github"
	"vestibule.example/graph/rest/realtest/clients/stripe"
	"vestibule.example/graph/rest/realtest/model"
)

func (r *issueResolver) Labels(ctx context.Context, obj *github.Issue) ([]string, error) {
	return labels(obj.Labels)
}

func (r *customerResolver) DefaultSource(ctx context.Context, obj *stripe.Customer) (model.PaymentSource, error) {
	return r.source(ctx, obj)
}
