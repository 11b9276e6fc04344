package plantest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// World decides what there is and what goes wrong.
type World struct {
	Seed uint64
	// Faults is how many of a thousand values are null, an error or a panic.
	Faults uint64
	// Before, if any, is told of each resolver's call.
	Before func(field string, parents int)

	// Calls counts the calls of resolvers.
	Calls atomic.Int64
}

// ErrFault is the error that the world makes.
var ErrFault = errors.New("plantest: fault")

type fate int

const (
	fine fate = iota
	absent
	failing
	coded
	several
	panicking
	fates
)

// hash mixes what names a value.
func (w *World) hash(seed uint64, name string) uint64 {
	h := fnv.New64a()
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], w.Seed)
	binary.BigEndian.PutUint64(b[8:], seed)
	h.Write(b[:])
	h.Write([]byte(name))
	binary.BigEndian.PutUint64(b[:8], h.Sum64()*0x9e3779b97f4a7c15)
	h.Write(b[:8])
	return h.Sum64()
}

func (w *World) fate(seed uint64, name string) fate {
	h := w.hash(seed, "fate of "+name)
	if h%1000 >= w.Faults {
		return fine
	}
	return fate(1 + h/1000%uint64(fates-1))
}

// called notes a call.
func (w *World) called(field string, parents int) {
	w.Calls.Add(1)
	if w.Before != nil {
		w.Before(field, parents)
	}
}

// answer answers a resolver: what there is, unless the seed wants otherwise.
func answer[T any](w *World, seed uint64, name string, value func(seed uint64) T) (none T, err error) {
	switch w.fate(seed, name) {
	case absent:
		return none, nil
	case failing:
		return none, fmt.Errorf("%w: %s", ErrFault, name)
	case coded:
		return none, &gqlerror.Error{Message: name, Extensions: map[string]any{"code": "CODED"}}
	case several:
		return none, gqlerror.List{{Message: name + " one"}, {Message: name + " two"}}
	case panicking:
		panic(name)
	}
	return value(w.hash(seed, name)), nil
}

// held answers a model's method that cannot fail but by panic.
func held[T any](w *World, seed uint64, name string, value func(seed uint64) T) (none T) {
	switch w.fate(seed, name) {
	case absent:
		return none
	case panicking:
		panic(name)
	}
	return value(w.hash(seed, name))
}

// together answers a batch resolver.
func together[P any, T any](w *World, parents []P, seedOf func(P) uint64, name string, value func(seed uint64) T) ([]T, error) {
	w.called(name, len(parents))
	results, errs := make([]T, len(parents)), make(graphql.BatchErrorList, len(parents))
	failed := false
	for i, p := range parents {
		seed := seedOf(p)
		switch w.fate(seed, name) {
		case absent:
		case failing, several, panicking:
			errs[i], failed = fmt.Errorf("%w: %s", ErrFault, name), true
		case coded:
			errs[i], failed = &gqlerror.Error{Message: name, Extensions: map[string]any{"code": "CODED"}}, true
		default:
			results[i] = value(w.hash(seed, name))
		}
	}
	if failed {
		return results, errs
	}
	return results, nil
}

// some makes a list of up to n elements, of which some may be null.
func some[T any](w *World, seed uint64, n int, nulls bool, value func(seed uint64) T) []T {
	list := make([]T, int(seed/7)%(n+1))
	for i := range list {
		element := w.hash(seed, fmt.Sprint(i))
		if !nulls || w.fate(element, "element") == fine {
			list[i] = value(element)
		}
	}
	return list
}
