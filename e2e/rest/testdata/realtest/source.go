package realtest

import (
	"context"
	"encoding/json"

	"vestibule.example/clients"
	"vestibule.example/graph/rest/realtest/clients/stripe"
	"vestibule.example/graph/rest/realtest/model"
)

// source is what a customer pays with by default. Stripe gives it as null, as an id, or as an object of one of several types.
func (r *Resolver) source(ctx context.Context, customer *stripe.Customer) (model.PaymentSource, error) {
	kept := customer.DefaultSource
	var id string
	if json.Unmarshal(kept, &id) == nil && id != "" {
		asked, err := clients.Get[json.RawMessage](ctx, r.APIs["stripe"], clients.At("/v1/customers/{customer}/sources/{id}", customer.Id, id), nil)
		if err != nil {
			return nil, err
		}
		kept = []byte(asked)
	}
	var object struct {
		Object, ID, Brand, Last4 string
		BankName                 *string `json:"bank_name"`
	}
	if len(kept) == 0 || string(kept) == "null" {
		return nil, nil
	}
	if err := json.Unmarshal(kept, &object); err != nil {
		return nil, err
	}
	switch object.Object {
	case "card":
		return &model.Card{ID: object.ID, Brand: object.Brand, Last4: object.Last4}, nil
	case "bank_account":
		return &model.BankAccount{ID: object.ID, BankName: object.BankName, Last4: object.Last4}, nil
	}
	return nil, nil // What the schema does not show.
}
