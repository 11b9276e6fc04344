package plantest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// World decides what there is and what goes wrong.
type World struct {
	Seed uint64
	// Faults is how many of a thousand values are null, an error or a panic.
	Faults uint64
	// Finite leaves out what gqlgen's executor makes a null where none may be, and an enum's value that has no name.
	Finite bool
	// Before, if any, is told of each resolver's call; an error is the call's.
	Before func(ctx context.Context, field string, parents int) error

	// Calls counts the calls of resolvers.
	Calls atomic.Int64
}

// ErrFault is the error that the world makes.
var ErrFault = errors.New("plantest: fault")

// Fate is what becomes of a value.
type Fate int

// The fates there are; a batch's value has no panic of its own.
const (
	Fine Fate = iota
	Absent
	Failing
	Coded
	Several
	Panicking
	fates
)

// Hash mixes what names a value.
func (w *World) Hash(seed uint64, name string) uint64 {
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

// Fate tells what becomes of the value of that name.
func (w *World) Fate(seed uint64, name string) Fate {
	h := w.Hash(seed, "fate of "+name)
	if h%1000 >= w.Faults {
		return Fine
	}
	return Fate(1 + h/1000%uint64(fates-1))
}

// Integer is n, unless the seed wants one that Int cannot hold, or just can.
func (w *World) Integer(seed uint64, n int) int {
	if w.Fate(seed, "an integer") == Fine {
		return n
	}
	return []int{math.MaxInt32, math.MinInt32, math.MaxInt32 + 1, math.MinInt32 - 1, math.MaxInt64}[seed%5]
}

// Called notes a call.
func (w *World) Called(ctx context.Context, field string, parents int) error {
	w.Calls.Add(1)
	if w.Before == nil {
		return nil
	}
	return w.Before(ctx, field, parents)
}

// Answer answers a resolver: what there is, unless the seed wants otherwise.
func Answer[T any](w *World, seed uint64, name string, value func(seed uint64) T) (none T, err error) {
	switch w.Fate(seed, name) {
	case Absent:
		return none, nil
	case Failing:
		return none, fmt.Errorf("%w: %s", ErrFault, name)
	case Coded:
		return none, &gqlerror.Error{Message: name, Extensions: map[string]any{"code": "CODED"}}
	case Several:
		return none, gqlerror.List{{Message: name + " one"}, {Message: name + " two"}}
	case Panicking:
		panic(name)
	}
	return value(w.Hash(seed, name)), nil
}

// Held answers a model's method that cannot fail but by panic.
func Held[T any](w *World, seed uint64, name string, value func(seed uint64) T) (none T) {
	switch w.Fate(seed, name) {
	case Absent:
		return none
	case Panicking:
		panic(name)
	}
	return value(w.Hash(seed, name))
}

// Together answers a batch resolver.
func Together[P any, T any](ctx context.Context, w *World, parents []P, seedOf func(P) uint64, name string, value func(seed uint64) T) ([]T, error) {
	if err := w.Called(ctx, name, len(parents)); err != nil {
		return nil, err
	}
	results, errs := make([]T, len(parents)), make(graphql.BatchErrorList, len(parents))
	failed := false
	for i, p := range parents {
		seed := seedOf(p)
		switch w.Fate(seed, name) {
		case Absent:
		case Failing, Several, Panicking:
			errs[i], failed = fmt.Errorf("%w: %s", ErrFault, name), true
		case Coded:
			errs[i], failed = &gqlerror.Error{Message: name, Extensions: map[string]any{"code": "CODED"}}, true
		default:
			results[i] = value(w.Hash(seed, name))
		}
	}
	if failed {
		return results, errs
	}
	return results, nil
}

// Some makes a list of up to n elements, of which some may be null.
func Some[T any](w *World, seed uint64, n int, nulls bool, value func(seed uint64) T) []T {
	list := make([]T, int(seed/7)%(n+1))
	for i := range list {
		element := w.Hash(seed, fmt.Sprint(i))
		if !nulls || w.Fate(element, "element") == Fine {
			list[i] = value(element)
		}
	}
	return list
}
