package rest

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"vestibule.example/clients"
)

// OrNull makes null of what is not there, be it that the API says so (404, or null) or that it says nothing (204): a lookup by id is a
// question, and no is an answer.
func OrNull[T any](found T, err error) (T, error) {
	var call *clients.Error
	if errors.As(err, &call) && (call.Code == clients.CodeNotFound || call.Status == http.StatusNoContent || errors.Is(err, clients.ErrNull)) {
		var null T
		return null, nil
	}
	return found, err
}

// Joined puts keys into one parameter, with commas between them. A key that has one itself would be two: it is BAD_USER_INPUT.
func Joined(keys []string) (string, error) {
	for _, key := range keys {
		if strings.Contains(key, ",") {
			return "", &clients.Error{Code: clients.CodeBadUserInput, Fields: []clients.FieldError{{Field: "id", Message: "must have no comma"}}}
		}
	}
	return strings.Join(keys, ","), nil
}

// Numbers are keys as numbers. A key that is none is BAD_USER_INPUT.
func Numbers(keys []string) ([]json.Number, error) {
	numbers := make([]json.Number, len(keys))
	for i, key := range keys {
		if n, err := strconv.ParseInt(key, 10, 64); err != nil || strconv.FormatInt(n, 10) != key { // JSON has no +1 and no 01.
			return nil, &clients.Error{Code: clients.CodeBadUserInput, Fields: []clients.FieldError{{Field: "id", Message: "must be a number"}}}
		}
		numbers[i] = json.Number(key)
	}
	return numbers, nil
}

// IsOutage tells the failures that are the API's alone.
func IsOutage(err error) bool {
	var call *clients.Error
	if !errors.As(err, &call) {
		return false
	}
	switch call.Code {
	case clients.CodeRateLimited, clients.CodeUpstreamTimeout, clients.CodeUpstreamUnavailable, clients.CodeUpstreamInvalid:
		return true
	}
	return false
}
