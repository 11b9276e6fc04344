package rest

import (
	"errors"

	"vestibule.example/clients"
)

// OrNull makes null of what is not there: a lookup by id is a question, and no is an answer.
func OrNull[T any](found T, err error) (T, error) {
	var call *clients.Error
	if errors.As(err, &call) && call.Code == clients.CodeNotFound {
		var null T
		return null, nil
	}
	return found, err
}
