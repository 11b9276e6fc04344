package realtest

import (
	"context"

	"vestibule.example/graph/rest/realtest/clients/github"
)

func (r *issueResolver) Labels(ctx context.Context, obj *github.Issue) ([]string, error) {
	return labels(obj.Labels)
}
